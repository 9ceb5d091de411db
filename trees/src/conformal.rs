//! Conformal prediction intervals: for each price, a range that the true one lies in as often as
//! asked, whatever the model.
//!
//! The interval comes from rows that the model was not trained on: held-out ones (split conformal;
//! Papadopoulos et al., 2002; Lei et al., 2018), or all rows, each predicted by the model of the
//! other folds (cross-conformal; Vovk, 2015), which wastes no row. Residuals are divided by how
//! large they are as a rule for such a row, so that intervals are wide where the model is unsure:
//! their relative width is what a gate decides by.

use serde::{Deserialize, Serialize};

use crate::preprocessing::TargetTransform;

/// Rows of a bin of predictions, at least: with fewer, its mean residual is a matter of chance.
const BIN_ROWS: usize = 100;

/// Bins of predictions, at most.
const BINS: usize = 10;

/// Intervals around predictions, fitted to residuals: plain data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Conformal {
    /// The part of the true values that lie inside.
    pub coverage: f64,
    /// The scale on which intervals are symmetric.
    pub transform: TargetTransform,
    /// Half of the width, in units of the difficulty.
    pub quantile: f64,
    /// The difficulty by prediction, on that scale, in ascending order; between two it is linear.
    /// Empty if every prediction comes with a difficulty of its own.
    pub difficulties: Vec<(f64, f64)>,
}

/// A range around a prediction.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// An error of fitting intervals.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ConformalError {
    /// There are too few rows.
    #[error("a coverage of {coverage} needs at least {needed} calibration rows, there are {rows}")]
    TooFew {
        /// The coverage that is asked for.
        coverage: f64,
        /// The rows that it needs.
        needed: usize,
        /// The rows that there are.
        rows: usize,
    },
    /// The coverage is none.
    #[error("the coverage is {0}; it must lie between 0 and 1")]
    Coverage(f64),
    /// The inputs do not belong together.
    #[error("there are {predictions} predictions, but {others} {what}")]
    Lengths {
        /// The number of predictions.
        predictions: usize,
        /// The number of the others.
        others: usize,
        /// The name of the others.
        what: &'static str,
    },
    /// A row has no residual.
    #[error("calibration row {0} has a prediction, target or difficulty that can't be used")]
    Unusable(usize),
}

impl Conformal {
    /// Fits intervals of that coverage, between 0 and 1, to predictions of rows that the model was
    /// not trained on. How far predictions are off as a rule is learned by their size.
    ///
    /// # Errors
    /// There are too few rows, or one has no finite residual.
    pub fn fit(
        predictions: &[f64],
        targets: &[f64],
        transform: TargetTransform,
        coverage: f64,
    ) -> Result<Self, ConformalError> {
        let residuals = residuals(predictions, targets, transform)?;
        let difficulties = difficulties(predictions, &residuals, transform);
        let mut fitted = Self {
            coverage,
            transform,
            quantile: f64::NAN,
            difficulties,
        };
        let scale = predictions
            .iter()
            .map(|prediction| fitted.difficulty(*prediction));
        let scale: Vec<f64> = scale.collect();
        fitted.quantile = quantile(&residuals, &scale, coverage)?;
        Ok(fitted)
    }

    /// Fits intervals to predictions that come with a difficulty each: how far they are off as a
    /// rule, on the scale of the transform, for example by a model of the residuals.
    ///
    /// # Errors
    /// As of [`fit`](Self::fit), or a difficulty is not positive.
    pub fn fit_with_difficulties(
        predictions: &[f64],
        targets: &[f64],
        difficulties: &[f64],
        transform: TargetTransform,
        coverage: f64,
    ) -> Result<Self, ConformalError> {
        let residuals = residuals(predictions, targets, transform)?;
        same_length(predictions, difficulties, "difficulties")?;
        Ok(Self {
            coverage,
            transform,
            quantile: quantile(&residuals, difficulties, coverage)?,
            difficulties: Vec::new(),
        })
    }

    /// Returns the interval around a prediction.
    pub fn interval(&self, prediction: f64) -> Interval {
        self.interval_with_difficulty(prediction, self.difficulty(prediction))
    }

