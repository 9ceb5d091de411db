//! The Kolmogorov-Smirnov test of two samples.

/// The result of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The largest distance between the two empirical distribution functions, 0 to 1.
    pub distance: f64,
    /// The probability of a distance at least as large under the null hypothesis.
    pub p_value: f64,
}

/// Compares two samples of finite values; returns `None` if one is empty.
///
/// The p-value is Kolmogorov's asymptotic one with Stephens' correction for small samples (1970).
/// With ties, as in integers, it is conservative.
pub fn test(a: &[f32], b: &[f32]) -> Option<KolmogorovSmirnov> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (a, b) = (sorted(a), sorted(b));
    let distance = distance(&a, &b);
    let root = (a.len() as f64 * b.len() as f64 / (a.len() + b.len()) as f64).sqrt();
    Some(KolmogorovSmirnov {
        distance,
        p_value: kolmogorov_above((root + 0.12 + 0.11 / root) * distance),
    })
}

fn sorted(values: &[f32]) -> Vec<f32> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f32::total_cmp);
    values
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let (mut i, mut j, mut largest) = (0, 0, 0f64);
    while i < a.len() && j < b.len() {
        // Equal values step both functions at once.
        let value = a[i].min(b[j]);
        i += a[i..].iter().take_while(|other| **other <= value).count();
        j += b[j..].iter().take_while(|other| **other <= value).count();
        let gap = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        largest = largest.max(gap.abs());
    }
    largest
}

/// The survival function of Kolmogorov's distribution.
fn kolmogorov_above(x: f64) -> f64 {
    // Below, the part is 1 to eight digits, and the series does not converge.
    if x < 0.3 {
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * x * x).exp()
    });
    terms.sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_that_of_the_distribution_functions() {
        let distance = |a: &[f32], b: &[f32]| test(a, b).unwrap().distance;
        assert_eq!(distance(&[1.0, 2.0, 3.0], &[3.0, 1.0, 2.0]), 0.0);
        assert_eq!(distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(distance(&[1.0, 1.0, 2.0, 2.0], &[1.0, 2.0]), 0.0);
        assert_eq!(distance(&[1.0, 2.0, 3.0, 4.0], &[2.5, 2.5]), 0.5);
        assert_eq!(test(&[], &[1.0]), None);
    }

    /// By SciPy 1.17: stats.kstwobign.sf(x).
    #[test]
    fn tails_are_kolmogorovs() {
        for (x, p) in [(1.2238, 0.1), (1.3581, 0.05), (1.6276, 0.01)] {
            assert!((kolmogorov_above(x) - p).abs() < 1e-4, "{x}");
        }
        assert_eq!(kolmogorov_above(0.0), 1.0);
        assert!(kolmogorov_above(9.0) < 1e-60);
        assert!((kolmogorov_above(0.3) - 1.0).abs() < 1e-4);
    }

    #[test]
    fn on_one_distribution_p_values_are_spread_evenly() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut sample = |n: usize| -> Vec<f32> { (0..n).map(|_| random.f32().powi(3)).collect() };
        let p: Vec<f64> = (0..1000)
            .map(|_| test(&sample(200), &sample(150)).unwrap().p_value)
            .collect();
        for level in [0.01, 0.05, 0.2] {
            let below = p.iter().filter(|p| **p < level).count() as f64 / 1000.0;
            assert!(
                below < level + 3.0 * (level / 1000.0).sqrt(),
                "{below} of the p-values are below {level}"
            );
            assert!(
                below > level / 3.0,
                "{below} of the p-values are below {level}"
            );
        }
    }
}
