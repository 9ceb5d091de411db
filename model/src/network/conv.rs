//! Convolution with 3x3 filters, stride 1, zero padding 1, no bias (a batch norm follows).
//!
//! A block of images is unrolled (im2col) into one row per output pixel, and the convolution is then a matrix
//! product. The unrolled block is small enough for the cache, so backward unrolls it again instead of keeping it.

use super::gemm::{matrix, multiply};
use super::tensor::{BLOCK, Parameter, Tensor, sum_into};
use super::{Named, NamedMut, Operation};
use rayon::prelude::*;

/// Rows and columns of a filter.
pub const SIDE: usize = 3;

/// A 3x3 convolution.
#[derive(Clone, Debug)]
pub struct Conv {
    /// Filters as `[row, column, input channel, output channel]`.
    pub weight: Parameter,
    /// Channels that come in.
    pub inputs: usize,
    /// Channels that go out.
    pub outputs: usize,
    /// The first layer of a network has no use for the gradient of its input: it then returns an empty one.
    pub is_first: bool,
    seen: Tensor,
}

impl Conv {
    /// A convolution with random filters.
    pub fn new(inputs: usize, outputs: usize, is_first: bool, random: &mut fastrand::Rng) -> Self {
        let fan_in = SIDE * SIDE * inputs;
        let weight = Parameter::he_uniform(fan_in * outputs, fan_in, random);
        Self {
            weight,
            inputs,
            outputs,
            is_first,
            seen: Tensor::default(),
        }
    }

    /// Gradient of the filters from one block of images; also fills the block's input gradient `dx` if it has one.
    fn backward_block(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) -> Vec<f32> {
        let columns = SIDE * SIDE * self.inputs;
        let (height, width) = (self.seen.height, self.seen.width);
        let mut unrolled = vec![0.0; dy.len() / self.outputs * columns];
        im2col(x, height, width, self.inputs, &mut unrolled);
        let dy = matrix(dy, self.outputs);
        let mut gradient = vec![0.0; self.weight.value.len()];
        multiply(
            &matrix(&unrolled, columns).reversed_axes(),
            &dy,
            &mut gradient,
        );
        if !dx.is_empty() {
            let weight = matrix(&self.weight.value, self.outputs).reversed_axes();
            multiply(&dy, &weight, &mut unrolled);
            col2im(&unrolled, height, width, self.inputs, dx);
        }
        gradient
    }
}

impl Operation for Conv {
    fn infer(&self, x: Tensor) -> Tensor {
        let columns = SIDE * SIDE * self.inputs;
        let mut y = x.zeros_like(self.outputs);
        let (x_block, y_block) = (x.block_len(), y.block_len());
        let blocks = y
            .data
            .par_chunks_mut(y_block)
            .zip(x.data.par_chunks(x_block));
        blocks.for_each_init(Vec::new, |unrolled, (y, block)| {
            unrolled.resize(BLOCK * x.height * x.width * columns, 0.0);
            let unrolled = &mut unrolled[..y.len() / self.outputs * columns];
            im2col(block, x.height, x.width, self.inputs, unrolled);
            multiply(
                &matrix(unrolled, columns),
                &matrix(&self.weight.value, self.outputs),
                y,
            );
        });
        y
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        let y = self.infer(x.clone());
        self.seen = x;
        y
    }

    fn backward(&mut self, dy: Tensor) -> Tensor {
        let x = &self.seen;
        let mut dx = if self.is_first {
            Tensor::default()
        } else {
            x.zeros_like(self.inputs)
        };
        // A block without an input gradient gets an empty slice for it.
        let dx_blocks: Vec<&mut [f32]> = match self.is_first {
            true => x
                .data
                .chunks(x.block_len())
                .map(|_| Default::default())
                .collect(),
            false => dx.data.chunks_mut(x.block_len()).collect(),
        };
        let blocks = dx_blocks
            .into_par_iter()
            .zip(x.data.par_chunks(x.block_len()));
        let parts: Vec<Vec<f32>> = blocks
            .zip(dy.data.par_chunks(dy.block_len()))
            .map(|((dx, x), dy)| self.backward_block(x, dy, dx))
            .collect();
        sum_into(&mut self.weight.gradient, &parts);
        dx
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }

