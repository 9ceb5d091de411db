//! Variations of a training image: crop, mirror, warp, light and color, cutout.
//!
//! They work on normalized values, where 0 is the mean color of the training images.

mod warp;

use fit_image::Shape;
use std::ops::Range;

/// The variations that are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augmentation {
    /// Moves the image by up to an eighth of its size and mirrors every second one. What moves in
    /// is a reflection.
    pub crop: bool,
    /// Changes contrast, light and color.
    pub color: bool,
    /// Turns, shears and scales every second image, besides moving and mirroring it.
    pub warp: bool,
    /// Covers a random square of a quarter of the image's side.
    pub cutout: bool,
}

/// Change of contrast, as a part of it.
const CONTRAST: Range<f32> = -0.25..0.25;
/// Change of light, in standard deviations.
const LIGHT: Range<f32> = -0.3..0.3;
/// Change of each color, in standard deviations.
const COLOR: Range<f32> = -0.15..0.15;

impl Augmentation {
    /// All variations.
    pub const FULL: Self = Self {
        crop: true,
        color: true,
        warp: true,
        cutout: true,
    };
    /// The image as it is.
    pub const NONE: Self = Self {
        crop: false,
        color: false,
        warp: false,
        cutout: false,
    };

    /// Writes a variation of the normalized RGB image `from` to `to`.
    pub(super) fn apply(
        self,
        from: &[f32],
        shape: Shape,
        random: &mut fastrand::Rng,
        to: &mut [f32],
    ) {
        // A warp blurs a little: half of the images keep their sharp pixels.
        match (self.warp && random.bool(), self.crop) {
            (true, _) => warp::warp(from, shape, random, to),
            (false, true) => crop(from, shape, random, to),
            (false, false) => to.copy_from_slice(from),
        }
        if self.color {
            color(to, random);
        }
        if self.cutout {
            cutout(to, shape, random);
        }
    }
}

fn crop(from: &[f32], shape: Shape, random: &mut fastrand::Rng, to: &mut [f32]) {
    let down = shift(shape.height(), random);
    let right = shift(shape.width(), random);
    let mirrored = random.bool();
    for (y, row) in to.chunks_exact_mut(shape.width() * 3).enumerate() {
        let from = &from[reflected(y, down, shape.height()) * shape.width() * 3..];
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let x = if mirrored { shape.width() - 1 - x } else { x };
            let x = reflected(x, right, shape.width());
            pixel.copy_from_slice(&from[x * 3..x * 3 + 3]);
        }
    }
}

fn shift(len: usize, random: &mut fastrand::Rng) -> isize {
    let most = (len / 8) as isize;
    random.isize(-most..=most)
}

/// `position + shift`, reflected at the edges of `0..len` without repeating them; `shift` is less
/// than `len`.
fn reflected(position: usize, shift: isize, len: usize) -> usize {
    let position = position as isize + shift;
    let last = len as isize - 1;
    (last - (last - position.abs()).abs()) as usize
}

fn color(image: &mut [f32], random: &mut fastrand::Rng) {
    let factor = 1.0 + uniform(&CONTRAST, random);
    let light = uniform(&LIGHT, random);
    let offsets = [(); 3].map(|()| light + uniform(&COLOR, random));
    for pixel in image.chunks_exact_mut(3) {
        pixel
            .iter_mut()
            .zip(offsets)
            .for_each(|(value, offset)| *value = *value * factor + offset);
    }
}

fn uniform(range: &Range<f32>, random: &mut fastrand::Rng) -> f32 {
    range.start + (range.end - range.start) * random.f32()
}

fn cutout(image: &mut [f32], shape: Shape, random: &mut fastrand::Rng) {
    let rows = covered(shape.height(), random);
    let columns = covered(shape.width(), random);
    for row in image
        .chunks_exact_mut(shape.width() * 3)
        .take(rows.end)
        .skip(rows.start)
    {
        row[columns.start * 3..columns.end * 3].fill(0.0);
    }
}

/// A quarter of `0..len` around a random place, less what lies outside.
fn covered(len: usize, random: &mut fastrand::Rng) -> Range<usize> {
    let half = len / 8;
    let center = random.usize(0..len);
    center.saturating_sub(half)..(center + half).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: usize = 16;
    const WIDTH: usize = 8;

    fn shape() -> Shape {
        Shape::new(HEIGHT, WIDTH).unwrap()
    }

    fn image() -> Vec<f32> {
        (0..HEIGHT * WIDTH * 3)
            .map(|value| 1.0 + value as f32)
            .collect()
    }

    fn apply(augmentation: Augmentation, seed: u64) -> Vec<f32> {
        let mut to = vec![f32::NAN; image().len()];
        augmentation.apply(
            &image(),
            shape(),
            &mut fastrand::Rng::with_seed(seed),
            &mut to,
        );
        to
    }

    #[test]
    fn nothing_changes_nothing() {
        assert_eq!(apply(Augmentation::NONE, 1), image());
    }

    #[test]
    fn a_crop_moves_whole_pixels_of_the_image() {
        let crop = Augmentation {
            crop: true,
            ..Augmentation::NONE
        };
        for seed in 0..50 {
            let moved = apply(crop, seed);
            assert!(
                moved
                    .chunks(3)
                    .all(|pixel| image().chunks(3).any(|original| original == pixel))
            );
        }
        assert_ne!(apply(crop, 1), apply(crop, 2));
    }

    #[test]
    fn positions_are_reflected_at_both_edges() {
        let positions: Vec<usize> = (0..4).map(|position| reflected(position, -2, 4)).collect();
        assert_eq!(positions, [2, 1, 0, 1]);
        let positions: Vec<usize> = (0..4).map(|position| reflected(position, 2, 4)).collect();
        assert_eq!(positions, [2, 3, 2, 1]);
    }

    #[test]
    fn a_cutout_covers_at_most_a_quarter_of_each_side() {
        let covered = |seed| {
            apply(
                Augmentation {
                    cutout: true,
                    ..Augmentation::NONE
                },
                seed,
            )
        };
        for seed in 0..50 {
            let zeros = covered(seed).iter().filter(|value| **value == 0.0).count();
            assert!(zeros > 0 && zeros <= HEIGHT / 4 * WIDTH / 4 * 3, "{zeros}");
        }
    }

    #[test]
    fn colors_change_every_value_a_little() {
        let changed = apply(
            Augmentation {
                color: true,
                ..Augmentation::NONE
            },
            3,
        );
        let pairs = changed.iter().zip(image());
        assert!(
            pairs
                .clone()
                .all(|(new, old)| (new - old).abs() <= 0.25 * old + 0.45)
        );
        assert!(pairs.clone().any(|(new, old)| (new - old).abs() > 1e-3));
    }
}
