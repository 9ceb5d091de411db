//! Softmax and cross-entropy.

use super::tensor::Tensor;

/// Turns one row of logits into probabilities, in place. The largest logit is taken off first,
/// against overflow.
pub fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|value| *value = (*value - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|value| *value /= sum);
}

/// A row of `count` probabilities for each class: 1 for the class, 0 for the others.
pub fn one_hot(classes: &[usize], count: usize) -> Vec<f32> {
    let mut rows = vec![0.0; classes.len() * count];
    for (row, class) in rows.chunks_exact_mut(count).zip(classes) {
        row[*class] = 1.0;
    }
    rows
}

/// Mean cross-entropy of a batch of logits and its gradient for them: `(probability - target) /
/// images`.
///
/// `targets` are rows of probabilities, as the logits are rows.
pub fn cross_entropy(mut logits: Tensor, targets: &[f32]) -> (f32, Tensor) {
    let images = logits.images as f32;
    let mut loss = 0.0;
    let rows = logits.data.chunks_exact_mut(logits.channels);
    for (row, targets) in rows.zip(targets.chunks_exact(logits.channels)) {
        softmax(row);
        for (value, target) in row.iter_mut().zip(targets) {
            loss -= target * value.max(f32::MIN_POSITIVE).ln() / images;
            *value = (*value - target) / images;
        }
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
        let mut targets = one_hot(&[0, 2, 1, 1], 3);
        targets[..3].copy_from_slice(&[0.5, 0.2, 0.3]);
        let (_, analytic) = cross_entropy(logits.clone(), &targets);
        for index in 0..logits.data.len() {
            let at = |delta: f32| {
                let mut moved = logits.clone();
                moved.data[index] += delta;
                cross_entropy(moved, &targets).0
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