    /// Returns the interval around a prediction of that difficulty.
    pub fn interval_with_difficulty(&self, prediction: f64, difficulty: f64) -> Interval {
        let center = self.transform.apply(prediction);
        let half = self.quantile * difficulty;
        Interval {
            low: self.transform.invert(center - half),
            high: self.transform.invert(center + half),
        }
    }

    /// Returns how far a prediction is off as a rule, on the scale of the transform.
    pub fn difficulty(&self, prediction: f64) -> f64 {
        let at = self.transform.apply(prediction);
        let after = self
            .difficulties
            .partition_point(|(center, _)| *center < at);
        let before = self.difficulties[..after].last();
        match (before, self.difficulties.get(after)) {
            (None, None) => 1.0,
            (Some((_, difficulty)), None) | (None, Some((_, difficulty))) => *difficulty,
            (Some((left, low)), Some((right, high))) => {
                low + (high - low) * (at - left) / (right - left)
            }
        }
    }
}

impl Interval {
    /// Returns true if the value lies inside.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns the width as a part of the prediction, which the gate of numbers compares with its
    /// threshold; infinite for a prediction of 0.
    pub fn relative_width(self, prediction: f64) -> f64 {
        (self.high - self.low) / prediction.abs()
    }
}

fn same_length(
    predictions: &[f64],
    others: &[f64],
    what: &'static str,
) -> Result<(), ConformalError> {
    if predictions.len() == others.len() {
        return Ok(());
    }
    Err(ConformalError::Lengths {
        predictions: predictions.len(),
        others: others.len(),
        what,
    })
}

fn residuals(
    predictions: &[f64],
    targets: &[f64],
    transform: TargetTransform,
) -> Result<Vec<f64>, ConformalError> {
    same_length(predictions, targets, "targets")?;
    let pairs = predictions.iter().zip(targets);
    let residuals = pairs.map(|(prediction, target)| {
        (transform.apply(*target) - transform.apply(*prediction)).abs()
    });
    let residuals: Vec<f64> = residuals.collect();
    match residuals.iter().position(|residual| !residual.is_finite()) {
        Some(row) => Err(ConformalError::Unusable(row + 1)),
        None => Ok(residuals),
    }
}

