//! Batch normalisation (Ioffe and Szegedy, 2015): every channel to mean 0 and variance 1, then a learned scale and shift.

use super::tensor::{Parameter, Tensor, sum_into};
use super::{Named, NamedMut, Operation};
use rayon::prelude::*;

/// Added to the variance, so that a constant channel doesn't divide by zero.
const EPSILON: f32 = 1e-5;

/// Weight of the newest batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Batch normalisation over images and pixels.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Scale of each channel.
    pub scale: Parameter,
    /// Shift of each channel.
    pub shift: Parameter,
    /// Running mean of each channel, for use outside training.
    pub mean: Vec<f32>,
    /// Running variance of each channel, for use outside training.
    pub variance: Vec<f32>,
    /// The normalised batch, and 1 / standard deviation of its channels.
    normalised: Tensor,
    inverse_deviation: Vec<f32>,
}

impl Norm {
    /// Leaves its input nearly as it is, until it has learned.
    pub fn new(channels: usize) -> Self {
        Self {
            scale: Parameter::new(vec![1.0; channels], false),
            shift: Parameter::new(vec![0.0; channels], false),
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
            normalised: Tensor::default(),
            inverse_deviation: Vec::new(),
        }
    }

    /// What the layer does outside training: `(factor, offset)` of each channel.
    pub fn as_affine(&self) -> (Vec<f32>, Vec<f32>) {
        let inverse = self
            .variance
            .iter()
            .map(|variance| 1.0 / (variance + EPSILON).sqrt());
        let factor: Vec<f32> = self
            .scale
            .value
            .iter()
            .zip(inverse)
            .map(|(scale, inverse)| scale * inverse)
            .collect();
        let shifts = self.shift.value.iter().zip(&self.mean).zip(&factor);
        let offset = shifts
            .map(|((shift, mean), factor)| shift - mean * factor)
            .collect();
        (factor, offset)
    }

    fn update_running(&mut self, mean: &[f32], variance: &[f32], count: usize) {
        // Running variance is the unbiased one, as PyTorch keeps it.
        let unbias = count as f32 / (count.max(2) - 1) as f32;
        for (running, new) in self.mean.iter_mut().zip(mean) {
            *running += MOMENTUM * (new - *running);
        }
        for (running, new) in self.variance.iter_mut().zip(variance) {
            *running += MOMENTUM * (new * unbias - *running);
        }
    }
}

impl Operation for Norm {
    fn infer(&self, mut x: Tensor) -> Tensor {
        let (factor, offset) = self.as_affine();
        affine(&mut x, &factor, &offset);
        x
    }

    fn forward(&mut self, mut x: Tensor) -> Tensor {
        let count = x.data.len() / x.channels;
        let (mean, variance) = statistics(&x);
        self.update_running(&mean, &variance, count);
        self.inverse_deviation = variance
            .iter()
            .map(|variance| 1.0 / (variance + EPSILON).sqrt())
            .collect();
        let offset: Vec<f32> = mean
            .iter()
            .zip(&self.inverse_deviation)
            .map(|(mean, inverse)| -mean * inverse)
            .collect();
        affine(&mut x, &self.inverse_deviation, &offset);
        self.normalised = x.clone();
        affine(&mut x, &self.scale.value, &self.shift.value);
        x
    }

    /// With `n` the normalised input: `dx = scale / deviation * (dy - mean(dy) - n * mean(dy * n))`.
    fn backward(&mut self, mut dy: Tensor) -> Tensor {
        let channels = dy.channels;
        let block = dy.block_len();
        let pairs = dy
            .data
            .par_chunks(block)
            .zip(self.normalised.data.par_chunks(block));
        let sums = pairs.map(|(dy, n)| {
            let mut sums = (vec![0.0; channels], vec![0.0; channels]);
            for (dy, n) in dy.chunks_exact(channels).zip(n.chunks_exact(channels)) {
                for (((shift, scale), dy), n) in sums.0.iter_mut().zip(&mut sums.1).zip(dy).zip(n) {
                    *shift += dy;
                    *scale += dy * n;
                }
            }
            sums
        });
        let (shifts, scales): (Vec<_>, Vec<_>) = sums.unzip();
        sum_into(&mut self.shift.gradient, &shifts);
        sum_into(&mut self.scale.gradient, &scales);

        let count = (dy.data.len() / channels) as f32;
        let mean_dy: Vec<f32> = self.shift.gradient.iter().map(|sum| sum / count).collect();
        let mean_dy_n: Vec<f32> = self.scale.gradient.iter().map(|sum| sum / count).collect();
        let factor: Vec<f32> = self
            .scale
            .value
            .iter()
            .zip(&self.inverse_deviation)
            .map(|(a, b)| a * b)
            .collect();
        let pairs = dy
            .data
            .par_chunks_mut(block)
            .zip(self.normalised.data.par_chunks(block));
        pairs.for_each(|(dy, n)| {
            for (dy, n) in dy.chunks_exact_mut(channels).zip(n.chunks_exact(channels)) {
                for c in 0..channels {
                    dy[c] = factor[c] * (dy[c] - mean_dy[c] - n[c] * mean_dy_n[c]);
                }
            }
        });
        dy
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.scale, &mut self.shift]
    }

    fn tensors(&self) -> Vec<Named<'_>> {
        let shape = vec![self.mean.len()];
        vec![
            ("weight", shape.clone(), &self.scale.value),
            ("bias", shape.clone(), &self.shift.value),
            ("running_mean", shape.clone(), &self.mean),
            ("running_var", shape, &self.variance),
        ]
    }

    fn tensors_mut(&mut self) -> Vec<NamedMut<'_>> {
        vec![
            ("weight", &mut self.scale.value),
            ("bias", &mut self.shift.value),
            ("running_mean", &mut self.mean),
            ("running_var", &mut self.variance),
        ]
    }
}

