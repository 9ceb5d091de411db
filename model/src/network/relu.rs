//! The rectifier: negative values become 0.

use super::Operation;
use super::tensor::Tensor;
use super::vectorized::vectorized;
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
            vectorized(
                #[inline(always)]
                || block.iter_mut().for_each(|value| *value = value.max(0.0)),
            );
        });
        x
    }

    fn forward(&mut self, mut x: Tensor) -> Tensor {
        let block = x.block_len();
        self.passed.resize(x.data.len(), false);
        let blocks = x.data.par_chunks_mut(block);
        let blocks = blocks.zip(self.passed.par_chunks_mut(block));
        blocks.for_each(|(x, passed)| {
            vectorized(
                #[inline(always)]
                || rectify(x, passed),
            );
        });
        x
    }

    fn backward(&mut self, mut dy: Tensor) -> Tensor {
        let block = dy.block_len();
        let blocks = dy.data.par_chunks_mut(block);
        blocks
            .zip(self.passed.par_chunks(block))
            .for_each(|(dy, passed)| {
                vectorized(
                    #[inline(always)]
                    || hold_back(dy, passed),
                );
            });
        dy
    }
}

#[inline(always)]
fn rectify(x: &mut [f32], passed: &mut [bool]) {
    for (value, passed) in x.iter_mut().zip(passed) {
        *passed = *value > 0.0;
        *value = value.max(0.0);
    }
}

/// No gradient where nothing passed.
#[inline(always)]
fn hold_back(dy: &mut [f32], passed: &[bool]) {
    for (dy, passed) in dy.iter_mut().zip(passed) {
        *dy = if *passed { *dy } else { 0.0 };
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
