//! Calibration: whether a confidence of 0.9 is right nine times in ten.

use crate::Evaluation;
use serde::Serialize;

/// Bins of confidence over which calibration is measured.
pub const BINS: usize = 15;

/// Number of draws of labels for the floor of the calibration error.
const DRAWS: usize = 1000;

/// The answers whose confidence lies in one fifteenth of 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Number of images.
    pub images: usize,
    /// Their mean confidence; 0 without images.
    pub confidence: f32,
    /// Part of them that is classified correctly; 0 without images.
    pub accuracy: f32,
}

impl Evaluation {
    /// The bins of a reliability diagram, from the lowest confidence to the highest.
    pub fn reliability(&self) -> [Bin; BINS] {
        let mut bins = [Bin::default(); BINS];
        for answer in &self.answers {
            let bin = &mut bins[bin(answer.confidence)];
            bin.images += 1;
            bin.confidence += answer.confidence;
            bin.accuracy += f32::from(u8::from(answer.is_correct()));
        }
        for bin in bins.iter_mut().filter(|bin| bin.images > 0) {
            bin.confidence /= bin.images as f32;
            bin.accuracy /= bin.images as f32;
        }
        bins
    }

    /// Expected calibration error (Guo et al., 2017): the mean gap between confidence and accuracy
    /// over 15 equal bins of confidence, weighted by the images in them.
    pub fn calibration_error(&self) -> f32 {
        let outcomes = self.answers.iter().map(|answer| answer.is_correct());
        self.error_with(outcomes)
    }

    /// Returns the [`calibration_error`](Self::calibration_error) if every confidence were exactly
    /// right: the mean over 1000 draws of outcomes from the confidences.
    ///
    /// It is over 0, as few images in a bin are never right as often as they should be; a measured
    /// error near it says that no error can be seen with so many images.
    pub fn calibration_floor(&self) -> f32 {
        let mut random = fastrand::Rng::with_seed(0);
        let errors = (0..DRAWS).map(|_| {
            let outcomes = self.answers.iter();
            self.error_with(outcomes.map(|answer| random.f32() < answer.confidence))
        });
        errors.sum::<f32>() / DRAWS as f32
    }

    fn error_with(&self, outcomes: impl Iterator<Item = bool>) -> f32 {
        let mut gaps = [0.0; BINS];
        for (answer, is_correct) in self.answers.iter().zip(outcomes) {
            gaps[bin(answer.confidence)] += answer.confidence - f32::from(u8::from(is_correct));
        }
        gaps.iter().map(|gap| gap.abs()).sum::<f32>() / self.answers.len().max(1) as f32
    }
}

fn bin(confidence: f32) -> usize {
    ((confidence * BINS as f32) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use crate::tests::evaluation;

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
        let bins = two_bins.reliability();
        assert_eq!(
            (bins[11].images, bins[11].confidence, bins[11].accuracy),
            (2, 0.75, 0.5)
        );
        assert_eq!((bins[14].images, bins[14].accuracy), (2, 1.0));
        assert_eq!(bins.iter().map(|bin| bin.images).sum::<usize>(), 4);
    }

    #[test]
    fn the_floor_is_what_chance_leaves() {
        // One bin of n answers at 0.75: the mean distance of a binomial from its mean, about
        // sqrt(2/pi * c(1-c)/n).
        let floor = |images| evaluation(&vec![(0, [0.75, 0.25]); images]).calibration_floor();
        assert!((floor(100) - 0.0346).abs() < 0.003, "{}", floor(100));
        assert!((floor(400) - 0.0173).abs() < 0.002, "{}", floor(400));
        assert_eq!(evaluation(&[(0, [1.0, 0.0])]).calibration_floor(), 0.0);
    }

    #[test]
    fn nothing_has_no_error() {
        let nothing = evaluation(&[]);
        assert_eq!(
            (nothing.calibration_error(), nothing.calibration_floor()),
            (0.0, 0.0)
        );
    }
}
