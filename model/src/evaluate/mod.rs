//! How good a model is: accuracy, calibration, confusion, and what a confidence gate lets through.

mod report;

pub use report::{ClassReport, GateReport, Report};

/// Bins of confidence over which calibration is measured.
const BINS: usize = 15;

/// Scores of a model for images whose classes are known.
#[derive(Clone, Debug)]
pub struct Evaluation {
    answers: Vec<Answer>,
}

/// The model's answer for one image.
#[derive(Clone, Copy, Debug)]
struct Answer {
    class: usize,
    predicted: usize,
    confidence: f32,
}

impl Answer {
    fn is_correct(&self) -> bool {
        self.class == self.predicted
    }
}

impl Evaluation {
    /// Pairs each row of probabilities with the true class of its image.
    pub fn new(scores: impl IntoIterator<Item = Vec<f32>>, classes: &[usize]) -> Self {
        let answers = scores.into_iter().zip(classes).map(|(row, class)| {
            let predicted = (0..row.len())
                .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                .unwrap_or(0);
            Answer {
                class: *class,
                predicted,
                confidence: row.get(predicted).copied().unwrap_or(0.0),
            }
        });
        Self {
            answers: answers.collect(),
        }
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

    /// Expected calibration error (Guo et al., 2017): the mean gap between confidence and accuracy over 15 equal bins
    /// of confidence, weighted by the images in them.
    pub fn calibration_error(&self) -> f32 {
        let mut gaps = [0.0; BINS];
        for answer in &self.answers {
            let bin = ((answer.confidence * BINS as f32) as usize).min(BINS - 1);
            gaps[bin] += answer.confidence - f32::from(u8::from(answer.is_correct()));
        }
        gaps.iter().map(|gap| gap.abs()).sum::<f32>() / self.answers.len().max(1) as f32
    }
}

/// `part / whole`; 0 of nothing.
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn evaluation(answers: &[(usize, [f32; 2])]) -> Evaluation {
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
    }

    #[test]
    fn calibration_compares_confidence_and_accuracy_in_bins() {
        let sure_and_right = evaluation(&[(0, [1.0, 0.0]), (1, [0.0, 1.0])]);
        assert_eq!(sure_and_right.calibration_error(), 0.0);
        let sure_and_half_right = evaluation(&[(0, [1.0, 0.0]), (1, [1.0, 0.0])]);
        assert_eq!(sure_and_half_right.calibration_error(), 0.5);
        // Two bins: at 0.75 half are right (gap 0.25), at 1.0 all (gap 0).
        let two_bins = evaluation(&[
            (0, [0.75, 0.25]),
            (1, [0.75, 0.25]),
            (0, [1.0, 0.0]),
            (0, [1.0, 0.0]),
        ]);
        assert!((two_bins.calibration_error() - 0.125).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_no_accuracy() {
        assert_eq!(
            (
                evaluation(&[]).accuracy(),
                evaluation(&[]).calibration_error()
            ),
            (0.0, 0.0)
        );
    }
}
