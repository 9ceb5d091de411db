//! Scores of a trained network: the mean logits of a picture and its mirror image, at the fitted
//! temperature.

use crate::artifact::{Config, Input};
use crate::dataset::Dataset;
use crate::network::{Network, Tensor, softmax};
use image::RgbImage;

/// Pictures that go through the network together.
const TOGETHER: usize = 64;

/// A trained network and how to feed it.
pub struct Trained {
    /// The average over the last steps.
    pub network: Network,
    /// Its input, labels and temperature.
    pub config: Config,
}

impl Trained {
    /// Probabilities of the classes for each picture, as the endpoint will return them.
    pub fn scores(&self, data: &Dataset) -> Vec<Vec<f32>> {
        scores(&self.network, &self.config, &data.images)
    }
}

/// Probabilities for each picture.
pub(super) fn scores(network: &Network, config: &Config, images: &[RgbImage]) -> Vec<Vec<f32>> {
    let mut rows = logits(network, &config.input, images);
    for row in &mut rows {
        row.iter_mut()
            .for_each(|logit| *logit /= config.temperature);
        softmax(row);
    }
    rows
}

/// Mean logits of each picture and its mirror image.
pub(super) fn logits(network: &Network, input: &Input, images: &[RgbImage]) -> Vec<Vec<f32>> {
    let batches = images.chunks(TOGETHER).map(|images| {
        let batch = input.batch(images.iter());
        let mirrored = network.infer(batch.mirrored());
        let plain = network.infer(batch);
        mean_rows(&plain, &mirrored)
    });
    batches.flatten().collect()
}

fn mean_rows(a: &Tensor, b: &Tensor) -> Vec<Vec<f32>> {
    let rows = a.data.chunks(a.channels).zip(b.data.chunks(b.channels));
    let mean = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect();
    rows.map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fit_image::Shape;

    #[test]
    fn an_image_and_its_mirror_image_get_the_same_scores() {
        let network = Network::new(&[4], 3, 1);
        let input = Input {
            shape: Shape::new(4, 5).unwrap(),
            mean: [0.5; 3],
            std: [0.25; 3],
        };
        let rgb: Vec<u8> = (0..4 * 5 * 3).map(|value| value * 4).collect();
        let mirrored = rgb.chunks(15).flat_map(|row| row.chunks(3).rev().flatten());
        let mirrored = mirrored.copied().collect();
        let images = [mirrored, rgb].map(|rgb| RgbImage::from_raw(5, 4, rgb).unwrap());
        let rows = logits(&network, &input, &images);
        assert_eq!(rows.len(), 2);
        let gaps = rows[0].iter().zip(&rows[1]).map(|(a, b)| (a - b).abs());
        assert!(gaps.fold(0.0, f32::max) < 1e-6, "{rows:?}");
    }
}
