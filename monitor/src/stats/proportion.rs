//! Parts of a whole: their intervals, and whether two differ.

use serde::Serialize;

use super::special::normal_above;

/// Standard errors to both sides that hold 95 % of a normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A measured part, and between what the true one lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// As measured.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval (1927), which holds what it says also for few and for parts near 0 or 1.
/// Of none it is 0 to 1.
pub fn wilson(part: u64, whole: u64) -> Interval {
    if whole == 0 {
        return Interval {
            value: 0.0,
            low: 0.0,
            high: 1.0,
        };
    }
    let n = whole as f64;
    let value = part as f64 / n;
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

/// Returns the probability of a difference like that between two parts, or a larger one, where
/// there is none: the pooled z test, which for two categories is the chi-squared test. `None` if
/// one is a part of nothing.
pub fn differ((part_a, whole_a): (u64, u64), (part_b, whole_b): (u64, u64)) -> Option<f64> {
    let z = z((part_a, whole_a), (part_b, whole_b))?;
    Some((2.0 * normal_above(z.abs())).min(1.0))
}

/// The same, where only `a` being less than `b` counts.
pub fn is_less((part_a, whole_a): (u64, u64), (part_b, whole_b): (u64, u64)) -> Option<f64> {
    Some(normal_above(-z((part_a, whole_a), (part_b, whole_b))?))
}

fn z((part_a, whole_a): (u64, u64), (part_b, whole_b): (u64, u64)) -> Option<f64> {
    if whole_a == 0 || whole_b == 0 {
        return None;
    }
    let (a, b) = (whole_a as f64, whole_b as f64);
    let difference = part_a as f64 / a - part_b as f64 / b;
    let pooled = (part_a + part_b) as f64 / (a + b);
    let error = (pooled * (1.0 - pooled) * (1.0 / a + 1.0 / b)).sqrt();
    // Both are 0 or both are 1.
    Some(if error == 0.0 {
        0.0
    } else {
        difference / error
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By SciPy 1.17: stats.binomtest(81, 263).proportion_ci(method="wilson").
    #[test]
    fn wilsons_interval() {
        let found = wilson(81, 263);
        assert!(
            (found.low - 0.255_288_5).abs() < 1e-6 && (found.high - 0.366_209_6).abs() < 1e-6,
            "{found:?}"
        );
        assert_eq!((wilson(0, 10).low, wilson(10, 10).high), (0.0, 1.0));
        assert!((wilson(0, 10).high - 0.277_532_8).abs() < 1e-6);
        assert_eq!(
            wilson(0, 0),
            Interval {
                value: 0.0,
                low: 0.0,
                high: 1.0
            }
        );
    }

    #[test]
    fn two_parts_differ_as_their_chi_squared_says() {
        let p = differ((30, 100), (50, 100)).unwrap();
        assert!((p - 0.003_892).abs() < 1e-5, "{p}");
        let less = is_less((30, 100), (50, 100)).unwrap();
        assert!((less - p / 2.0).abs() < 1e-12);
        assert!(is_less((50, 100), (30, 100)).unwrap() > 0.99);
        assert_eq!(differ((5, 5), (100, 100)), Some(1.0));
        assert_eq!(differ((0, 0), (1, 2)), None);
    }
}
