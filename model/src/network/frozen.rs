//! A network whose weights no longer change, for serving: filters are brought to their points once.

use super::Operation;
use super::average::GlobalAverage;
use super::conv::{Block, SIDE, filters};
use super::gemm::{matrix, multiply};
use super::pool::MaxPool;
use super::relu::Relu;
use super::tensor::Tensor;
use super::vectorised::vectorised;

/// A network for serving.
#[derive(Clone, Debug, Default)]
pub struct Frozen {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Conv {
        inputs: usize,
        filters: Vec<f32>,
        bias: Vec<f32>,
    },
    MaxPool,
    Relu,
    GlobalAverage,
    Linear {
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
}

impl Frozen {
    /// Adds a 3x3 convolution with zero padding 1: filters `[3, 3, inputs, outputs]` and a bias for each output.
    pub fn conv(&mut self, weight: &[f32], bias: Vec<f32>) {
        let inputs = weight.len() / (SIDE * SIDE * bias.len());
        self.steps.push(Step::Conv {
            inputs,
            filters: filters(inputs, weight).into_owned(),
            bias,
        });
    }

    /// Adds a 2x2 max pool.
    pub fn max_pool(&mut self) {
        self.steps.push(Step::MaxPool);
    }

    /// Adds a rectifier.
    pub fn relu(&mut self) {
        self.steps.push(Step::Relu);
    }

    /// Adds the mean over the image.
    pub fn global_average(&mut self) {
        self.steps.push(Step::GlobalAverage);
    }

    /// Adds a fully connected layer: weights `[inputs, outputs]` and a bias for each output.
    pub fn linear(&mut self, weight: Vec<f32>, bias: Vec<f32>) {
        self.steps.push(Step::Linear { weight, bias });
    }

    /// Logits of a few images, on one thread.
    pub fn infer(&self, x: Tensor) -> Tensor {
        // One way into the thread pool, which the layers then don't leave; few images are one block, and stay on a thread.
        rayon::scope(|_| self.steps.iter().fold(x, Step::infer))
    }
}

impl Step {
    fn infer(x: Tensor, step: &Self) -> Tensor {
        match step {
            Self::Conv {
                inputs,
                filters,
                bias,
            } => convolved(&x, *inputs, filters, bias),
            Self::MaxPool => MaxPool::default().infer(x),
            Self::Relu => Relu::default().infer(x),
            Self::GlobalAverage => GlobalAverage::default().infer(x),
            Self::Linear { weight, bias } => {
                let mut y = x.zeros_like(bias.len());
                let weight = matrix(weight, bias.len());
                multiply(&matrix(&x.data, x.channels), &weight, &mut y.data);
                add(&mut y.data, bias);
                y
            }
        }
    }
}

fn convolved(x: &Tensor, inputs: usize, filters: &[f32], bias: &[f32]) -> Tensor {
    let mut y = x.zeros_like(bias.len());
    let block = Block {
        height: x.height,
        width: x.width,
        inputs,
        outputs: bias.len(),
    };
    block.forward(&x.data, filters, &mut y.data);
    vectorised(
        #[inline(always)]
        || add(&mut y.data, bias),
    );
    y
}

/// Adds `bias` to each pixel.
#[inline(always)]
fn add(y: &mut [f32], bias: &[f32]) {
    for pixel in y.chunks_exact_mut(bias.len()) {
        let biased = pixel.iter_mut().zip(bias);
        biased.for_each(|(value, bias)| *value += bias);
    }
}
