//! Proportions: confidence intervals and tests of differences.

use serde::Serialize;

use super::special::normal_above;

/// The normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A measured value with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The measured value.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A proportion, such as the right predictions of the labeled ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    /// The size of the part.
    pub part: u64,
    /// The size of the whole.
    pub whole: u64,
}

impl Proportion {
    /// Returns `part` of `whole`.
    pub fn new(part: u64, whole: u64) -> Self {
        Self { part, whole }
    }

    /// Returns the measured value; 0 if the whole is 0.
    pub fn value(self) -> f64 {
        self.part as f64 / self.whole.max(1) as f64
    }

    /// Returns Wilson's score interval (1927), which keeps its coverage for small counts and for
    /// proportions near 0 or 1. It is 0 to 1 if the whole is 0.
    pub fn interval(self) -> Interval {
        let value = self.value();
        if self.whole == 0 {
            let (low, high) = (0.0, 1.0);
            return Interval { value, low, high };
        }
        let n = self.whole as f64;
        let z2 = Z95 * Z95 / n;
        let center = (value + z2 / 2.0) / (1.0 + z2);
        let half = Z95 / (1.0 + z2) * (value * (1.0 - value) / n + z2 / (4.0 * n)).sqrt();
        // At the ends rounding would leave the measured part outside.
        Interval {
            value,
            low: (center - half).clamp(0.0, value),
            high: (center + half).clamp(value, 1.0),
        }
    }

    /// Returns the two-sided p-value of the pooled z test, which for two categories is the
    /// chi-squared test. `None` if one whole is 0.
    pub fn differs_from(self, other: Self) -> Option<f64> {
        Some((2.0 * normal_above(self.z(other)?.abs())).min(1.0))
    }

    /// Returns the one-sided p-value of this proportion being less than the other.
    pub fn is_less_than(self, other: Self) -> Option<f64> {
        Some(normal_above(-self.z(other)?))
    }

    fn z(self, other: Self) -> Option<f64> {
        if self.whole == 0 || other.whole == 0 {
            return None;
        }
        let (a, b) = (self.whole as f64, other.whole as f64);
        let pooled = (self.part + other.part) as f64 / (a + b);
        let error = (pooled * (1.0 - pooled) * (1.0 / a + 1.0 / b)).sqrt();
        // Both are 0 or both are 1.
        let is_constant = error == 0.0;
        Some(if is_constant {
            0.0
        } else {
            (self.value() - other.value()) / error
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By SciPy 1.17: stats.binomtest(81, 263).proportion_ci(method="wilson").
    #[test]
    fn wilsons_interval() {
        let found = Proportion::new(81, 263).interval();
        assert!(
            (found.low - 0.255_288_5).abs() < 1e-6 && (found.high - 0.366_209_6).abs() < 1e-6,
            "{found:?}"
        );
        assert_eq!(
            (
                Proportion::new(0, 10).interval().low,
                Proportion::new(10, 10).interval().high
            ),
            (0.0, 1.0)
        );
        assert!((Proportion::new(0, 10).interval().high - 0.277_532_8).abs() < 1e-6);
        assert_eq!(
            Proportion::new(0, 0).interval(),
            Interval {
                value: 0.0,
                low: 0.0,
                high: 1.0
            }
        );
    }

    #[test]
    fn two_parts_differ_as_their_chi_squared_says() {
        let p = Proportion::new(30, 100)
            .differs_from(Proportion::new(50, 100))
            .unwrap();
        assert!((p - 0.003_892).abs() < 1e-5, "{p}");
        let less = Proportion::new(30, 100)
            .is_less_than(Proportion::new(50, 100))
            .unwrap();
        assert!((less - p / 2.0).abs() < 1e-12);
        assert!(
            Proportion::new(50, 100)
                .is_less_than(Proportion::new(30, 100))
                .unwrap()
                > 0.99
        );
        assert_eq!(
            Proportion::new(5, 5).differs_from(Proportion::new(100, 100)),
            Some(1.0)
        );
        assert_eq!(
            Proportion::new(0, 0).differs_from(Proportion::new(1, 2)),
            None
        );
    }
}