/// `x = x * factor + offset`, by channel.
fn affine(x: &mut Tensor, factor: &[f32], offset: &[f32]) {
    let (block, channels) = (x.block_len(), x.channels);
    x.data.par_chunks_mut(block).for_each(|block| {
        for pixel in block.chunks_exact_mut(channels) {
            for ((value, factor), offset) in pixel.iter_mut().zip(factor).zip(offset) {
                *value = *value * factor + offset;
            }
        }
    });
}

/// Mean and variance of each channel. Two passes: a sum of squares would cancel where the mean is large.
fn statistics(x: &Tensor) -> (Vec<f32>, Vec<f32>) {
    let mean = average(x, |sums, pixel| {
        sums.iter_mut()
            .zip(pixel)
            .for_each(|(sum, value)| *sum += value);
    });
    let variance = average(x, |sums, pixel| {
        for ((sum, value), mean) in sums.iter_mut().zip(pixel).zip(&mean) {
            *sum += (value - mean) * (value - mean);
        }
    });
    (mean, variance)
}

/// Averages over all pixels what `add` adds to the channels' sums for each of them.
fn average(x: &Tensor, add: impl Fn(&mut [f32], &[f32]) + Sync) -> Vec<f32> {
    let parts = x.data.par_chunks(x.block_len()).map(|block| {
        let mut sums = vec![0.0; x.channels];
        block
            .chunks_exact(x.channels)
            .for_each(|pixel| add(&mut sums, pixel));
        sums
    });
    let mut total = vec![0.0; x.channels];
    sum_into(&mut total, &parts.collect::<Vec<_>>());
    let count = (x.data.len() / x.channels) as f32;
    total.iter().map(|sum| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn training_gives_every_channel_mean_0_and_variance_1() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut x = gradient::random_tensor((10, 3, 3, 2), &mut random);
        x.data
            .iter_mut()
            .for_each(|value| *value = *value * 5.0 + 100.0);
        let (mean, variance) = statistics(&Norm::new(2).forward(x));
        assert!(mean.iter().all(|mean| mean.abs() < 1e-4), "{mean:?}");
        assert!(
            variance
                .iter()
                .all(|variance| (variance - 1.0).abs() < 1e-3),
            "{variance:?}"
        );
    }

    #[test]
    fn running_statistics_approach_those_of_the_batches() {
        let mut norm = Norm::new(1);
        let batch = Tensor {
            images: 4,
            height: 1,
            width: 1,
            channels: 1,
            data: vec![1.0, 3.0, 5.0, 7.0],
        };
        (0..200).for_each(|_| drop(norm.forward(batch.clone())));
        assert!((norm.mean[0] - 4.0).abs() < 1e-4);
        assert!(
            (norm.variance[0] - 20.0 / 3.0).abs() < 1e-4,
            "the unbiased variance of 1, 3, 5, 7"
        );
        let by_running = norm.infer(batch.clone()).data[0];
        assert!((by_running - (1.0 - 4.0) / (20.0f32 / 3.0).sqrt()).abs() < 1e-4);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let mut norm = Norm::new(3);
        norm.scale.value = vec![0.5, -1.0, 2.0];
        norm.shift.value = vec![0.1, 0.2, -0.3];
        gradient::check(norm, (9, 2, 3, 3));
    }
}
