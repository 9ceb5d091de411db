//! 3x3 convolution by Winograd's minimal filtering (Lavin and Gray, 2016), F(2x2, 3x3).
//!
//! Two by two outputs come from four by four inputs with 16 products instead of 36: inputs and
//! filters are taken to 16 points (`B' d B`, `G g G'`), multiplied there, and the products are
//! brought back (`A' m A`). At each point the products over all channels and tiles are one matrix
//! product. Every step is linear, so the backward pass is the adjoint steps in reverse order. The
//! steps add, subtract and halve: a result differs from the plain sum's in its last bits only.

use super::conv::{Block, SIDE, sized};
use super::gemm::{matrix, multiply};
use super::linear_map::{
    self, DataBack, DataToPoints, FiltersBack, FiltersToPoints, OutputBack, OutputToPoints, Places,
};
use std::array::from_fn;
use std::iter::once;

/// Rows and columns of the inputs of a tile, and of its points.
const INPUTS: usize = 4;
/// Rows and columns of the outputs of a tile.
const OUTPUTS: usize = 2;
/// Products of a tile, for a pair of channels.
const POINTS: usize = INPUTS * INPUTS;

/// Filters `[3, 3, inputs, outputs]` at the points: `[16, inputs, outputs]`.
pub(super) fn filters(weight: &[f32]) -> Vec<f32> {
    let pairs = weight.len() / (SIDE * SIDE);
    let mut points = vec![0.0; POINTS * pairs];
    let (from, to) = (planes::<SIDE>(0, pairs), planes::<INPUTS>(0, pairs));
    linear_map::write::<FiltersToPoints, SIDE, INPUTS>(
        pairs,
        weight,
        &mut points,
        once((from, to)),
    );
    points
}

/// The adjoint of [`filters`]: from the gradient at the points to that of the filters.
fn filters_back(points: &[f32]) -> Vec<f32> {
    let pairs = points.len() / POINTS;
    let mut gradient = vec![0.0; SIDE * SIDE * pairs];
    let (from, to) = (planes::<INPUTS>(0, pairs), planes::<SIDE>(0, pairs));
    linear_map::write::<FiltersBack, INPUTS, SIDE>(pairs, points, &mut gradient, once((from, to)));
    gradient
}

/// Buffers of one thread between the steps of its passes; kept, so that memory is allocated once.
#[derive(Default)]
pub(super) struct Scratch {
    /// Inputs at the points: `[16, tiles, inputs]`.
    data: Vec<f32>,
    /// Outputs at the points: `[16, tiles, outputs]`.
    products: Vec<f32>,
}

/// Outputs `y` of a block of images `x`.
pub(super) fn forward(
    block: Block,
    x: &[f32],
    filters: &[f32],
    y: &mut [f32],
    scratch: &mut Scratch,
) {
    let tiles = Tiles::of(block, x.len());
    let data = sized(&mut scratch.data, POINTS * tiles.count * block.inputs);
    let products = sized(&mut scratch.products, POINTS * tiles.count * block.outputs);
    to_points(&tiles, block.inputs, x, data);
    for point in 0..POINTS {
        multiply(
            &matrix(part(data, point), block.inputs),
            &matrix(part(filters, point), block.outputs),
            part_mut(products, point),
        );
    }
    let places = (0..tiles.count).map(|tile| {
        (
            tiles.points(tile, block.outputs),
            tiles.square(tile, 0, block.outputs),
        )
    });
    linear_map::write::<OutputBack, INPUTS, OUTPUTS>(block.outputs, products, y, places);
}

