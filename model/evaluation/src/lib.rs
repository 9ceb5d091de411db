//! Figures of a classifier: accuracy, calibration, confusion, and what a confidence gate lets
//! through; and of predicted numbers: their errors, and which of two models is better.
//!
//! It knows scores and true classes, and neither models nor images, so that whoever has scores can
//! ask.

mod calibration;
mod coverage;
mod regression;
mod report;
mod scores;
mod threshold;

pub use calibration::{BINS, Bin};
pub use coverage::Point;
pub use regression::{Estimate, PairedComparison, Regression, RegressionMetric, RegressionReport};
pub use report::{ClassReport, GateReport, Report};
pub use scores::{InvalidResponse, InvalidScores, SUM_TOLERANCE, Scores, argmax, json_type};
pub use threshold::{InvalidThreshold, Threshold};

/// Scores of a model for images whose classes are known.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    answers: Vec<Prediction>,
}

/// The model's prediction for one image.
#[derive(Clone, Copy, Debug)]
struct Prediction {
    class: usize,
    predicted: usize,
    confidence: f32,
    /// Probability of the true class.
    probability: f32,
}

impl Prediction {
    fn is_correct(&self) -> bool {
        self.class == self.predicted
    }
}

impl Evaluation {
    /// Pairs each row of probabilities with the true class of its image.
    pub fn new(scores: impl IntoIterator<Item = Vec<f32>>, classes: &[usize]) -> Self {
        let mut evaluation = Self::default();
        for (row, class) in scores.into_iter().zip(classes) {
            evaluation.add(&row, *class);
        }
        evaluation
    }

    /// Takes one more row of probabilities, for an image of that class.
    pub fn add(&mut self, row: &[f32], class: usize) {
        let predicted = argmax(row);
        self.answers.push(Prediction {
            class,
            predicted,
            confidence: row.get(predicted).copied().unwrap_or(0.0),
            probability: row.get(class).copied().unwrap_or(0.0),
        });
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Part of the images whose most probable class is the true one.
    pub fn accuracy(&self) -> f32 {
        share(
            self.answers
                .iter()
                .filter(|answer| answer.is_correct())
                .count(),
            self.answers.len(),
        )
    }

    /// Standard error of the accuracy: how far it lies from that on endless images of the same
    /// kind, as a rule.
    pub fn accuracy_error(&self) -> f32 {
        let accuracy = self.accuracy();
        (accuracy * (1.0 - accuracy) / self.answers.len().max(1) as f32).sqrt()
    }

    /// Mean cross-entropy in nats: what being wrong costs by how sure one was. Lower is better; 0
    /// is always sure and right.
    pub fn log_loss(&self) -> f32 {
        // The smallest positive number keeps a probability of 0 from making all others not count.
        let losses = self.answers.iter();
        let losses = losses.map(|answer| -answer.probability.max(f32::MIN_POSITIVE).ln());
        losses.sum::<f32>() / self.answers.len().max(1) as f32
    }
}

/// `part / whole`; 0 of nothing.
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn evaluation(answers: &[(usize, [f32; 2])]) -> Evaluation {
        let classes: Vec<usize> = answers.iter().map(|(class, _)| *class).collect();
        Evaluation::new(answers.iter().map(|(_, scores)| scores.to_vec()), &classes)
    }

    #[test]
    fn accuracy_counts_the_most_probable_class() {
        let evaluation = evaluation(&[
            (0, [0.9, 0.1]),
            (1, [0.9, 0.1]),
            (1, [0.2, 0.8]),
            (1, [0.4, 0.6]),
        ]);
        assert_eq!(evaluation.accuracy(), 0.75);
        assert!((evaluation.accuracy_error() - 0.216_5).abs() < 1e-4);
    }

    #[test]
    fn log_loss_asks_for_the_probability_of_the_true_class() {
        let evaluation = evaluation(&[(0, [0.5, 0.5]), (1, [0.75, 0.25])]);
        let expected = (2f32.ln() + 4f32.ln()) / 2.0;
        assert!((evaluation.log_loss() - expected).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_no_accuracy() {
        let nothing = evaluation(&[]);
        assert_eq!((nothing.accuracy(), nothing.accuracy_error()), (0.0, 0.0));
    }
}
