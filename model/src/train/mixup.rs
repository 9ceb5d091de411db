//! Mixup (Zhang et al., 2018): images between two images, with labels between their labels.
//!
//! The network learns to change its mind slowly on the way from one image to the other, which keeps
//! it from learning few images by heart.

use crate::network::Tensor;

/// Mixes each image of a batch, and its row of target probabilities, with the image as far from the
/// other end.
///
/// The part that each keeps is drawn from a beta distribution with both parameters `alpha`; 0
/// leaves all as it is.
pub(super) fn mix(
    images: &mut Tensor,
    targets: &mut [f32],
    alpha: f32,
    random: &mut fastrand::Rng,
) {
    if alpha == 0.0 {
        return;
    }
    let (image_len, classes) = (images.image_len(), targets.len() / images.images);
    for first in 0..images.images / 2 {
        let second = images.images - 1 - first;
        let parts = [beta(alpha, random), beta(alpha, random)];
        mix_pair(&mut images.data, image_len, [first, second], parts);
        mix_pair(targets, classes, [first, second], parts);
    }
}

/// Rows `first < second` of `values`: the first keeps `parts[0]` of itself, the second `parts[1]`.
fn mix_pair(values: &mut [f32], len: usize, [first, second]: [usize; 2], parts: [f32; 2]) {
    let (before, after) = values.split_at_mut(second * len);
    let pairs = before[first * len..][..len].iter_mut().zip(after);
    for (a, b) in pairs {
        (*a, *b) = (
            parts[0] * *a + (1.0 - parts[0]) * *b,
            parts[1] * *b + (1.0 - parts[1]) * *a,
        );
    }
}

/// A number from 0 to 1 with the beta distribution of equal parameters, at least one half (Johnk's
/// method).
fn beta(alpha: f32, random: &mut fastrand::Rng) -> f32 {
    loop {
        let [x, y] = [(); 2].map(|()| random.f32().powf(1.0 / alpha));
        let sum = x + y;
        if sum > 0.0 && sum <= 1.0 {
            return (x / sum).max(1.0 - x / sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(alpha: f32) -> (Vec<f32>, Vec<f32>) {
        let mut images = Tensor::zeros(3, 1, 1, 1);
        images.data = vec![0.0, 5.0, 10.0];
        let mut targets = vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        let random = &mut fastrand::Rng::with_seed(1);
        mix(&mut images, &mut targets, alpha, random);
        (images.data, targets)
    }

    #[test]
    fn labels_are_mixed_as_their_images_are() {
        let (images, targets) = mixed(1.0);
        assert!(images[0] > 0.0 && images[0] <= 5.0 && images[2] < 10.0 && images[2] >= 5.0);
        assert_eq!(images[1], 5.0, "the one in the middle has no other");
        for (image, row) in images.iter().zip(targets.chunks(2)).step_by(2) {
            assert!((image / 10.0 - row[1]).abs() < 1e-6);
            assert!((row[0] + row[1] - 1.0).abs() < 1e-6);
        }
        assert_eq!(mixed(0.0).0, [0.0, 5.0, 10.0]);
    }

    #[test]
    fn the_parts_have_the_mean_of_the_distribution() {
        // The larger of b and 1 - b: 0.75 on average where b is uniform, nearer to 1 for a smaller
        // parameter.
        let mut random = fastrand::Rng::with_seed(2);
        let mut mean =
            |alpha| (0..20_000).map(|_| beta(alpha, &mut random)).sum::<f32>() / 20_000.0;
        assert!((mean(1.0) - 0.75).abs() < 0.005);
        assert!((mean(0.5) - (0.5 + std::f32::consts::FRAC_1_PI)).abs() < 0.005);
    }
}
