//! The learning rate over the steps: a linear rise, then half a cosine down to zero.

use std::f32::consts::PI;

/// Part of the steps over which the rate rises.
const WARM_UP: f32 = 0.2;

/// The rate of step `step` (from 0) of `steps`, with the highest rate `peak`.
pub(super) fn rate(step: usize, steps: usize, peak: f32) -> f32 {
    let done = (step as f32 + 0.5) / steps as f32;
    if done < WARM_UP {
        return peak * done / WARM_UP;
    }
    let falling = (done - WARM_UP) / (1.0 - WARM_UP);
    peak * 0.5 * (1.0 + (PI * falling).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_to_the_peak_and_falls_to_zero() {
        let rates: Vec<f32> = (0..100).map(|step| rate(step, 100, 2.0)).collect();
        assert!(rates[..20].is_sorted() && rates[20..].iter().rev().is_sorted());
        assert!(rates[0] < 0.1 && rates[99] < 0.001);
        assert!((rates[20] - 2.0).abs() < 0.01);
    }
}
