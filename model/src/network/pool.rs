//! Max pooling: the largest of each 2x2 square; a last odd row or column is left out, as ONNX does.

use super::Operation;
use super::tensor::Tensor;
use super::vectorized::vectorized;
use rayon::prelude::*;

/// Max pooling over 2x2 squares, stride 2.
#[derive(Clone, Debug, Default)]
pub struct MaxPool {
    /// The input, whose memory its gradient takes.
    seen: Tensor,
    /// The pixel (0 to 3, row by row) that gave each output.
    winners: Vec<u8>,
}

impl MaxPool {
    /// Pools; notes in `winners` where each value came from.
    fn pool(x: &Tensor, winners: &mut [u8]) -> Tensor {
        let mut y = Tensor::zeros(x.images, x.height / 2, x.width / 2, x.channels);
        let (row, channels) = (x.width * x.channels, x.channels);
        let (image_len, pooled_len) = (x.image_len(), y.image_len());
        let images = y
            .data
            .par_chunks_mut(pooled_len)
            .zip(winners.par_chunks_mut(pooled_len));
        images
            .zip(x.data.par_chunks(image_len))
            .for_each(|((y, winners), x)| {
                vectorized(
                    #[inline(always)]
                    || pool(x, y, winners, (row, channels)),
                );
            });
        y
    }
}

impl Operation for MaxPool {
    fn infer(&self, x: Tensor) -> Tensor {
        Self::pool(&x, &mut vec![0; x.data.len() / 4])
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        self.winners
            .resize(x.images * (x.height / 2) * (x.width / 2) * x.channels, 0);
        let y = Self::pool(&x, &mut self.winners);
        self.seen = x;
        y
    }

    fn backward(&mut self, dy: Tensor) -> Tensor {
        let mut dx = std::mem::take(&mut self.seen);
        // Every value is overwritten, but for those of an odd edge.
        if dx.height % 2 + dx.width % 2 > 0 {
            dx.data.fill(0.0);
        }
        let (row, channels) = (dx.width * dx.channels, dx.channels);
        let (image_len, pooled_len) = (dx.image_len(), dy.image_len());
        let images = dx
            .data
            .par_chunks_mut(image_len)
            .zip(dy.data.par_chunks(pooled_len));
        images
            .zip(self.winners.par_chunks(pooled_len))
            .for_each(|((dx, dy), winners)| {
                vectorized(
                    #[inline(always)]
                    || unpool(dx, dy, winners, (row, channels)),
                );
            });
        dx
    }
}

/// Pools one image, whose rows hold `row` values.
#[inline(always)]
fn pool(x: &[f32], y: &mut [f32], winners: &mut [u8], (row, channels): (usize, usize)) {
    let pixels = y
        .chunks_exact_mut(channels)
        .zip(winners.chunks_exact_mut(channels));
    for (pixel, (y, winners)) in pixels.enumerate() {
        let corner = corner(pixel, row, channels);
        y.copy_from_slice(&x[corner..corner + channels]);
        winners.fill(0);
        for (index, offset) in [(1, channels), (2, row), (3, row + channels)] {
            let candidates = &x[corner + offset..][..channels];
            for ((y, winner), candidate) in y.iter_mut().zip(winners.iter_mut()).zip(candidates) {
                *winner = if candidate > y { index } else { *winner };
                *y = y.max(*candidate);
            }
        }
    }
}

/// Takes gradients to where the values came from, and 0 to the other pixels of their squares.
#[inline(always)]
fn unpool(dx: &mut [f32], dy: &[f32], winners: &[u8], (row, channels): (usize, usize)) {
    let pixels = dy
        .chunks_exact(channels)
        .zip(winners.chunks_exact(channels));
    for (pixel, (dy, winners)) in pixels.enumerate() {
        let corner = corner(pixel, row, channels);
        for (index, offset) in [(0, 0), (1, channels), (2, row), (3, row + channels)] {
            let dx = &mut dx[corner + offset..][..channels];
            for ((dx, dy), winner) in dx.iter_mut().zip(dy).zip(winners) {
                *dx = if *winner == index { *dy } else { 0.0 };
            }
        }
    }
}

/// Returns the index in the input image, whose rows hold `row` values, at which the square of an
/// output pixel begins.
fn corner(pixel: usize, row: usize, channels: usize) -> usize {
    let pooled_width = row / channels / 2;
    pixel / pooled_width * 2 * row + pixel % pooled_width * 2 * channels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn takes_the_largest_and_leaves_out_an_odd_edge() {
        let data = (0..15).map(|value| value as f32).collect();
        let x = Tensor {
            images: 1,
            height: 3,
            width: 5,
            channels: 1,
            data,
        };
        assert_eq!(MaxPool::default().infer(x).data, [6.0, 8.0]);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        gradient::check(MaxPool::default(), (3, 4, 6, 2));
        gradient::check(MaxPool::default(), (2, 5, 3, 1));
    }
}