    fn tensors(&self) -> Vec<Named<'_>> {
        vec![(
            "weight",
            vec![SIDE, SIDE, self.inputs, self.outputs],
            &self.weight.value,
        )]
    }

    fn tensors_mut(&mut self) -> Vec<NamedMut<'_>> {
        vec![("weight", &mut self.weight.value)]
    }
}

/// Copies the 3x3 neighbourhood of each pixel of `images` into a row of `unrolled`; outside the image is zero.
fn im2col(images: &[f32], height: usize, width: usize, channels: usize, unrolled: &mut [f32]) {
    let row = width * channels;
    for (pixel, patch) in unrolled
        .chunks_exact_mut(SIDE * SIDE * channels)
        .enumerate()
    {
        let (y, x) = (pixel / width % height, pixel % width);
        let image = pixel / (width * height) * height * row;
        let (from, to, skipped) = span(x, width, channels);
        for (offset, patch) in patch.chunks_exact_mut(SIDE * channels).enumerate() {
            let inside = (1..=height).contains(&(y + offset));
            if !inside {
                patch.fill(0.0);
                continue;
            }
            let line = &images[image + (y + offset - 1) * row..][..row];
            if to - from < patch.len() {
                patch.fill(0.0);
            }
            patch[skipped..skipped + to - from].copy_from_slice(&line[from..to]);
        }
    }
}

/// The reverse of [`im2col`]: adds each row of `unrolled` to the pixels that it was copied from.
fn col2im(unrolled: &[f32], height: usize, width: usize, channels: usize, images: &mut [f32]) {
    let row = width * channels;
    for (pixel, patch) in unrolled.chunks_exact(SIDE * SIDE * channels).enumerate() {
        let (y, x) = (pixel / width % height, pixel % width);
        let image = pixel / (width * height) * height * row;
        let (from, to, skipped) = span(x, width, channels);
        for (offset, patch) in patch.chunks_exact(SIDE * channels).enumerate() {
            if (1..=height).contains(&(y + offset)) {
                let line = &mut images[image + (y + offset - 1) * row..][from..to];
                line.iter_mut()
                    .zip(&patch[skipped..])
                    .for_each(|(sum, value)| *sum += value);
            }
        }
    }
}

/// The part of an image's row that the three columns around column `x` cover (from, to), and how many values of a
/// patch lie before it, outside the image.
fn span(x: usize, width: usize, channels: usize) -> (usize, usize, usize) {
    let from = x.saturating_sub(1) * channels;
    let to = (x + 2).min(width) * channels;
    (from, to, if x == 0 { channels } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn a_filter_that_looks_one_pixel_up_moves_the_image_down() {
        let mut conv = Conv::new(1, 1, false, &mut fastrand::Rng::with_seed(1));
        conv.weight.value = vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let image = Tensor {
            images: 1,
            height: 3,
            width: 2,
            channels: 1,
            data: vec![1., 2., 3., 4., 5., 6.],
        };
        assert_eq!(conv.infer(image).data, [0., 0., 1., 2., 3., 4.]);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let mut random = fastrand::Rng::with_seed(2);
        for (images, height, width) in [(1, 1, 1), (2, 3, 5), (BLOCK + 1, 4, 2)] {
            gradient::check(
                Conv::new(2, 3, false, &mut random),
                (images, height, width, 2),
            );
        }
    }

    #[test]
    fn the_first_layer_returns_no_input_gradient_and_the_same_filter_gradient() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut conv = Conv::new(3, 2, false, &mut random);
        let x = gradient::random_tensor((9, 4, 4, 3), &mut random);
        let dy = gradient::random_tensor((9, 4, 4, 2), &mut random);
        conv.forward(x.clone());
        conv.backward(dy.clone());
        let mut first = Conv {
            is_first: true,
            ..conv.clone()
        };
        first.forward(x);
        assert_eq!(first.backward(dy), Tensor::default());
        assert_eq!(first.weight.gradient, conv.weight.gradient);
    }
}
