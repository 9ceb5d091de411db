//! Batch normalization (Ioffe and Szegedy, 2015): every channel to mean 0 and variance 1, then a
//! learned scale and shift.

use super::tensor::{Parameter, Tensor, sum_into};
use super::vectorized::vectorized;
use super::{Named, NamedMut, Operation};
use rayon::prelude::*;

/// Added to the variance, so that a constant channel doesn't divide by zero.
const EPSILON: f32 = 1e-5;

/// Weight of the newest batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Batch normalization over images and pixels.
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
    /// The last batch in training, and how its channels become mean 0 and variance 1.
    seen: Tensor,
    to_normal: Affine,
}

/// `factor * x + offset`, by channel.
#[derive(Clone, Debug, Default)]
struct Affine {
    factor: Vec<f32>,
    offset: Vec<f32>,
}

impl Norm {
    /// Leaves its input nearly as it is, until it has learned.
    pub fn new(channels: usize) -> Self {
        Self {
            scale: Parameter::new(vec![1.0; channels], false),
            shift: Parameter::new(vec![0.0; channels], false),
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
            seen: Tensor::default(),
            to_normal: Affine::default(),
        }
    }

    /// The layer outside training: `(factor, offset)` of each channel.
    pub fn as_affine(&self) -> (Vec<f32>, Vec<f32>) {
        let Affine { factor, offset } = self.scaled(&Affine::to_normal(&self.mean, &self.variance));
        (factor, offset)
    }

    /// The learned scale and shift after `to_normal`.
    fn scaled(&self, to_normal: &Affine) -> Affine {
        let mut offset = product(&to_normal.offset, &self.scale.value);
        let shifts = offset.iter_mut().zip(&self.shift.value);
        shifts.for_each(|(offset, shift)| *offset += shift);
        Affine {
            factor: product(&to_normal.factor, &self.scale.value),
            offset,
        }
    }

    /// Gradients of shift and scale: the sums of `dy` and of `dy` times the normalized input.
    fn sum_gradients(&mut self, dy: &Tensor) {
        // The sum of dy * (factor * x + offset), from those of dy * (x - mean) and dy.
        let means: Vec<f32> = self
            .to_normal
            .factor
            .iter()
            .zip(&self.to_normal.offset)
            .map(|(factor, offset)| -offset / factor)
            .collect();
        let terms = |dy: f32, x: f32, mean: f32| (dy, dy * (x - mean));
        let (shifts, scales) = sums(dy, &self.seen, terms, &means);
        self.shift.gradient = shifts;
        self.scale.gradient = product(&scales, &self.to_normal.factor);
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

impl Affine {
    fn to_normal(mean: &[f32], variance: &[f32]) -> Self {
        let inverse = |variance: &f32| 1.0 / (variance + EPSILON).sqrt();
        let factor: Vec<f32> = variance.iter().map(inverse).collect();
        let offset = mean
            .iter()
            .zip(&factor)
            .map(|(mean, factor)| -mean * factor);
        Self {
            offset: offset.collect(),
            factor,
        }
    }

    #[inline(always)]
    fn apply(&self, x: &[f32], y: &mut [f32]) {
        let channels = self.factor.len();
        for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            let constants = self.factor.iter().zip(&self.offset);
            for ((y, x), (factor, offset)) in y.iter_mut().zip(x).zip(constants) {
                *y = x * factor + offset;
            }
        }
    }

    #[inline(always)]
    fn apply_in_place(&self, x: &mut [f32]) {
        for pixel in x.chunks_exact_mut(self.factor.len()) {
            let constants = self.factor.iter().zip(&self.offset);
            for (value, (factor, offset)) in pixel.iter_mut().zip(constants) {
                *value = *value * factor + offset;
            }
        }
    }
}

/// `dy` becomes `a dy + b x + c`.
#[inline(always)]
fn gradients(dy: &mut [f32], x: &[f32], (a, b, c): (&[f32], &[f32], &[f32])) {
    let channels = a.len();
    for (dy, x) in dy.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        let constants = a.iter().zip(b).zip(c);
        for ((dy, x), ((a, b), c)) in dy.iter_mut().zip(x).zip(constants) {
            *dy = a * *dy + b * x + c;
        }
    }
}

