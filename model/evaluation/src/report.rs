//! The report that `evaluate` prints and writes as JSON.

use crate::{BINS, Bin, Evaluation, Threshold, share};
use serde::Serialize;
use std::fmt;

/// All figures of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Number of images.
    pub images: usize,
    /// Part of the images that are classified correctly.
    pub accuracy: f32,
    /// Standard error of the accuracy.
    pub accuracy_error: f32,
    /// Mean cross-entropy, in nats.
    pub log_loss: f32,
    /// Expected calibration error over 15 bins.
    pub ece: f32,
    /// The `ece` on as many images if every confidence were exactly right.
    pub ece_floor: f32,
    /// One row for each true class: how many images got each label.
    pub confusion: Vec<Vec<usize>>,
    /// Figures by class.
    pub classes: Vec<ClassReport>,
    /// Figures of the confidence gate.
    pub gate: GateReport,
    /// Confidence and accuracy over 15 bins of confidence.
    pub reliability: [Bin; BINS],
}

/// Figures of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// Its name.
    pub label: String,
    /// Images of the class.
    pub images: usize,
    /// Of the images that got this label, the part that belongs to the class.
    pub precision: f32,
    /// Of the images of the class, the part that got this label.
    pub recall: f32,
}

/// Figures of a gate that refuses doubtful answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateReport {
    /// Lowest confidence that passes.
    pub threshold: f32,
    /// Part of the images that pass.
    pub pass_rate: f32,
    /// Of the images that pass, the part that is classified correctly.
    pub precision: f32,
}

impl Evaluation {
    /// All figures, for classes of these names and a gate at `threshold`. An answer whose true or
    /// predicted class has no name counts in the figures of all images, and in no cell of the
    /// confusion matrix.
    pub fn report(&self, labels: &[String], threshold: Threshold) -> Report {
        let mut confusion = vec![vec![0; labels.len()]; labels.len()];
        for answer in &self.answers {
            let row = confusion.get_mut(answer.class);
            if let Some(cell) = row.and_then(|row| row.get_mut(answer.predicted)) {
                *cell += 1;
            }
        }
        let classes = labels
            .iter()
            .enumerate()
            .map(|(class, label)| class_report(&confusion, class, label));
        Report {
            images: self.answers.len(),
            accuracy: self.accuracy(),
            accuracy_error: self.accuracy_error(),
            log_loss: self.log_loss(),
            ece: self.calibration_error(),
            ece_floor: self.calibration_floor(),
            classes: classes.collect(),
            gate: self.gate(threshold.as_f32()),
            reliability: self.reliability(),
            confusion,
        }
    }
}

fn class_report(confusion: &[Vec<usize>], class: usize, label: &str) -> ClassReport {
    let images = confusion[class].iter().sum();
    let labeled = confusion.iter().map(|row| row[class]).sum();
    let correct = confusion[class][class];
    ClassReport {
        label: label.into(),
        images,
        precision: share(correct, labeled),
        recall: share(correct, images),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "images    {}", self.images)?;
        writeln!(
            f,
            "accuracy  {:.4} (standard error {:.4})",
            self.accuracy, self.accuracy_error
        )?;
        writeln!(f, "log loss  {:.4}", self.log_loss)?;
        writeln!(
            f,
            "ECE       {:.4} ({:.4} if every confidence were right)",
            self.ece, self.ece_floor
        )?;
        writeln!(f, "gate      {}", self.gate)?;
        let width = self
            .classes
            .iter()
            .map(|class| class.label.chars().count())
            .max()
            .unwrap_or(0)
            .max(5);
        writeln!(
            f,
            "\n{:width$}  images  precision  recall   labeled as",
            "class"
        )?;
        for (class, row) in self.classes.iter().zip(&self.confusion) {
            let ClassReport {
                label,
                images,
                precision,
                recall,
            } = class;
            write!(
                f,
                "{label:width$}  {images:6}  {precision:9.4}  {recall:6.4}  "
            )?;
            self.classes
                .iter()
                .zip(row)
                .try_for_each(|(other, count)| write!(f, " {} {count}", other.label))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for GateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            threshold,
            pass_rate,
            precision,
        } = self;
        let (passed, right) = (pass_rate * 100.0, precision * 100.0);
        write!(
            f,
            "{passed:.1} % pass at {threshold}, {right:.1} % of them right"
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::Threshold;
    use crate::tests::evaluation;

    #[test]
    fn all_figures_of_a_small_example() {
        let answers = [
            (0, [0.95, 0.05]),
            (0, [0.4, 0.6]),
            (1, [0.02, 0.98]),
            (1, [0.97, 0.03]),
            (1, [0.3, 0.7]),
        ];
        let report = evaluation(&answers)
            .report(&["bicycle".into(), "motorcycle".into()], Threshold::DEFAULT);
        assert_eq!(report.confusion, [[1, 1], [1, 2]]);
        assert_eq!(
            (report.gate.pass_rate, report.gate.precision),
            (0.6, 2.0 / 3.0)
        );
        assert_eq!(
            (report.classes[1].precision, report.classes[1].recall),
            (2.0 / 3.0, 2.0 / 3.0)
        );
        let text = report.to_string();
        assert!(
            text.contains("60.0 % pass at 0.93, 66.7 % of them right"),
            "{text}"
        );
        assert!(
            text.contains("motorcycle       3     0.6667  0.6667   bicycle 1 motorcycle 2"),
            "{text}"
        );
    }
}
