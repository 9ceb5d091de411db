//! A fully connected layer: features to logits.

use super::gemm::{matrix, multiply};
use super::tensor::{Parameter, Tensor};
use super::{Named, NamedMut, Operation};

/// `x weight + bias`, over the channels of 1x1 feature maps.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[input, output]`.
    pub weight: Parameter,
    /// One for each output.
    pub bias: Parameter,
    seen: Tensor,
}

impl Linear {
    /// A layer with random weights.
    pub fn new(inputs: usize, outputs: usize, random: &mut fastrand::Rng) -> Self {
        let weight = Parameter::he_uniform(inputs * outputs, inputs, random);
        Self {
            weight,
            bias: Parameter::new(vec![0.0; outputs], false),
            seen: Tensor::default(),
        }
    }

    fn outputs(&self) -> usize {
        self.bias.value.len()
    }
}

impl Operation for Linear {
    fn infer(&self, x: Tensor) -> Tensor {
        let mut y = x.zeros_like(self.outputs());
        multiply(
            &matrix(&x.data, x.channels),
            &matrix(&self.weight.value, self.outputs()),
            &mut y.data,
        );
        for row in y.data.chunks_exact_mut(self.outputs()) {
            row.iter_mut()
                .zip(&self.bias.value)
                .for_each(|(y, bias)| *y += bias);
        }
        y
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        self.seen = x.clone();
        self.infer(x)
    }

    fn backward(&mut self, dy: Tensor) -> Tensor {
        let (x, outputs) = (&self.seen, self.outputs());
        let mut dx = x.zeros_like(x.channels);
        let dy = matrix(&dy.data, outputs);
        multiply(
            &matrix(&x.data, x.channels).reversed_axes(),
            &dy,
            &mut self.weight.gradient,
        );
        multiply(
            &dy,
            &matrix(&self.weight.value, outputs).reversed_axes(),
            &mut dx.data,
        );
        self.bias.gradient.fill(0.0);
        for row in dy.rows() {
            self.bias
                .gradient
                .iter_mut()
                .zip(row)
                .for_each(|(sum, dy)| *sum += dy);
        }
        dx
    }

    fn parameters(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight, &mut self.bias]
    }

    fn tensors(&self) -> Vec<Named<'_>> {
        let shape = vec![self.weight.value.len() / self.outputs(), self.outputs()];
        vec![
            ("weight", shape, &self.weight.value),
            ("bias", vec![self.outputs()], &self.bias.value),
        ]
    }

    fn tensors_mut(&mut self) -> Vec<NamedMut<'_>> {
        vec![
            ("weight", &mut self.weight.value),
            ("bias", &mut self.bias.value),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let mut random = fastrand::Rng::with_seed(1);
        gradient::check(Linear::new(4, 3, &mut random), (5, 1, 1, 4));
    }
}
