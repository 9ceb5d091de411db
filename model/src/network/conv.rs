//! Convolution with 3x3 filters, stride 1, zero padding 1, no bias (a batch norm follows).
//!
//! The work is done block by block of images, by one of two ways to the same sums: [`im2col`] for
//! few channels, [`winograd`] for the others.

use super::tensor::{Parameter, Tensor, sum_into};
use super::{Named, NamedMut, Operation, im2col, winograd};
use rayon::prelude::*;
use std::borrow::Cow;
use std::cell::RefCell;

/// Rows and columns of a filter.
pub const SIDE: usize = 3;

/// Winograd's way pays from this many input channels on.
const WINOGRAD_INPUTS: usize = 8;

/// Pixels that a block of images has at least, unless it has [`MOST_IMAGES`]: enough rows for a
/// matrix product.
const BLOCK_PIXELS: usize = 512;
const LEAST_IMAGES: usize = 8;
const MOST_IMAGES: usize = 32;

/// The shape of a block of images. How many there are follows from the length of their values.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

impl Block {
    /// Outputs `y` of images `x`, with [`filters`].
    pub(super) fn forward(self, x: &[f32], filters: &[f32], y: &mut [f32]) {
        SCRATCH.with_borrow_mut(|scratch| match self.inputs < WINOGRAD_INPUTS {
            true => im2col::forward(self, x, filters, y, &mut scratch.unrolled),
            false => winograd::forward(self, x, filters, y, &mut scratch.points),
        });
    }

    /// Gradient of the filters; also fills the input gradient `dx` if there is one.
    fn backward(self, (x, dy): (&[f32], &[f32]), filters: &[f32], dx: &mut [f32]) -> Vec<f32> {
        SCRATCH.with_borrow_mut(|scratch| match self.inputs < WINOGRAD_INPUTS {
            true => im2col::backward(self, x, dy, filters, dx, &mut scratch.unrolled),
            false => winograd::backward(self, x, dy, filters, dx, &mut scratch.points),
        })
    }
}

/// Filters `[3, 3, inputs, outputs]` in the form that the passes take.
pub(super) fn filters(inputs: usize, weight: &[f32]) -> Cow<'_, [f32]> {
    match inputs < WINOGRAD_INPUTS {
        true => Cow::Borrowed(weight),
        false => Cow::Owned(winograd::filters(weight)),
    }
}

/// Buffers of one thread between the steps of a pass.
#[derive(Default)]
struct Scratch {
    unrolled: Vec<f32>,
    points: winograd::Scratch,
}

thread_local! {
    /// Kept from pass to pass, for all convolutions: memory is asked for once.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Room for `len` values; what is in them is to be overwritten.
pub(super) fn sized(values: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if values.len() < len {
        values.resize(len, 0.0);
    }
    &mut values[..len]
}

/// A 3x3 convolution.
#[derive(Clone, Debug)]
pub struct Conv {
    /// Filters as `[row, column, input channel, output channel]`.
    pub weight: Parameter,
    /// Channels that come in.
    pub inputs: usize,
    /// Channels that go out.
    pub outputs: usize,
    /// The first layer of a network has no use for the gradient of its input: it then returns an
    /// empty one.
    pub is_first: bool,
    seen: Tensor,
    /// Memory for the next output.
    spare: Vec<f32>,
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
            spare: Vec::new(),
        }
    }

    /// The output, in `memory`.
    fn output(&self, x: &Tensor, memory: Vec<f32>) -> Tensor {
        let mut y = x.shaped(self.outputs, memory);
        let (block, images) = (self.block(x), Self::block_images(x));
        let filters = filters(self.inputs, &self.weight.value);
        let y_len = images * y.image_len();
        let blocks = y.data.par_chunks_mut(y_len);
        let blocks = blocks.zip(x.data.par_chunks(images * x.image_len()));
        blocks.for_each(|(y, x)| block.forward(x, &filters, y));
        y
    }

    fn block(&self, x: &Tensor) -> Block {
        Block {
            height: x.height,
            width: x.width,
            inputs: self.inputs,
            outputs: self.outputs,
        }
    }

    /// Images in a block. The shape of the images alone decides, so that sums never depend on the
    /// number of threads.
    fn block_images(x: &Tensor) -> usize {
        (BLOCK_PIXELS / (x.height * x.width)).clamp(LEAST_IMAGES, MOST_IMAGES)
    }
}

