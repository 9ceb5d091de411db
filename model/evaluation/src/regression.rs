//! Figures of predicted numbers: how far they are off, how surely that is known, and whether one
//! model is better than another on the same rows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of draws of rows for standard deviations.
const DRAWS: usize = 1000;

/// Predicted numbers for rows whose true ones are known.
#[derive(Clone, Debug, Default)]
pub struct Regression {
    rows: Vec<Residual>,
}

/// One row.
#[derive(Clone, Copy, Debug)]
struct Residual {
    prediction: f64,
    target: f64,
}

/// A figure of predicted numbers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegressionMetric {
    /// Mean absolute error.
    Mae,
    /// Mean squared error.
    Mse,
    /// Root of the mean squared error.
    Rmse,
    /// Coefficient of determination: 1 is perfect, 0 as good as the mean of the targets.
    R2,
    /// Root of the mean squared error of ln(1 + number); NaN if a number is not above -1.
    Rmsle,
}

/// A figure and the standard deviation that it has over samples of rows of the same kind.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard deviation, by the bootstrap (Efron, 1979).
    pub standard_deviation: f64,
}

/// All figures of predicted numbers, in the schema of Model Monitor's `regression_metrics`, and the
/// RMSLE.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegressionReport {
    /// Number of rows.
    pub rows: usize,
    /// Mean absolute error.
    pub mae: Estimate,
    /// Mean squared error.
    pub mse: Estimate,
    /// Root of the mean squared error.
    pub rmse: Estimate,
    /// Coefficient of determination.
    pub r2: Estimate,
    /// Root of the mean squared error of ln(1 + number), if all numbers are above -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmsle: Option<Estimate>,
}

/// Two models on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedComparison {
    /// The candidate's figure less the other model's, on the same draws of rows.
    pub difference: Estimate,
    /// The part of the draws in which the candidate is better; a draw in which both are equal
    /// counts half.
    pub better: f64,
}

/// Sums over rows, which every figure comes from.
#[derive(Clone, Copy, Default)]
struct Sums {
    rows: f64,
    absolute: f64,
    squared: f64,
    log_squared: f64,
    /// Sum and sum of squares of the targets, less their mean over all rows: of large numbers of
    /// one size, the squares alone would lose their differences.
    target: f64,
    target_squared: f64,
}

impl Regression {
    /// Pairs each prediction with the true number of its row.
    pub fn new(predictions: impl IntoIterator<Item = f64>, targets: &[f64]) -> Self {
        let mut regression = Self::default();
        for (prediction, target) in predictions.into_iter().zip(targets) {
            regression.add(prediction, *target);
        }
        regression
    }