impl Operation for Norm {
    fn infer(&self, mut x: Tensor) -> Tensor {
        let (factor, offset) = self.as_affine();
        let block = x.block_len();
        let affine = Affine { factor, offset };
        let blocks = x.data.par_chunks_mut(block);
        blocks.for_each(|block| {
            vectorized(
                #[inline(always)]
                || affine.apply_in_place(block),
            );
        });
        x
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        let count = x.data.len() / x.channels;
        let (mean, variance) = statistics(&x);
        self.update_running(&mean, &variance, count);
        self.to_normal = Affine::to_normal(&mean, &variance);
        let affine = self.scaled(&self.to_normal);
        // The last batch is done with: its memory serves again.
        let mut y = x.shaped(x.channels, std::mem::take(&mut self.seen.data));
        let blocks = y.data.par_chunks_mut(x.block_len());
        blocks
            .zip(x.data.par_chunks(x.block_len()))
            .for_each(|(y, x)| {
                vectorized(
                    #[inline(always)]
                    || affine.apply(x, y),
                );
            });
        self.seen = x;
        y
    }

    /// With `n` the normalized input: `dx = scale / deviation * (dy - mean(dy) - n * mean(dy *
    /// n))`.
    ///
    /// `n` is an affine function of `x`, so `dx = a dy + b x + c` with numbers of each channel.
    fn backward(&mut self, mut dy: Tensor) -> Tensor {
        self.sum_gradients(&dy);
        let count = (dy.data.len() / dy.channels) as f32;
        let a = product(&self.to_normal.factor, &self.scale.value);
        let slopes = a.iter().zip(&self.scale.gradient);
        let by_n: Vec<f32> = slopes.map(|(a, sum)| -a * sum / count).collect();
        let b = product(&by_n, &self.to_normal.factor);
        let mut c = product(&by_n, &self.to_normal.offset);
        let means = c.iter_mut().zip(&a).zip(&self.shift.gradient);
        means.for_each(|((c, a), sum)| *c -= a * sum / count);

        let block = dy.block_len();
        let blocks = dy.data.par_chunks_mut(block);
        blocks
            .zip(self.seen.data.par_chunks(block))
            .for_each(|(dy, x)| {
                vectorized(
                    #[inline(always)]
                    || gradients(dy, x, (&a, &b, &c)),
                );
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

/// The products of two values of each channel.
fn product(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}

/// Mean and variance of each channel.
///
/// Values are taken relative to the first pixel's: sums of squares cancel where the mean is large
/// beside the deviation, and after that it is not.
fn statistics(x: &Tensor) -> (Vec<f32>, Vec<f32>) {
    let origin = &x.data[..x.channels];
    let terms = |x: f32, _, origin: f32| (x - origin, (x - origin) * (x - origin));
    let (sums, squares) = sums(x, x, terms, origin);
    let count = (x.data.len() / x.channels) as f32;
    let means: Vec<f32> = sums.iter().map(|sum| sum / count).collect();
    let variances = squares
        .iter()
        .zip(&means)
        .map(|(square, mean)| (square / count - mean * mean).max(0.0));
    let variances = variances.collect();
    (
        means
            .iter()
            .zip(origin)
            .map(|(mean, origin)| mean + origin)
            .collect(),
        variances,
    )
}

/// Sums over all pixels of what `terms` makes of two values and the channel's constant: two sums
/// for each channel.
fn sums(
    x: &Tensor,
    y: &Tensor,
    terms: impl Fn(f32, f32, f32) -> (f32, f32) + Sync,
    constants: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let (block, channels) = (x.block_len(), x.channels);
    let blocks = x.data.par_chunks(block).zip(y.data.par_chunks(block));
    let parts = blocks.map(|(x, y)| {
        let (mut first, mut second) = (vec![0.0; channels], vec![0.0; channels]);
        vectorized(
            #[inline(always)]
            || add_terms((x, y), &terms, constants, (&mut first, &mut second)),
        );
        (first, second)
    });
    let (firsts, seconds): (Vec<_>, Vec<_>) = parts.unzip();
    let mut totals = (vec![0.0; channels], vec![0.0; channels]);
    sum_into(&mut totals.0, &firsts);
    sum_into(&mut totals.1, &seconds);
    totals
}

#[inline(always)]
fn add_terms(
    (x, y): (&[f32], &[f32]),
    terms: impl Fn(f32, f32, f32) -> (f32, f32),
    constants: &[f32],
    (first, second): (&mut [f32], &mut [f32]),
) {
    let channels = constants.len();
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact(channels)) {
        let sums = first.iter_mut().zip(second.iter_mut());
        for (((first, second), constant), (x, y)) in sums.zip(constants).zip(x.iter().zip(y)) {
            let (a, b) = terms(*x, *y, *constant);
            *first += a;
            *second += b;
        }
    }
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