impl Operation for Conv {
    fn infer(&self, x: Tensor) -> Tensor {
        self.output(&x, Vec::new())
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        let memory = std::mem::take(&mut self.spare);
        self.seen = x;
        self.output(&self.seen, memory)
    }

    fn backward(&mut self, dy: Tensor) -> Tensor {
        let x = &self.seen;
        let (block, images) = (self.block(x), Self::block_images(x));
        let filters = filters(self.inputs, &self.weight.value);
        let mut dx = match self.is_first {
            true => Tensor::default(),
            false => x.zeros_like(self.inputs),
        };
        let x_blocks = x.data.par_chunks(images * x.image_len());
        // A block without an input gradient gets an empty slice for it.
        let dx_blocks: Vec<&mut [f32]> = match self.is_first {
            true => x_blocks.clone().map(|_| Default::default()).collect(),
            false => dx.data.chunks_mut(images * x.image_len()).collect(),
        };
        let blocks = dx_blocks.into_par_iter().zip(x_blocks);
        let blocks = blocks.zip(dy.data.par_chunks(images * dy.image_len()));
        let parts = blocks.map(|((dx, x), dy)| block.backward((x, dy), &filters, dx));
        let parts: Vec<Vec<f32>> = parts.collect();
        drop(filters);
        sum_into(&mut self.weight.gradient, &parts);
        self.spare = dy.data;
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
        for (images, height, width) in [(1, 1, 1), (2, 3, 5), (LEAST_IMAGES + 1, 4, 2)] {
            let shape = |channels| (images, height, width, channels);
            gradient::check(Conv::new(2, 3, false, &mut random), shape(2));
            let channels = WINOGRAD_INPUTS + 1;
            gradient::check(Conv::new(channels, 2, false, &mut random), shape(channels));
        }
    }

    #[test]
    fn both_ways_lead_to_the_same_sums() {
        let mut random = fastrand::Rng::with_seed(4);
        for (images, height, width, inputs, outputs) in
            [(2, 1, 1, 8, 1), (3, 5, 4, 11, 9), (40, 4, 4, 16, 8)]
        {
            let x = gradient::random_tensor((images, height, width, inputs), &mut random);
            let dy = gradient::random_tensor((images, height, width, outputs), &mut random);
            let mut conv = Conv::new(inputs, outputs, false, &mut random);
            let y = conv.forward(x.clone());
            let dx = conv.backward(dy.clone());

            let (block, filters) = (conv.block(&x), &conv.weight.value);
            let mut expected = (y.zeros_like(outputs), x.zeros_like(inputs));
            let unrolled = &mut Vec::new();
            im2col::forward(block, &x.data, filters, &mut expected.0.data, unrolled);
            let gradient = im2col::backward(
                block,
                &x.data,
                &dy.data,
                filters,
                &mut expected.1.data,
                unrolled,
            );
            assert_close(&y.data, &expected.0.data);
            assert_close(&dx.data, &expected.1.data);
            assert_close(&conv.weight.gradient, &gradient);
        }
    }

    /// Equal but for 1e-5 of the largest value.
    fn assert_close(actual: &[f32], expected: &[f32]) {
        let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, f32::max);
        let gap = largest(&mut actual.iter().zip(expected).map(|(a, b)| (a - b).abs()));
        let scale = largest(&mut expected.iter().map(|value| value.abs()));
        assert!(gap <= 1e-5 * scale, "{gap} of {scale}");
        assert_eq!(actual.len(), expected.len());
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