    /// Takes one more row.
    pub fn add(&mut self, prediction: f64, target: f64) {
        self.rows.push(Residual { prediction, target });
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns a figure; NaN of no rows.
    pub fn metric(&self, metric: RegressionMetric) -> f64 {
        let sums = self.sums().into_iter().fold(Sums::default(), Sums::add);
        sums.metric(metric)
    }

    /// Returns all figures with their standard deviations. The same rows give the same report.
    pub fn report(&self) -> RegressionReport {
        let rows = self.sums();
        let mut draws = Vec::with_capacity(DRAWS);
        draw_rows(rows.len(), |drawn| {
            let drawn = drawn.iter().map(|row| rows[*row]);
            draws.push(drawn.fold(Sums::default(), Sums::add));
        });
        let estimate = |metric| Estimate {
            value: self.metric(metric),
            standard_deviation: deviation(draws.iter().map(|sums| sums.metric(metric))),
        };
        let rmsle = estimate(RegressionMetric::Rmsle);
        RegressionReport {
            rows: self.rows.len(),
            mae: estimate(RegressionMetric::Mae),
            mse: estimate(RegressionMetric::Mse),
            rmse: estimate(RegressionMetric::Rmse),
            r2: estimate(RegressionMetric::R2),
            rmsle: (!rmsle.value.is_nan()).then_some(rmsle),
        }
    }

    /// Compares a candidate, whose rows these are, with another model on the same rows. That both
    /// are hard or easy for a draw of rows cancels out, so that far smaller differences show than
    /// the figures' own deviations.
    ///
    /// `None` if the rows are not the same: other targets, or another number of them.
    pub fn compare(&self, other: &Self, metric: RegressionMetric) -> Option<PairedComparison> {
        let pairs = || self.rows.iter().zip(&other.rows);
        let is_same = pairs().all(|(ours, theirs)| ours.target == theirs.target);
        if self.rows.len() != other.rows.len() || self.rows.is_empty() || !is_same {
            return None;
        }
        let (ours, theirs) = (self.sums(), other.sums());
        let mut differences = Vec::with_capacity(DRAWS);
        draw_rows(ours.len(), |drawn| {
            let total = |rows: &[Sums]| {
                let drawn = drawn.iter().map(|row| rows[*row]);
                drawn.fold(Sums::default(), Sums::add).metric(metric)
            };
            differences.push(total(&ours) - total(&theirs));
        });
        let better = differences.iter().map(|difference| {
            let gain = if metric == RegressionMetric::R2 {
                *difference
            } else {
                -difference
            };
            if gain > 0.0 {
                1.0
            } else if gain == 0.0 {
                0.5
            } else {
                0.0
            }
        });
        Some(PairedComparison {
            better: better.sum::<f64>() / DRAWS as f64,
            difference: Estimate {
                value: self.metric(metric) - other.metric(metric),
                standard_deviation: deviation(differences.iter().copied()),
            },
        })
    }

    fn sums(&self) -> Vec<Sums> {
        let total: f64 = self.rows.iter().map(|row| row.target).sum();
        let center = total / self.rows.len().max(1) as f64;
        self.rows.iter().map(|row| row.sums(center)).collect()
    }
}

impl Residual {
    fn sums(self, center: f64) -> Sums {
        let error = self.prediction - self.target;
        let log_error = log(self.prediction) - log(self.target);
        let target = self.target - center;
        Sums {
            rows: 1.0,
            absolute: error.abs(),
            squared: error * error,
            log_squared: log_error * log_error,
            target,
            target_squared: target * target,
        }
    }
}

/// ln(1 + number); NaN where there is none.
fn log(number: f64) -> f64 {
    if number > -1.0 {
        number.ln_1p()
    } else {
        f64::NAN
    }
}

impl Sums {
    fn add(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            absolute: self.absolute + other.absolute,
            squared: self.squared + other.squared,
            log_squared: self.log_squared + other.log_squared,
            target: self.target + other.target,
            target_squared: self.target_squared + other.target_squared,
        }
    }

    fn metric(self, metric: RegressionMetric) -> f64 {
        match metric {
            RegressionMetric::Mae => self.absolute / self.rows,
            RegressionMetric::Mse => self.squared / self.rows,
            RegressionMetric::Rmse => (self.squared / self.rows).sqrt(),
            RegressionMetric::Rmsle => (self.log_squared / self.rows).sqrt(),
            RegressionMetric::R2 => {
                let spread = self.target_squared - self.target * self.target / self.rows;
                // Of equal targets nothing is explained, as scikit-learn has it.
                if spread > 0.0 {
                    1.0 - self.squared / spread
                } else if self.squared == 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
        }
    }
}

/// Draws as many rows as there are, with repetition, again and again, always the same.
fn draw_rows(rows: usize, mut visit: impl FnMut(&[usize])) {
    let mut random = fastrand::Rng::with_seed(0);
    let mut drawn = vec![0; rows];
    for _ in 0..DRAWS {
        drawn.iter_mut().for_each(|row| *row = random.usize(..rows));
        visit(&drawn);
    }
}

/// The standard deviation.
fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(2) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
}

