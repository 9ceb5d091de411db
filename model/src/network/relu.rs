//! The rectifier: negative values become 0.

use super::Operation;
use super::tensor::Tensor;
use rayon::prelude::*;

/// `max(x, 0)`.
#[derive(Clone, Debug, Default)]
pub struct Relu {
    passed: Vec<bool>,
}

impl Operation for Relu {
    fn infer(&self, mut x: Tensor) -> Tensor {
        let block = x.block_len();
        x.data.par_chunks_mut(block).for_each(|block| {
            block.iter_mut().for_each(|value| *value = value.max(0.0));
        });
        x
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        self.passed.clear();
        self.passed.extend(x.data.iter().map(|value| *value > 0.0));
        self.infer(x)
    }

    fn backward(&mut self, mut dy: Tensor) -> Tensor {
        for (dy, passed) in dy.data.iter_mut().zip(&self.passed) {
            *dy = if *passed { *dy } else { 0.0 };
        }
        dy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        gradient::check(Relu::default(), (9, 2, 2, 3));
    }
}
