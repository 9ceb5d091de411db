//! Holm's correction (1979) for the number of tests.
//!
//! It bounds the probability that a run on unchanged data raises any alarm at all, however the
//! tests depend on each other, and these do: a darker image is also a less sure answer. What is
//! bounded by Benjamini and Hochberg's procedure instead, the part of the alarms that are false, is
//! of less use to the person who is called.

/// Returns the corrected p-values in their order; compare each with the significance level.
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0f64;
    for (rank, index) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        // One is never less probable than those before it.
        largest = largest.max(p_values[index] * factor).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In order: 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1, which may not be less than the one
    /// before.
    #[test]
    fn each_p_value_is_multiplied_by_those_that_are_left() {
        let found = adjusted(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        assert_eq!(adjusted(&[0.6, 0.7]), [1.0, 1.0]);
        assert!(adjusted(&[]).is_empty());
    }
}
