//! Tests a window for drift from its baseline, with a correction for the number of tests.
//!
//! A violation is both significant ([`Constraints`]' significance level, after Holm's correction)
//! and large enough to matter (the tolerances). With a hundred thousand predictions every
//! difference is significant, and with fifty almost none is.

mod comparison;

use serde::Serialize;

use crate::constraints::{Constraints, Toggle};
use crate::observed::Observed;
use crate::stats::holm;
use crate::stats::proportion::Interval;

pub use crate::baseline::Baseline;

/// The method of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers: the two-sample Kolmogorov-Smirnov test.
    KolmogorovSmirnov,
    /// Counts of classes: the chi-squared test.
    ChiSquared,
    /// Embeddings: the maximum mean discrepancy with a permutation test.
    MaximumMeanDiscrepancy,
    /// Proportions: the two-proportion z test.
    TwoProportions,
    /// Accuracy estimated from confidences (CBPE).
    ConfidenceBased,
}

/// A test and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Test {
    /// The feature: one of statistics.json, or `embeddings`, `pass_rate`, `estimated_accuracy` or
    /// `accuracy`.
    pub feature: String,
    /// The method.
    pub kind: Kind,
    /// The result, or the reason why there is none.
    pub outcome: Result<Outcome, String>,
}

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The size of the difference: a distance of distributions (0 to 1), a difference of
    /// proportions, or MMD².
    pub distance: f64,
    /// The smallest distance that matters.
    pub tolerance: f64,
    /// The p-value.
    pub p_value: f64,
    /// The p-value corrected for the number of tests.
    pub adjusted_p_value: f64,
    /// True if the difference is significant and large enough to matter.
    pub is_violation: bool,
    /// The value in the baseline, if it is one number.
    pub before: Option<f64>,
    /// The value in the window, if it is one number.
    pub now: Option<Interval>,
}

impl Test {
    /// Returns true if the test found drift.
    pub fn is_violation(&self) -> bool {
        matches!(
            self.outcome,
            Ok(Outcome {
                is_violation: true,
                ..
            })
        )
    }
}

/// The result of a single test, before the correction.
struct Measurement {
    distance: f64,
    tolerance: f64,
    p_value: f64,
    before: Option<f64>,
    now: Option<Interval>,
}

/// Runs all tests, in a fixed order.
pub fn compare(baseline: &Baseline, observed: &Observed, constraints: &Constraints) -> Vec<Test> {
    let compared = comparison::all(baseline, observed, constraints);
    let p_values: Vec<f64> = compared
        .iter()
        .filter_map(|test| Some(test.2.as_ref().ok()?.p_value))
        .collect();
    let mut adjusted = holm::adjusted(&p_values).into_iter();
    let evaluates = constraints.monitoring_config.evaluate_constraints == Toggle::Enabled;
    let level = constraints.image_classification.significance_level;
    let mut outcome = |measured: Measurement| {
        let adjusted_p_value = adjusted.next().unwrap_or(1.0);
        let Measurement {
            distance,
            tolerance,
            p_value,
            before,
            now,
        } = measured;
        let is_violation = evaluates && adjusted_p_value <= level && distance >= tolerance;
        Outcome {
            distance,
            tolerance,
            p_value,
            adjusted_p_value,
            is_violation,
            before,
            now,
        }
    };
    let tests = compared.into_iter().map(|(feature, kind, measured)| Test {
        feature,
        kind,
        outcome: measured.map(&mut outcome),
    });
    tests.collect()
}

#[cfg(test)]
mod tests;