/// Returns the mean residual by the size of the prediction.
fn difficulties(
    predictions: &[f64],
    residuals: &[f64],
    transform: TargetTransform,
) -> Vec<(f64, f64)> {
    let at = predictions
        .iter()
        .map(|prediction| transform.apply(*prediction));
    let mut rows: Vec<(f64, f64)> = at.zip(residuals.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mean = |rows: &[(f64, f64)]| rows.iter().map(|row| row.1).sum::<f64>() / rows.len() as f64;
    let overall = mean(&rows);
    // Of perfect predictions nothing can be learned; a part of the mean keeps a lucky bin honest.
    let floor = (overall / 10.0).max(f64::MIN_POSITIVE);
    let bins = (rows.len() / BIN_ROWS).clamp(1, BINS);
    let mut centers: Vec<(f64, f64)> = rows
        .chunks(rows.len().div_ceil(bins).max(1))
        .map(|bin| {
            let center = bin.iter().map(|row| row.0).sum::<f64>() / bin.len() as f64;
            (center, mean(bin).max(floor))
        })
        .collect();
    centers.dedup_by(|next, before| next.0 <= before.0);
    centers
}

/// Returns the smallest number that enough normalized residuals do not exceed: of n rows, the
/// ceil((n + 1) coverage)-th, as one more row, the one to be predicted, ranks among them.
fn quantile(residuals: &[f64], scale: &[f64], coverage: f64) -> Result<f64, ConformalError> {
    if !(coverage > 0.0 && coverage < 1.0) {
        return Err(ConformalError::Coverage(coverage));
    }
    let rows = residuals.len();
    // Not (n + 1) coverage rounded up as it is: 10 * 0.9 is over 9 in floating point.
    let rank = ((rows + 1) as f64 * coverage - 1e-9).ceil() as usize;
    if rank > rows {
        let needed = (coverage / (1.0 - coverage) - 1e-9).ceil() as usize;
        return Err(ConformalError::TooFew {
            coverage,
            needed,
            rows,
        });
    }
    let mut scores = Vec::with_capacity(rows);
    for (row, (residual, scale)) in residuals.iter().zip(scale).enumerate() {
        if !(scale.is_finite() && *scale > 0.0) {
            return Err(ConformalError::Unusable(row + 1));
        }
        scores.push(residual / scale);
    }
    scores.sort_by(f64::total_cmp);
    Ok(scores[rank.max(1) - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_counts_the_row_to_come() {
        let residuals: Vec<f64> = (1..=9).map(f64::from).collect();
        let ones = [1.0; 9];
        assert_eq!(quantile(&residuals, &ones, 0.9), Ok(9.0));
        assert_eq!(quantile(&residuals, &ones, 0.5), Ok(5.0));
        assert_eq!(
            quantile(&residuals[..8], &ones, 0.9)
                .unwrap_err()
                .to_string(),
            "a coverage of 0.9 needs at least 9 calibration rows, there are 8"
        );
    }

    /// Prices whose noise is a tenth of them, or as much as `noise` says.
    fn prices(seed: u64, count: usize, noise: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let mut random = fastrand::Rng::with_seed(seed);
        let row = |_| {
            let prediction = 1e5 * (random.f64() * 2.0).exp();
            let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            (prediction, prediction * (noise(prediction) * normal).exp())
        };
        (0..count).map(row).unzip()
    }

    #[test]
    fn as_many_lie_inside_as_asked() {
        let noise = |price: f64| if price > 3e5 { 0.3 } else { 0.05 };
        let mut inside = 0;
        for seed in 0..20 {
            let (predictions, targets) = prices(seed, 500, noise);
            let fitted = Conformal::fit(&predictions, &targets, TargetTransform::Log, 0.9);
            let fitted = fitted.unwrap();
            let (predictions, targets) = prices(seed + 1000, 500, noise);
            let pairs = predictions.iter().zip(&targets);
            inside += pairs
                .filter(|(p, t)| fitted.interval(**p).contains(**t))
                .count();
            let width = |price| fitted.interval(price).relative_width(price);
            assert!(
                width(6e5) > 2.0 * width(1.5e5),
                "an unsure price has a wider interval"
            );
        }
        let coverage = inside as f64 / 10_000.0;
        assert!((0.88..0.92).contains(&coverage), "{coverage}");
    }

    #[test]
    fn a_difficulty_of_its_own_scales_an_interval() {
        let predictions = [10.0; 19];
        let targets: Vec<f64> = (1..=19).map(|row| 10.0 + f64::from(row)).collect();
        let difficulties: Vec<f64> = (1..=19).map(f64::from).collect();
        let fitted = Conformal::fit_with_difficulties(
            &predictions,
            &targets,
            &difficulties,
            TargetTransform::None,
            0.9,
        );
        let interval = fitted.unwrap().interval_with_difficulty(100.0, 5.0);
        assert_eq!((interval.low, interval.high), (95.0, 105.0));
        assert_eq!(interval.relative_width(100.0), 0.1);
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let fit = |predictions: &[f64], targets: &[f64], coverage| {
            Conformal::fit(predictions, targets, TargetTransform::Log, coverage)
                .unwrap_err()
                .to_string()
        };
        let ones = [1.0; 20];
        assert_eq!(
            fit(&ones, &ones, 1.0),
            "the coverage is 1; it must lie between 0 and 1"
        );
        assert_eq!(
            fit(&ones, &ones[1..], 0.9),
            "there are 20 predictions, but 19 targets"
        );
        assert_eq!(
            fit(&[-2.0], &[1.0], 0.5),
            "calibration row 1 has a prediction, target or difficulty that can't be used"
        );
        assert!(fit(&[], &[], 0.5).starts_with("a coverage of 0.5 needs at least 1"));
    }

    #[test]
    fn intervals_are_plain_data() {
        let (predictions, targets) = prices(1, 400, |_| 0.1);
        let fitted = Conformal::fit(&predictions, &targets, TargetTransform::Log, 0.9).unwrap();
        let json = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<Conformal>(&json).unwrap(), fitted);
    }
}
