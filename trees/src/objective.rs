//! The objectives of boosting: gradients of a loss, and what turns sums into predictions.

use serde::{Deserialize, Serialize};

/// The smallest hessian, as in XGBoost: a row always counts.
const MIN_HESSIAN: f32 = 1e-16;

/// A learning objective, by XGBoost's names.
///
/// <https://xgboost.readthedocs.io/en/stable/parameter.html#learning-task-parameters>
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Objective {
    /// Half the squared error.
    #[serde(rename = "reg:squarederror")]
    SquaredError,
    /// The absolute error. A leaf is the median of the residuals in it.
    #[serde(rename = "reg:absoluteerror")]
    AbsoluteError,
    /// The squared error of `log(1 + y)`.
    #[serde(rename = "reg:squaredlogerror")]
    SquaredLogError,
    /// The log loss of two classes; the prediction is the probability of class 1.
    #[serde(rename = "binary:logistic")]
    Logistic,
    /// The log loss of several classes; the prediction is the class.
    #[serde(rename = "multi:softmax")]
    Softmax,
    /// The log loss of several classes; the prediction has their probabilities.
    #[serde(rename = "multi:softprob")]
    Softprob,
    /// The deviance of the gamma distribution, with a log link.
    #[serde(rename = "reg:gamma")]
    Gamma,
    /// The deviance of the Tweedie distribution of a variance power, with a log link.
    #[serde(rename = "reg:tweedie")]
    Tweedie(f32),
}

impl Objective {
    /// The names of all objectives.
    pub const NAMES: [&str; 8] = [
        "reg:squarederror",
        "reg:absoluteerror",
        "reg:squaredlogerror",
        "binary:logistic",
        "multi:softmax",
        "multi:softprob",
        "reg:gamma",
        "reg:tweedie",
    ];

    /// Returns the objective of that name.
    pub fn parse(name: &str, tweedie_variance_power: f32) -> Option<Self> {
        Some(match name {
            "reg:squarederror" | "reg:linear" => Self::SquaredError,
            "reg:absoluteerror" => Self::AbsoluteError,
            "reg:squaredlogerror" => Self::SquaredLogError,
            "binary:logistic" => Self::Logistic,
            "multi:softmax" => Self::Softmax,
            "multi:softprob" => Self::Softprob,
            "reg:gamma" => Self::Gamma,
            "reg:tweedie" => Self::Tweedie(tweedie_variance_power),
            _ => return None,
        })
    }

    /// Returns true if the labels are the classes 0, 1, 2, ….
    pub fn is_multiclass(self) -> bool {
        matches!(self, Self::Softmax | Self::Softprob)
    }

