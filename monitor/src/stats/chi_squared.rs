//! The chi-squared test of homogeneity of two counts of categories.

use super::special::chi_squared_above;

/// The result of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquared {
    /// Pearson's statistic.
    pub statistic: f64,
    /// The degrees of freedom: compared categories less one.
    pub degrees: usize,
    /// The probability of a statistic at least as large under the null hypothesis.
    pub p_value: f64,
    /// The largest difference between the fractions of one category, 0 to 1.
    pub distance: f64,
}

/// The minimum expected count of a category that is compared by itself (Cochran, 1954).
const MIN_EXPECTED: f64 = 5.0;

/// Compares two counts of the same categories; returns `None` if one is empty.
///
/// Categories too rare for the statistic's distribution are merged into one.
pub fn test(a: &[u64], b: &[u64]) -> Option<ChiSquared> {
    let (all_a, all_b) = (a.iter().sum::<u64>(), b.iter().sum::<u64>());
    if all_a == 0 || all_b == 0 {
        return None;
    }
    let (share_a, share_b) = (1.0 / all_a as f64, 1.0 / all_b as f64);
    let pairs = || a.iter().zip(b).map(|(a, b)| (*a as f64, *b as f64));
    let distance = pairs()
        .map(|(a, b)| (a * share_a - b * share_b).abs())
        .fold(0.0, f64::max);
    let all = (all_a + all_b) as f64;
    let part = all_a.min(all_b) as f64 / all;
    let is_common = |(a, b): &(f64, f64)| (a + b) * part >= MIN_EXPECTED;
    let mut compared: Vec<(f64, f64)> = pairs().filter(is_common).collect();
    let rare = pairs()
        .filter(|pair| !is_common(pair))
        .fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    match compared.last_mut() {
        // Together they may still be too rare to stand alone.
        Some(last) if !is_common(&rare) => *last = (last.0 + rare.0, last.1 + rare.1),
        _ => compared.push(rare),
    }
    let statistic = compared.iter().map(|(a, b)| {
        let expected = (a + b) * all_a as f64 / all;
        let other = (a + b) * all_b as f64 / all;
        (a - expected).powi(2) / expected + (b - other).powi(2) / other
    });
    let statistic = statistic.sum();
    let degrees = compared.len() - 1;
    Some(ChiSquared {
        statistic,
        degrees,
        p_value: if degrees == 0 {
            1.0
        } else {
            chi_squared_above(statistic, degrees)
        },
        distance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By SciPy 1.17: stats.chi2_contingency([[30, 70], [50, 50]], correction=False).
    #[test]
    fn two_classes_are_compared_as_scipy_does() {
        let found = test(&[30, 70], &[50, 50]).unwrap();
        assert!((found.statistic - 8.333_333).abs() < 1e-5, "{found:?}");
        assert!((found.p_value - 0.003_892).abs() < 1e-5, "{found:?}");
        assert_eq!(found.degrees, 1);
        assert!((found.distance - 0.2).abs() < 1e-12);
    }

    #[test]
    fn rare_classes_are_compared_as_one() {
        let found = test(&[100, 1, 2, 3, 1], &[100, 2, 1, 2, 2]).unwrap();
        assert_eq!(found.degrees, 1);
        let found = test(&[100, 1], &[100, 2]).unwrap();
        assert_eq!((found.degrees, found.p_value), (0, 1.0));
    }

    #[test]
    fn the_same_mix_is_no_difference() {
        let found = test(&[10, 20, 70], &[100, 200, 700]).unwrap();
        assert!(
            found.statistic < 1e-9 && found.p_value > 0.999_999,
            "{found:?}"
        );
        assert_eq!(test(&[0, 0], &[1, 2]), None);
    }
}
