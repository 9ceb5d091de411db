//! Coverage and risk of a gate that refuses doubtful answers, and where to set it.

use crate::report::GateReport;
use crate::{Evaluation, Prediction, share};
use serde::Serialize;

/// A gate and what it does: one point of the curve of risk against coverage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Lowest confidence that passes.
    pub threshold: f32,
    /// Part of the images that pass.
    pub coverage: f32,
    /// Of the images that pass, the part that is classified wrongly.
    pub risk: f32,
}

impl Evaluation {
    /// Every gate that makes a difference, from the one that only the surest answers pass to the
    /// one that all do.
    pub fn risk_coverage(&self) -> Vec<Point> {
        let mut answers: Vec<&Prediction> = self.answers.iter().collect();
        answers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let mut points = Vec::new();
        let (mut passed, mut wrong) = (0, 0);
        // Answers of one confidence pass or fail together.
        for equal in answers.chunk_by(|a, b| a.confidence == b.confidence) {
            passed += equal.len();
            wrong += equal.iter().filter(|answer| !answer.is_correct()).count();
            points.push(Point {
                threshold: equal[0].confidence,
                coverage: share(passed, answers.len()),
                risk: share(wrong, passed),
            });
        }
        points
    }

    /// The gate that passes the most images with at least `precision` of them right; `None` if no
    /// gate does.
    pub fn gate_for_precision(&self, precision: f32) -> Option<GateReport> {
        let points = self.risk_coverage();
        let best = points.iter().rfind(|point| 1.0 - point.risk >= precision)?;
        Some(self.gate(best.threshold))
    }

    /// Returns the figures of a gate at `threshold`.
    pub fn gate(&self, threshold: f32) -> GateReport {
        let passed: Vec<_> = self
            .answers
            .iter()
            .filter(|answer| answer.confidence >= threshold)
            .collect();
        let correct = passed.iter().filter(|answer| answer.is_correct()).count();
        GateReport {
            threshold,
            pass_rate: share(passed.len(), self.answers.len()),
            precision: share(correct, passed.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::evaluation;

    /// Right at 0.9, 0.8 and 0.7, wrong at 0.8 and 0.6.
    fn five() -> Evaluation {
        evaluation(&[
            (0, [0.9, 0.1]),
            (0, [0.8, 0.2]),
            (1, [0.8, 0.2]),
            (1, [0.3, 0.7]),
            (1, [0.6, 0.4]),
        ])
    }

    #[test]
    fn equal_confidences_pass_together() {
        let points = five().risk_coverage();
        let figures: Vec<_> = points
            .iter()
            .map(|point| (point.threshold, point.coverage, point.risk))
            .collect();
        assert_eq!(
            figures,
            [
                (0.9, 0.2, 0.0),
                (0.8, 0.6, 1.0 / 3.0),
                (0.7, 0.8, 0.25),
                (0.6, 1.0, 0.4)
            ]
        );
    }

    #[test]
    fn the_gate_for_a_precision_passes_as_many_as_it_can() {
        let gate = |precision| {
            five()
                .gate_for_precision(precision)
                .map(|gate| gate.threshold)
        };
        assert_eq!(gate(0.0), Some(0.6));
        assert_eq!(
            gate(0.75),
            Some(0.7),
            "a later gate may be better than an earlier one"
        );
        assert_eq!(gate(0.76), Some(0.9));
        let always_wrong = evaluation(&[(1, [0.9, 0.1])]);
        assert_eq!(always_wrong.gate_for_precision(0.5), None);
        assert_eq!(evaluation(&[]).gate_for_precision(0.5), None);
    }

    #[test]
    fn a_gate_passes_its_own_threshold() {
        let gate = five().gate(0.8);
        assert_eq!((gate.pass_rate, gate.precision), (0.6, 2.0 / 3.0));
    }
}
