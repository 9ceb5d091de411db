//! A network whose weights no longer change, for serving.

use super::average::GlobalAverage;
use super::conv::{Block, Conv, filters};
use super::gemm::{matrix, multiply};
use super::pool::MaxPool;
use super::relu::Relu;
use super::tensor::Tensor;
use super::vectorized::vectorized;
use super::{Layer, Network, Operation};

/// A layer for inference: batch norm is folded into the convolution before it, the temperature into
/// the last layer.
#[derive(Clone, Debug)]
pub(crate) enum Folded {
    /// A 3x3 convolution with zero padding 1: filters `[3, 3, inputs, outputs]` and a bias for each
    /// output.
    Conv {
        inputs: usize,
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
    /// A 2x2 max pool.
    MaxPool,
    /// A rectifier.
    Relu,
    /// The mean over the image.
    GlobalAverage,
    /// A fully connected layer: weights `[inputs, outputs]` and a bias for each output.
    Linear { weight: Vec<f32>, bias: Vec<f32> },
}

impl Network {
    /// Returns the layers for inference, whose logits are divided by `temperature`.
    pub(crate) fn folded(&self, temperature: f32) -> Vec<Folded> {
        let divided = |values: &[f32]| values.iter().map(|value| value / temperature).collect();
        let mut folded = Vec::new();
        let mut layers = self.layers.iter().peekable();
        while let Some(layer) = layers.next() {
            folded.push(match layer {
                Layer::Conv(conv) => match layers.peek() {
                    Some(Layer::Norm(norm)) => fold(conv, norm.as_affine()),
                    _ => fold(conv, (vec![1.0; conv.outputs], vec![0.0; conv.outputs])),
                },
                // The convolution before it has taken it in.
                Layer::Norm(_) => continue,
                Layer::MaxPool(_) => Folded::MaxPool,
                Layer::Relu(_) => Folded::Relu,
                Layer::GlobalAverage(_) => Folded::GlobalAverage,
                Layer::Linear(linear) => Folded::Linear {
                    weight: divided(&linear.weight.value),
                    bias: divided(&linear.bias.value),
                },
            });
        }
        folded
    }
}

/// Folds a factor and an offset for each channel, in this order, into the convolution before them.
fn fold(conv: &Conv, (factor, offset): (Vec<f32>, Vec<f32>)) -> Folded {
    let weight = conv.weight.value.iter().zip(factor.iter().cycle());
    Folded::Conv {
        inputs: conv.inputs,
        weight: weight.map(|(weight, factor)| weight * factor).collect(),
        bias: offset,
    }
}

/// A network for serving, whose filters are brought to Winograd's points once.
#[derive(Clone, Debug)]
pub struct Frozen {
    layers: Vec<Folded>,
}

impl Frozen {
    /// Freezes a network, with its logits divided by `temperature`.
    pub fn new(network: &Network, temperature: f32) -> Self {
        let mut layers = network.folded(temperature);
        for layer in &mut layers {
            if let Folded::Conv { inputs, weight, .. } = layer {
                *weight = filters(*inputs, weight).into_owned();
            }
        }
        Self { layers }
    }

    /// Returns the logits of a few images, computed on one thread.
    pub fn infer(&self, x: Tensor) -> Tensor {
        infer(&self.layers, x)
    }

    /// Returns the input of the last layer for a few images, a row each.
    pub fn embed(&self, x: Tensor) -> Tensor {
        let last = self.layers.len().saturating_sub(1);
        infer(&self.layers[..last], x)
    }
}

fn infer(layers: &[Folded], x: Tensor) -> Tensor {
    // One way into the thread pool, which the layers then don't leave; few images are one block,
    // and stay on a thread.
    rayon::scope(|_| layers.iter().fold(x, Folded::infer))
}

impl Folded {
    fn infer(x: Tensor, layer: &Self) -> Tensor {
        match layer {
            Self::Conv {
                inputs,
                weight,
                bias,
            } => convolved(&x, *inputs, weight, bias),
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
    vectorized(
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