/// Gradient of the filters from a block of images and the gradient `dy` of their outputs; also
/// fills the input gradient `dx` if there is one.
pub(super) fn backward(
    block: Block,
    x: &[f32],
    dy: &[f32],
    filters: &[f32],
    dx: &mut [f32],
    scratch: &mut Scratch,
) -> Vec<f32> {
    let tiles = Tiles::of(block, x.len());
    let data = sized(&mut scratch.data, POINTS * tiles.count * block.inputs);
    let products = sized(&mut scratch.products, POINTS * tiles.count * block.outputs);
    to_points(&tiles, block.inputs, x, data);
    let places = (0..tiles.count).map(|tile| {
        (
            tiles.square(tile, 0, block.outputs),
            tiles.points(tile, block.outputs),
        )
    });
    linear_map::write::<OutputToPoints, OUTPUTS, INPUTS>(block.outputs, dy, products, places);
    let mut gradient = vec![0.0; filters.len()];
    for point in 0..POINTS {
        let data = part_mut(data, point);
        let products = matrix(part(products, point), block.outputs);
        multiply(
            &matrix(data, block.inputs).reversed_axes(),
            &products,
            part_mut(&mut gradient, point),
        );
        if !dx.is_empty() {
            // The data are used up: their gradient takes their place.
            let filters = matrix(part(filters, point), block.outputs);
            multiply(&products, &filters.reversed_axes(), data);
        }
    }
    if !dx.is_empty() {
        from_points(&tiles, block.inputs, data, dx);
    }
    filters_back(&gradient)
}

/// Inputs to points.
fn to_points(tiles: &Tiles, channels: usize, x: &[f32], data: &mut [f32]) {
    let places = (0..tiles.count).map(|tile| {
        (
            tiles.square(tile, 1, channels),
            tiles.points(tile, channels),
        )
    });
    linear_map::write::<DataToPoints, INPUTS, INPUTS>(channels, x, data, places);
}

/// The adjoint of [`to_points`], added to `dx`: neighboring tiles share inputs.
fn from_points(tiles: &Tiles, channels: usize, data: &[f32], dx: &mut [f32]) {
    let places = (0..tiles.count).map(|tile| {
        (
            tiles.points(tile, channels),
            tiles.square(tile, 1, channels),
        )
    });
    linear_map::add::<DataBack, INPUTS, INPUTS>(channels, data, dx, places);
}

/// The tiles of a block of images: squares of 2x2 outputs, row by row; the last ones may stick out.
struct Tiles {
    height: usize,
    width: usize,
    rows: usize,
    columns: usize,
    count: usize,
}

impl Tiles {
    fn of(block: Block, input_len: usize) -> Self {
        let Block {
            height,
            width,
            inputs,
            ..
        } = block;
        let images = input_len / (height * width * inputs);
        let (rows, columns) = (height.div_ceil(OUTPUTS), width.div_ceil(OUTPUTS));
        Self {
            height,
            width,
            rows,
            columns,
            count: images * rows * columns,
        }
    }

    /// The points of a tile.
    fn points(&self, tile: usize, channels: usize) -> Places<INPUTS> {
        planes(tile * channels, self.count * channels)
    }

    /// The pixels of a tile, with `margin` pixels before its first output.
    fn square<const N: usize>(&self, tile: usize, margin: usize, channels: usize) -> Places<N> {
        let (image, tile) = (
            tile / (self.rows * self.columns),
            tile % (self.rows * self.columns),
        );
        let (top, left) = (tile / self.columns * OUTPUTS, tile % self.columns * OUTPUTS);
        from_fn(|row| {
            from_fn(|column| {
                let y = (top + row)
                    .checked_sub(margin)
                    .filter(|y| *y < self.height)?;
                let x = (left + column)
                    .checked_sub(margin)
                    .filter(|x| *x < self.width)?;
                Some(((image * self.height + y) * self.width + x) * channels)
            })
        })
    }
}

/// Values that lie `stride` apart, from `first` on.
fn planes<const N: usize>(first: usize, stride: usize) -> Places<N> {
    from_fn(|row| from_fn(|column| Some(first + (row * N + column) * stride)))
}

/// The values at one point.
fn part(values: &[f32], point: usize) -> &[f32] {
    let len = values.len() / POINTS;
    &values[point * len..][..len]
}

fn part_mut(values: &mut [f32], point: usize) -> &mut [f32] {
    let len = values.len() / POINTS;
    &mut values[point * len..][..len]
}
