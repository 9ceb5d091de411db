//! 3x3 convolution as one matrix product: the neighborhood of each pixel is copied into a row
//! (im2col).
//!
//! For the first layer, whose three channels are too few for Winograd's matrix products. The
//! unrolled block is small enough for the cache, so backward unrolls it again instead of keeping
//! it.

use super::conv::{Block, SIDE, sized};
use super::gemm::{matrix, multiply};

/// Outputs `y` of a block of images `x`; `unrolled` is scratch.
pub(super) fn forward(
    block: Block,
    x: &[f32],
    weight: &[f32],
    y: &mut [f32],
    unrolled: &mut Vec<f32>,
) {
    let columns = SIDE * SIDE * block.inputs;
    let unrolled = sized(unrolled, y.len() / block.outputs * columns);
    im2col(x, block.height, block.width, block.inputs, unrolled);
    multiply(
        &matrix(unrolled, columns),
        &matrix(weight, block.outputs),
        y,
    );
}

/// Gradient of the filters from a block of images and the gradient `dy` of their outputs; also
/// fills the input gradient `dx` if there is one.
pub(super) fn backward(
    block: Block,
    x: &[f32],
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
    unrolled: &mut Vec<f32>,
) -> Vec<f32> {
    let columns = SIDE * SIDE * block.inputs;
    let unrolled = sized(unrolled, dy.len() / block.outputs * columns);
    im2col(x, block.height, block.width, block.inputs, unrolled);
    let dy = matrix(dy, block.outputs);
    let mut gradient = vec![0.0; weight.len()];
    multiply(
        &matrix(unrolled, columns).reversed_axes(),
        &dy,
        &mut gradient,
    );
    if !dx.is_empty() {
        let weight = matrix(weight, block.outputs).reversed_axes();
        multiply(&dy, &weight, unrolled);
        col2im(unrolled, block.height, block.width, block.inputs, dx);
    }
    gradient
}

/// Copies the 3x3 neighborhood of each pixel of `images` into a row of `unrolled`; outside the
/// image is zero.
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

/// The part of an image's row that the three columns around column `x` cover (from, to), and how
/// many values of a patch lie before it, outside the image.
fn span(x: usize, width: usize, channels: usize) -> (usize, usize, usize) {
    let from = x.saturating_sub(1) * channels;
    let to = (x + 2).min(width) * channels;
    (from, to, if x == 0 { channels } else { 0 })
}
