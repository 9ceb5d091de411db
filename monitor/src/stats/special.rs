//! Tails of the normal and the chi-squared distribution.

/// The survival function of the standard normal distribution.
pub(crate) fn normal_above(z: f64) -> f64 {
    let tail = gamma_above(0.5, z * z / 2.0) / 2.0;
    if z < 0.0 { 1.0 - tail } else { tail }
}

/// The survival function of the chi-squared distribution.
pub(super) fn chi_squared_above(x: f64, degrees: usize) -> f64 {
    gamma_above(degrees as f64 / 2.0, x / 2.0)
}

/// The maximum number of terms of the series or the fraction, which converge after about ten times
/// the square root of `a`.
const TERMS: usize = 10_000;

/// The regularized upper incomplete gamma function Q(a, x) (Press et al., Numerical Recipes, 6.2):
/// a series for small x, and Lentz's continued fraction for others.
fn gamma_above(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        return (1.0 - scale * series(a, x)).clamp(0.0, 1.0);
    }
    (scale * fraction(a, x)).clamp(0.0, 1.0)
}

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    let tiny = f64::MIN_POSITIVE / f64::EPSILON;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..TERMS {
        let n = n as f64;
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / away_from_zero(an * d + b, tiny);
        c = away_from_zero(b + an / c, tiny);
        h *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    h
}

fn away_from_zero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// ln Γ(x) for x > 0, by Lanczos' approximation with g = 7 and nine coefficients.
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let base = x + 7.5;
    let terms = COEFFICIENTS
        .iter()
        .enumerate()
        .skip(1)
        .map(|(n, c)| c / (x + n as f64));
    let sum = COEFFICIENTS[0] + terms.sum::<f64>();
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
            "{found} is not {expected}"
        );
    }

    /// By SciPy 1.17: stats.norm.sf(z).
    #[test]
    fn normal_tails() {
        check(normal_above(0.0), 0.5);
        check(normal_above(1.0), 0.158_655_253_931_457_07);
        check(normal_above(-1.96), 0.975_002_104_851_779_5);
        check(normal_above(5.0), 2.866_515_718_791_933e-7);
    }

    /// By SciPy 1.17: stats.chi2.sf(x, df).
    #[test]
    fn chi_squared_tails() {
        check(chi_squared_above(3.841_458_820_694_124, 1), 0.05);
        check(chi_squared_above(2.0, 2), (-1.0f64).exp());
        check(chi_squared_above(0.0, 3), 1.0);
        check(chi_squared_above(100.0, 99), 0.452_958_511_320_931_4);
    }

    #[test]
    fn gamma_of_whole_numbers_is_the_factorial() {
        check(ln_gamma(5.0), 24f64.ln());
        check(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln());
        check(ln_gamma(171.0) - ln_gamma(170.0), 170f64.ln());
    }
}
