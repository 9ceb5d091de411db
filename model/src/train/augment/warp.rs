//! A picture seen from elsewhere: turned, sheared, nearer or further, wider or higher, mirrored and
//! moved.

use fit_image::Shape;
use std::ops::Range;

/// Turn, in radians.
const TURN: Range<f32> = -0.26..0.26;
/// Columns that a row moves for each row below it.
const SHEAR: Range<f32> = -0.1..0.1;
/// Logarithm of the size of a pixel of the picture.
const ZOOM: Range<f32> = -0.2..0.2;
/// Logarithm of the square root of a pixel's width by its height.
const ASPECT: Range<f32> = -0.1..0.1;
/// Move, as a part of the side.
const MOVE: Range<f32> = -0.125..0.125;

/// From a place in the new picture to one in the old, both counted from their centers: `matrix *
/// place + offset`.
struct Warp {
    matrix: [[f32; 2]; 2],
    offset: [f32; 2],
}

impl Warp {
    /// One that keeps what can be seen recognizable. Rows come first, columns second.
    fn random(shape: Shape, random: &mut fastrand::Rng) -> Self {
        let mut uniform = |range: &Range<f32>| super::uniform(range, random);
        let (sin, cos) = uniform(&TURN).sin_cos();
        let (shear, zoom, aspect) = (uniform(&SHEAR), uniform(&ZOOM), uniform(&ASPECT));
        let (high, wide) = ((zoom - aspect).exp(), (zoom + aspect).exp());
        let offset = [
            uniform(&MOVE) * shape.height() as f32,
            uniform(&MOVE) * shape.width() as f32,
        ];
        let mirror = if random.bool() { -1.0 } else { 1.0 };
        Self {
            matrix: [
                [(cos - shear * sin) * high, -sin * wide * mirror],
                [(sin + shear * cos) * high, cos * wide * mirror],
            ],
            offset,
        }
    }
}

/// Writes the RGB picture `from`, seen from a random place, to `to`. What lies outside is a
/// reflection.
pub(super) fn warp(from: &[f32], shape: Shape, random: &mut fastrand::Rng, to: &mut [f32]) {
    let warp = Warp::random(shape, random);
    let center = [shape.height(), shape.width()].map(|len| (len as f32 - 1.0) / 2.0);
    for (y, row) in to.chunks_exact_mut(shape.width() * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let (down, right) = (y as f32 - center[0], x as f32 - center[1]);
            let place = [0, 1].map(|axis| {
                let [by_row, by_column] = warp.matrix[axis];
                by_row * down + by_column * right + warp.offset[axis] + center[axis]
            });
            sample(from, shape, place, pixel);
        }
    }
}

/// The color at `place`, between the four pixels around it.
fn sample(from: &[f32], shape: Shape, [y, x]: [f32; 2], pixel: &mut [f32]) {
    let (rows, columns) = (around(y, shape.height()), around(x, shape.width()));
    pixel.fill(0.0);
    for (row, high) in rows {
        for (column, wide) in columns {
            let color = &from[(row * shape.width() + column) * 3..][..3];
            let weight = high * wide;
            pixel
                .iter_mut()
                .zip(color)
                .for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

/// The two positions in `0..len` next to `place`, with their weights.
fn around(place: f32, len: usize) -> [(usize, f32); 2] {
    let below = place.floor();
    let part = place - below;
    [(below, 1.0 - part), (below + 1.0, part)]
        .map(|(position, weight)| (reflected(position as isize, len), weight))
}

/// A position that may lie outside `0..len`, reflected at the edges without repeating them; at most
/// once at each.
fn reflected(position: isize, len: usize) -> usize {
    let last = len as isize - 1;
    let inside = last - (last - position.abs()).abs();
    inside.max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: usize = 12;
    const WIDTH: usize = 16;

    fn shape() -> Shape {
        Shape::new(HEIGHT, WIDTH).unwrap()
    }

    #[test]
    fn a_plain_picture_stays_as_it_is() {
        let from: Vec<f32> = [0.5, -1.0, 2.0].repeat(HEIGHT * WIDTH);
        for seed in 0..50 {
            let mut to = vec![f32::NAN; from.len()];
            warp(&from, shape(), &mut fastrand::Rng::with_seed(seed), &mut to);
            let largest = to.iter().zip(&from).map(|(a, b)| (a - b).abs());
            assert!(largest.fold(0.0, f32::max) < 1e-5);
        }
    }

    #[test]
    fn what_is_in_the_middle_stays_near_it() {
        let mut from = vec![0.0; HEIGHT * WIDTH * 3];
        for (y, x) in [(5, 7), (5, 8), (6, 7), (6, 8)] {
            from[(y * WIDTH + x) * 3] = 1.0;
        }
        for seed in 0..50 {
            let mut to = vec![f32::NAN; from.len()];
            warp(&from, shape(), &mut fastrand::Rng::with_seed(seed), &mut to);
            let mass: f32 = to.iter().step_by(3).sum();
            let row = |index: usize| (index / WIDTH) as f32 * to[index * 3];
            let mean_row = (0..HEIGHT * WIDTH).map(row).sum::<f32>() / mass;
            // Four pixels, of at most 1/0.67 of their side and at least 0.67 of it; moved by at
            // most 1.5 rows.
            assert!((1.5..9.5).contains(&mass), "{mass}");
            assert!((3.0..8.0).contains(&mean_row), "{mean_row}");
        }
    }

    #[test]
    fn positions_are_reflected_at_both_edges() {
        let reflect = |position| reflected(position, 4);
        assert_eq!([-2, -1, 0, 3, 4, 5].map(reflect), [2, 1, 0, 3, 2, 1]);
        assert_eq!(reflect(100), 0, "further than any warp leads");
    }
}
