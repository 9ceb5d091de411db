//! The quality of the model on the images whose classes are known, each figure with its interval.

use evaluation::{Bin, Evaluation, Threshold};
use serde::Serialize;

use crate::stats::proportion::{Interval, Proportion};

/// Figures of the labeled answers. Intervals are Wilson's, of 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Answers whose true class is known.
    pub labeled: u64,
    /// The part that is right.
    pub accuracy: Interval,
    /// The part of those that pass the gate that is right.
    pub gate_precision: Interval,
    /// Expected calibration error over 15 bins of confidence.
    pub ece: f32,
    /// The `ece` on as many answers if every confidence were exactly right.
    pub ece_floor: f32,
    /// Mean cross-entropy, in nats.
    pub log_loss: f32,
    /// By class.
    pub classes: Vec<ClassQuality>,
    /// One row for each true class: how many images got each label.
    pub confusion: Vec<Vec<usize>>,
    /// Confidence and accuracy over the bins.
    pub reliability: Vec<Bin>,
}

/// Figures of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassQuality {
    /// Its name.
    pub label: String,
    /// Images of the class.
    pub images: u64,
    /// Of the images that got this label, the part that belongs to the class.
    pub precision: Interval,
    /// Of the images of the class, the part that got this label.
    pub recall: Interval,
}

impl Quality {
    /// Of labeled answers; `None` without any.
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
