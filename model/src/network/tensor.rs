//! A batch of feature maps, and the parameters that layers learn.
//!
//! Layout is NHWC: the channels of one pixel lie side by side. Every inner loop of the layers then
//! runs over contiguous channels, and an im2col row is three plain copies.

use super::vectorized::vectorized;

/// Images that one task of the thread pool handles together.
///
/// It is fixed, so that sums are always taken over the same groups in the same order: a result
/// never depends on the number of threads.
pub(super) const BLOCK: usize = 8;

/// A batch of feature maps in NHWC order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Number of images.
    pub images: usize,
    /// Rows of one feature map.
    pub height: usize,
    /// Columns of one feature map.
    pub width: usize,
    /// Values of one pixel.
    pub channels: usize,
    /// `images * height * width * channels` values.
    pub data: Vec<f32>,
}

impl Tensor {
    /// A batch of zeros.
    pub fn zeros(images: usize, height: usize, width: usize, channels: usize) -> Self {
        let data = vec![0.0; images * height * width * channels];
        Self {
            images,
            height,
            width,
            channels,
            data,
        }
    }

    /// Zeros in the shape of this batch, but for the number of channels.
    pub(super) fn zeros_like(&self, channels: usize) -> Self {
        Self::zeros(self.images, self.height, self.width, channels)
    }

    /// The shape of this batch, but for the number of channels, in memory that was used before. The
    /// values are whatever they were: all must be overwritten.
    pub(super) fn shaped(&self, channels: usize, mut data: Vec<f32>) -> Self {
        data.resize(self.images * self.height * self.width * channels, 0.0);
        Self {
            channels,
            data,
            ..*self
        }
    }

    /// The mirror images.
    pub fn mirrored(&self) -> Self {
        let rows = self.data.chunks_exact(self.width * self.channels);
        let data = rows
            .flat_map(|row| row.chunks_exact(self.channels).rev().flatten().copied())
            .collect();
        Self { data, ..*self }
    }

    /// Values of one image.
    pub fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of one block of images.
    pub(super) fn block_len(&self) -> usize {
        BLOCK * self.image_len()
    }
}

/// Values that training changes, with the gradient of the loss for them.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The values.
    pub value: Vec<f32>,
    /// d loss / d value, as the last `backward` left it.
    pub gradient: Vec<f32>,
    /// True if weight decay pulls the values towards zero: weights yes, biases and scales no.
    pub decays: bool,
}

impl Parameter {
    pub(super) fn new(value: Vec<f32>, decays: bool) -> Self {
        Self {
            gradient: vec![0.0; value.len()],
            value,
            decays,
        }
    }

    /// He's initialization for a layer that a ReLU follows: uniform, variance `2 / fan_in`.
    pub(super) fn he_uniform(len: usize, fan_in: usize, random: &mut fastrand::Rng) -> Self {
        let limit = (6.0 / fan_in as f32).sqrt();
        Self::new(
            (0..len)
                .map(|_| (random.f32() * 2.0 - 1.0) * limit)
                .collect(),
            true,
        )
    }
}

/// Adds up partial results in their order, which keeps the sum the same for any number of threads.
pub(super) fn sum_into(total: &mut [f32], parts: &[Vec<f32>]) {
    total.fill(0.0);
    for part in parts {
        let sums = total.iter_mut().zip(part);
        vectorized(
            #[inline(always)]
            || sums.for_each(|(total, part)| *total += part),
        );
    }
}
