//! The target of regression: what is learned is the price, or its logarithm.

use serde::{Deserialize, Serialize};

/// The transformation of the target for training, and of predictions back.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetTransform {
    /// Not at all.
    #[default]
    None,
    /// ln(1 + target): the squared error of it is RMSLE's.
    Log,
    /// As `Log` if no training value is negative and their skewness is above 1, otherwise `None`;
    /// a fitted pipeline has one of the two.
    LogIfSkewed,
}

impl TargetTransform {
    /// Returns the transform for these values of the target.
    pub(super) fn fitted(self, values: &[f64]) -> Self {
        if self != Self::LogIfSkewed {
            return self;
        }
        let is_skewed = values.iter().all(|value| *value >= 0.0) && skewness(values) > 1.0;
        if is_skewed { Self::Log } else { Self::None }
    }

    /// Returns what a model learns.
    pub fn apply(self, value: f64) -> f64 {
        if self == Self::Log {
            value.ln_1p()
        } else {
            value
        }
    }

    /// Returns the value of a model's prediction.
    pub fn invert(self, prediction: f64) -> f64 {
        if self == Self::Log {
            prediction.exp_m1()
        } else {
            prediction
        }
    }
}

/// The third standardized moment; 0 of equal values.
fn skewness(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let moment = |power| {
        values
            .iter()
            .map(|value| (value - mean).powi(power))
            .sum::<f64>()
            / count
    };
    let deviation = moment(2).sqrt();
    if deviation > 0.0 {
        moment(3) / deviation.powi(3)
    } else {
        0.0
    }
}
