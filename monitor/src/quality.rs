//! Quality metrics on the labeled predictions, with their intervals.

use evaluation::{Bin, Evaluation, Threshold};
use serde::Serialize;

use crate::stats::proportion::{Interval, Proportion};

/// Metrics of the labeled predictions. Intervals are Wilson's, of 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The number of predictions whose true class is known.
    pub labeled: u64,
    /// The fraction that is right.
    pub accuracy: Interval,
    /// The accuracy of those that pass the gate.
    pub gate_precision: Interval,
    /// Expected calibration error over 15 bins of confidence.
    pub ece: f32,
    /// The expected `ece` of a perfectly calibrated model on as many predictions.
    pub ece_floor: f32,
    /// Mean cross-entropy, in nats.
    pub log_loss: f32,
    /// Metrics by class.
    pub classes: Vec<ClassQuality>,
    /// The confusion matrix: a row for each true class, a column for each label.
    pub confusion: Vec<Vec<usize>>,
    /// The reliability diagram: confidence and accuracy by bin.
    pub reliability: Vec<Bin>,
}

/// Metrics of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassQuality {
    /// Its name.
    pub label: String,
    /// The number of images of the class.
    pub images: u64,
    /// The precision: of the images with this label, the fraction that belongs to the class.
    pub precision: Interval,
    /// The recall: of the images of the class, the fraction with this label.
    pub recall: Interval,
}

impl Quality {
    /// Computes the metrics; `None` without labeled predictions.
    pub fn of(
        labeled: &Evaluation,
        outcomes: &[(f32, bool)],
        labels: &[String],
        threshold: Threshold,
    ) -> Option<Self> {
        if outcomes.is_empty() {
            return None;
        }
        let report = labeled.report(labels, threshold);
        let right = |outcomes: &mut dyn Iterator<Item = &(f32, bool)>| {
            let (mut correct, mut all) = (0, 0);
            outcomes.for_each(|outcome| {
                all += 1;
                correct += u64::from(outcome.1);
            });
            Proportion::new(correct, all).interval()
        };
        let classes = labels.iter().enumerate().map(|(class, label)| {
            let images: usize = report.confusion[class].iter().sum();
            let labeled: usize = report.confusion.iter().map(|row| row[class]).sum();
            let correct = report.confusion[class][class] as u64;
            ClassQuality {
                label: label.clone(),
                images: images as u64,
                precision: Proportion::new(correct, labeled as u64).interval(),
                recall: Proportion::new(correct, images as u64).interval(),
            }
        });
        Some(Self {
            labeled: outcomes.len() as u64,
            accuracy: right(&mut outcomes.iter()),
            gate_precision: right(
                &mut outcomes
                    .iter()
                    .filter(|outcome| threshold.passes_f32(outcome.0)),
            ),
            ece: report.ece,
            ece_floor: report.ece_floor,
            log_loss: report.log_loss,
            classes: classes.collect(),
            reliability: report.reliability.to_vec(),
            confusion: report.confusion,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_intervals() {
        let scores = [
            [0.95, 0.05],
            [0.4, 0.6],
            [0.02, 0.98],
            [0.97, 0.03],
            [0.3, 0.7],
        ];
        let classes = [0, 0, 1, 1, 1];
        let evaluation = Evaluation::new(scores.map(|row| row.to_vec()), &classes);
        let outcomes = [
            (0.95, true),
            (0.6, false),
            (0.98, true),
            (0.97, false),
            (0.7, true),
        ];
        let labels = ["bicycle", "motorcycle"].map(str::to_owned);
        let quality = Quality::of(&evaluation, &outcomes, &labels, Threshold::DEFAULT).unwrap();
        assert_eq!(quality.accuracy, Proportion::new(3, 5).interval());
        assert_eq!(quality.gate_precision, Proportion::new(2, 3).interval());
        assert_eq!(quality.classes[1].recall, Proportion::new(2, 3).interval());
        assert_eq!(
            quality.classes[0].precision,
            Proportion::new(1, 2).interval()
        );
        assert_eq!(quality.confusion, [[1, 1], [1, 2]]);
        assert_eq!(
            Quality::of(&Evaluation::default(), &[], &labels, Threshold::DEFAULT),
            None
        );
    }
}
