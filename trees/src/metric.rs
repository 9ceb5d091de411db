//! Evaluation metrics, by XGBoost's names.
//!
//! <https://xgboost.readthedocs.io/en/stable/parameter.html#learning-task-parameters>

use serde::{Deserialize, Serialize};

use crate::objective::Objective;

/// A figure of predictions against labels.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub enum Metric {
    /// The root of the mean squared error.
    #[serde(rename = "rmse")]
    Rmse,
    /// The root of the mean squared error of `log(1 + y)`.
    #[serde(rename = "rmsle")]
    Rmsle,
    /// The mean absolute error.
    #[serde(rename = "mae")]
    Mae,
    /// The mean absolute error, relative to the label.
    #[serde(rename = "mape")]
    Mape,
    /// The log loss of two classes.
    #[serde(rename = "logloss")]
    LogLoss,
    /// The share of wrong answers of two classes.
    #[serde(rename = "error")]
    Error,
    /// The area under the ROC curve.
    #[serde(rename = "auc")]
    Auc,
    /// The log loss of several classes.
    #[serde(rename = "mlogloss")]
    MultiLogLoss,
    /// The share of wrong answers of several classes.
    #[serde(rename = "merror")]
    MultiError,
    /// The negative log likelihood of the gamma distribution of shape 1.
    #[serde(rename = "gamma-nloglik")]
    GammaNegativeLogLikelihood,
}

/// The metrics with their names.
const METRICS: [(&str, Metric); 10] = [
    ("rmse", Metric::Rmse),
    ("rmsle", Metric::Rmsle),
    ("mae", Metric::Mae),
    ("mape", Metric::Mape),
    ("logloss", Metric::LogLoss),
    ("error", Metric::Error),
    ("auc", Metric::Auc),
    ("mlogloss", Metric::MultiLogLoss),
    ("merror", Metric::MultiError),
    ("gamma-nloglik", Metric::GammaNegativeLogLikelihood),
];

impl Metric {
    /// Returns the metric of that name.
    pub fn parse(name: &str) -> Option<Self> {
        METRICS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, metric)| *metric)
    }

    /// Returns the names of all metrics.
    pub fn names() -> Vec<&'static str> {
        METRICS.iter().map(|(name, _)| *name).collect()
    }

    /// Returns the metric's name.
    pub fn name(self) -> &'static str {
        METRICS
            .iter()
            .find(|(_, metric)| *metric == self)
            .map_or("", |(name, _)| name)
    }

    /// Returns the metric that XGBoost logs for an objective where none is named.
    pub fn default_of(objective: Objective) -> Self {
        match objective {
            Objective::SquaredError | Objective::Tweedie(_) => Self::Rmse,
            Objective::AbsoluteError => Self::Mae,
            Objective::SquaredLogError => Self::Rmsle,
            Objective::Logistic => Self::LogLoss,
            Objective::Softmax | Objective::Softprob => Self::MultiLogLoss,
            Objective::Gamma => Self::GammaNegativeLogLikelihood,
        }
    }

    /// Returns true if larger is better.
    pub fn is_maximized(self) -> bool {
        self == Self::Auc
    }

    /// Returns the figure for predictions, `outputs` a row, of rows with labels and weights.
    pub fn evaluate(
        self,
        predictions: &[f32],
        outputs: usize,
        labels: &[f32],
        weights: &[f32],
    ) -> f64 {
        if self == Self::Auc {
            return auc(predictions, labels, weights);
        }
        let rows = predictions.chunks_exact(outputs).zip(labels).zip(weights);
        let (mut sum, mut total) = (0.0, 0.0);
        for ((row, label), weight) in rows {
            sum += self.loss(row, *label) * f64::from(*weight);
            total += f64::from(*weight);
        }
        let mean = sum / total;
        if matches!(self, Self::Rmse | Self::Rmsle) {
            mean.sqrt()
        } else {
            mean
        }
    }

    /// Returns the loss of one row.
    fn loss(self, row: &[f32], label: f32) -> f64 {
        let (prediction, target) = (f64::from(row[0]), f64::from(label));
        let probability = |p: f32| f64::from(p).clamp(1e-16, 1.0 - 1e-16);
        match self {
            Self::Rmse => (prediction - target).powi(2),
            Self::Rmsle => (prediction.max(-1.0 + 1e-6).ln_1p() - target.ln_1p()).powi(2),
            Self::Mae => (prediction - target).abs(),
            Self::Mape => ((prediction - target) / target).abs(),
            Self::LogLoss => {
                let p = probability(row[0]);
                -(target * p.ln() + (1.0 - target) * (1.0 - p).ln())
            }
            Self::Error => f64::from(u8::from((row[0] > 0.5) != (label > 0.5))),
            Self::MultiLogLoss => -probability(row[label as usize]).ln(),
            Self::MultiError => f64::from(u8::from(largest(row) != label as usize)),
            Self::GammaNegativeLogLikelihood => {
                let mean = prediction.max(1e-6);
                target / mean + mean.ln()
            }
            Self::Auc => 0.0,
        }
    }
}

/// Returns the index of the largest value, the first of equals.
pub(crate) fn largest(row: &[f32]) -> usize {
    let indices = (0..row.len()).rev();
    indices
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap_or(0)
}

fn auc(predictions: &[f32], labels: &[f32], weights: &[f32]) -> f64 {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| predictions[*a].total_cmp(&predictions[*b]));
    let (mut area, mut negatives, mut positives) = (0.0, 0.0, 0.0);
    // Rows of the same prediction count half.
    for tied in order.chunk_by(|a, b| predictions[*a] == predictions[*b]) {
        let sum = |label: bool| -> f64 {
            let rows = tied.iter().filter(|row| (labels[**row] > 0.5) == label);
            rows.map(|row| f64::from(weights[*row])).sum()
        };
        let (negative, positive) = (sum(false), sum(true));
        area += positive * (negatives + negative / 2.0);
        negatives += negative;
        positives += positive;
    }
    area / (negatives * positives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, predictions: &[f32], labels: &[f32], expected: f64) {
        let outputs = predictions.len() / labels.len();
        let weights = vec![1.0; labels.len()];
        let metric = Metric::parse(name).unwrap();
        let found = metric.evaluate(predictions, outputs, labels, &weights);
        assert!((found - expected).abs() < 1e-6, "{name}: {found}");
    }

    /// By hand; AUC and log losses as scikit-learn computes them.
    #[test]
    fn figures() {
        check("rmse", &[1.0, 3.0], &[2.0, 1.0], 2.5_f64.sqrt());
        check("mae", &[1.0, 3.0], &[2.0, 1.0], 1.5);
        check("mape", &[1.0, 3.0], &[2.0, 1.0], 1.25);
        check("rmsle", &[0.0], &[std::f32::consts::E - 1.0], 1.0);
        check("logloss", &[0.8, 0.4], &[1.0, 0.0], 0.366_984_6);
        check("error", &[0.8, 0.6], &[1.0, 0.0], 0.5);
        check("auc", &[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0], 0.75);
        check("auc", &[0.5, 0.5], &[0.0, 1.0], 0.5);
        check("mlogloss", &[0.2, 0.8, 0.6, 0.4], &[1.0, 1.0], 0.569_717_14);
        check("merror", &[0.2, 0.8, 0.6, 0.4], &[1.0, 1.0], 0.5);
    }
}