impl fmt::Display for RegressionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows      {}", self.rows)?;
        let figures = [
            ("MAE", Some(self.mae)),
            ("RMSE", Some(self.rmse)),
            ("R2", Some(self.r2)),
            ("RMSLE", self.rmsle),
        ];
        for (name, figure) in figures {
            if let Some(figure) = figure {
                let (value, deviation) = (figure.value, figure.standard_deviation);
                // Prices need no decimals, logarithms and shares do.
                let decimals = if value.abs() < 100.0 { 4 } else { 0 };
                writeln!(
                    f,
                    "{name:8}  {value:.decimals$} (standard deviation {deviation:.decimals$})"
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        predictions: &[f64],
        targets: &[f64],
        metric: RegressionMetric,
        expected: Option<f64>,
    ) {
        let regression = Regression::new(predictions.iter().copied(), targets);
        let figure = regression.metric(metric);
        match expected {
            Some(expected) => assert!((figure - expected).abs() < 1e-12, "{metric:?}: {figure}"),
            None => assert!(figure.is_nan(), "{metric:?}: {figure}"),
        }
    }

    /// The examples of scikit-learn's documentation, by `sklearn.metrics`.
    #[test]
    fn figures_are_those_of_scikit_learn() {
        let (predictions, targets) = ([2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0]);
        check(&predictions, &targets, RegressionMetric::Mae, Some(0.5));
        check(&predictions, &targets, RegressionMetric::Mse, Some(0.375));
        check(
            &predictions,
            &targets,
            RegressionMetric::Rmse,
            Some(0.612_372_435_695_794_5),
        );
        check(
            &predictions,
            &targets,
            RegressionMetric::R2,
            Some(0.948_608_137_044_967_9),
        );
        let (predictions, targets) = ([2.5, 5.0, 4.0, 8.0], [3.0, 5.0, 2.5, 7.0]);
        check(
            &predictions,
            &targets,
            RegressionMetric::Rmsle,
            Some(0.199_324_165_581_08),
        );
        check(&[1.0, 1.0], &[1.0, 1.0], RegressionMetric::R2, Some(1.0));
        check(&[1.0, 2.0], &[1.0, 1.0], RegressionMetric::R2, Some(0.0));
        check(&[-1.0], &[1.0], RegressionMetric::Rmsle, None);
        check(&[], &[], RegressionMetric::Mae, None);
    }

    /// Errors of that deviation, of `count` rows.
    fn sample(count: usize, error: f64) -> Regression {
        let mut random = fastrand::Rng::with_seed(7);
        let mut regression = Regression::default();
        for row in 0..count {
            let target = 1e6 + row as f64;
            let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
            regression.add(target + error * normal, target);
        }
        regression
    }

    #[test]
    fn deviations_shrink_with_the_rows() {
        // Of a normal error, |error| deviates by sqrt(1 - 2/pi) of it: 6.03 / sqrt(n).
        let deviation = |count| sample(count, 10.0).report().mae.standard_deviation;
        assert!((deviation(400) - 0.301).abs() < 0.04, "{}", deviation(400));
        assert!(
            (deviation(1600) - 0.151).abs() < 0.02,
            "{}",
            deviation(1600)
        );
        assert_eq!(sample(50, 10.0).report(), sample(50, 10.0).report());
    }

    #[test]
    fn a_pair_shows_a_difference_that_the_figures_do_not() {
        let (candidate, other) = (sample(400, 10.0), sample(400, 10.5));
        let compared = candidate.compare(&other, RegressionMetric::Rmse).unwrap();
        let alone = candidate.report().rmse.standard_deviation;
        assert!(compared.difference.value < 0.0 && compared.better == 1.0);
        let r2 = candidate.compare(&other, RegressionMetric::R2).unwrap();
        assert!(r2.difference.value > 0.0 && r2.better == compared.better);
        let same = candidate
            .compare(&candidate, RegressionMetric::Mae)
            .unwrap();
        assert_eq!((same.difference.value, same.better), (0.0, 0.5));
        assert!(compared.difference.standard_deviation < 0.1 * alone);
        assert_eq!(
            candidate.compare(&sample(399, 10.0), RegressionMetric::Mae),
            None
        );
    }

    #[test]
    fn the_report_has_the_schema_of_model_monitor() {
        let report = Regression::new([2.0, 4.0], &[2.0, 4.0]).report();
        assert_eq!(
            serde_json::to_string(&report.mae).unwrap(),
            r#"{"value":0.0,"standard_deviation":0.0}"#
        );
        let text = sample(100, 10.0).report().to_string();
        assert!(text.starts_with("rows      100\nMAE       "), "{text}");
        assert_eq!(Regression::new([-3.0], &[1.0]).report().rmsle, None);
    }
}
