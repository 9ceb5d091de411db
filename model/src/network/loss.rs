//! Softmax and cross-entropy.

use super::tensor::Tensor;

/// Turns one row of logits into probabilities, in place. The largest logit is taken off first, against overflow.
pub fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|value| *value = (*value - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|value| *value /= sum);
}

/// Mean cross-entropy of a batch of logits and its gradient for them: `(probability - target) / images`.
pub fn cross_entropy(mut logits: Tensor, classes: &[usize]) -> (f32, Tensor) {
    let images = classes.len() as f32;
    let mut loss = 0.0;
    for (row, class) in logits.data.chunks_exact_mut(logits.channels).zip(classes) {
        softmax(row);
        loss -= row[*class].max(f32::MIN_POSITIVE).ln() / images;
        row[*class] -= 1.0;
        row.iter_mut().for_each(|value| *value /= images);
    }
    (loss, logits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn softmax_survives_large_logits() {
        let mut row = [1000.0, 1000.0, -1000.0];
        softmax(&mut row);
        assert_eq!(row, [0.5, 0.5, 0.0]);
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let logits = gradient::random_tensor((4, 1, 1, 3), &mut fastrand::Rng::with_seed(1));
        let classes = [0, 2, 1, 1];
        let (_, analytic) = cross_entropy(logits.clone(), &classes);
        for index in 0..logits.data.len() {
            let at = |delta: f32| {
                let mut moved = logits.clone();
                moved.data[index] += delta;
                cross_entropy(moved, &classes).0
            };
            let numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (numeric - analytic.data[index]).abs() < 1e-3,
                "{numeric} {}",
                analytic.data[index]
            );
        }
    }
}