    /// Returns what is wrong with a label, if anything is.
    pub(crate) fn check_label(self, label: f32, classes: usize) -> Result<(), &'static str> {
        let is_right = match self {
            Self::SquaredError | Self::AbsoluteError => label.is_finite(),
            Self::SquaredLogError => label.is_finite() && label > -1.0,
            Self::Logistic => (0.0..=1.0).contains(&label),
            Self::Softmax | Self::Softprob => {
                label >= 0.0 && label < classes as f32 && label.fract() == 0.0
            }
            Self::Gamma => label.is_finite() && label > 0.0,
            Self::Tweedie(_) => label.is_finite() && label >= 0.0,
        };
        let expected = match self {
            Self::SquaredError | Self::AbsoluteError => "a number",
            Self::SquaredLogError => "above -1",
            Self::Logistic => "from 0 to 1",
            Self::Softmax | Self::Softprob => "a class from 0 to num_class - 1",
            Self::Gamma => "above 0",
            Self::Tweedie(_) => "at least 0",
        };
        if is_right { Ok(()) } else { Err(expected) }
    }

    /// Returns the sum that is best without any tree, for labels with weights.
    pub(crate) fn intercept(self, labels: &[f32], weights: &[f32]) -> f32 {
        let mean = || {
            let pairs = labels.iter().zip(weights);
            let (sum, total) = pairs.fold((0.0, 0.0), |(sum, total), (label, weight)| {
                (
                    sum + f64::from(*label) * f64::from(*weight),
                    total + f64::from(*weight),
                )
            });
            if total > 0.0 { sum / total } else { 0.0 }
        };
        match self {
            Self::SquaredError => mean() as f32,
            Self::AbsoluteError => weighted_median(
                labels
                    .iter()
                    .copied()
                    .zip(weights.iter().copied())
                    .collect(),
            ),
            Self::SquaredLogError => 0.5,
            Self::Logistic => {
                let mean = mean().clamp(1e-6, 1.0 - 1e-6);
                (mean / (1.0 - mean)).ln() as f32
            }
            Self::Softmax | Self::Softprob => 0.5,
            Self::Gamma | Self::Tweedie(_) => mean().max(1e-6).ln() as f32,
        }
    }

    /// Returns the sum that `base_score`, a prediction, comes from.
    pub(crate) fn link(self, base_score: f32) -> f32 {
        match self {
            Self::Logistic => (base_score / (1.0 - base_score)).ln(),
            Self::Gamma | Self::Tweedie(_) => base_score.ln(),
            _ => base_score,
        }
    }

    /// Turns the sums of a row into its predictions. `multi:softmax` has its probabilities too: the
    /// caller takes the largest.
    pub fn transform(self, sums: &mut [f32]) {
        match self {
            Self::SquaredError | Self::AbsoluteError | Self::SquaredLogError => {}
            Self::Logistic => sums.iter_mut().for_each(|sum| *sum = sigmoid(*sum)),
            Self::Softmax | Self::Softprob => softmax(sums),
            Self::Gamma | Self::Tweedie(_) => sums.iter_mut().for_each(|sum| *sum = sum.exp()),
        }
    }

    /// Writes gradient and hessian of each row for one output. `sums` has `outputs` values a row.
    pub(crate) fn gradients(
        self,
        sums: &[f32],
        outputs: usize,
        output: usize,
        labels: &[f32],
        to: &mut [[f32; 2]],
    ) {
        let rows = sums.chunks_exact(outputs).zip(labels).zip(to);
        for ((row, label), to) in rows {
            let (label, sum) = (*label, row[output]);
            *to = match self {
                Self::SquaredError => [sum - label, 1.0],
                // Zero has no sign.
                Self::AbsoluteError => [
                    if sum == label {
                        0.0
                    } else {
                        (sum - label).signum()
                    },
                    1.0,
                ],
                Self::SquaredLogError => {
                    let sum = sum.max(-1.0 + 1e-6);
                    let difference = sum.ln_1p() - label.ln_1p();
                    let hessian = (1.0 - difference) / (sum + 1.0).powi(2);
                    [difference / (sum + 1.0), hessian.max(1e-6)]
                }
                Self::Logistic => {
                    let p = sigmoid(sum);
                    [p - label, (p * (1.0 - p)).max(MIN_HESSIAN)]
                }
                Self::Softmax | Self::Softprob => {
                    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let total: f32 = row.iter().map(|sum| (sum - max).exp()).sum();
                    let p = (sum - max).exp() / total;
                    let is_label = if label as usize == output { 1.0 } else { 0.0 };
                    [p - is_label, (2.0 * p * (1.0 - p)).max(MIN_HESSIAN)]
                }
                Self::Gamma => {
                    let ratio = label / sum.exp();
                    [1.0 - ratio, ratio]
                }
                Self::Tweedie(rho) => {
                    let (one, two) = (((1.0 - rho) * sum).exp(), ((2.0 - rho) * sum).exp());
                    let hessian = -label * (1.0 - rho) * one + (2.0 - rho) * two;
                    [two - label * one, hessian]
                }
            };
        }
    }
}

/// Returns the median of values with weights.
pub(crate) fn weighted_median(mut values: Vec<(f32, f32)>) -> f32 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = values
        .iter()
        .map(|(_, weight)| f64::from(*weight))
        .sum::<f64>()
        / 2.0;
    let mut below = 0.0;
    let found = values.iter().find(|(_, weight)| {
        below += f64::from(*weight);
        below >= half
    });
    found.map_or(0.0, |(value, _)| *value)
}

fn sigmoid(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum.max(-88.7)).exp())
}

fn softmax(sums: &mut [f32]) {
    let max = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    sums.iter_mut().for_each(|sum| *sum = (*sum - max).exp());
    let total: f32 = sums.iter().sum();
    sums.iter_mut().for_each(|sum| *sum /= total);
}
