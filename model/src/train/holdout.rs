//! A part of the training images that nothing is learned from.

use super::random;
use crate::dataset::Dataset;

/// Splits `data` into what is learned from and what is held out: `share` of each class, chosen by
/// `seed`.
pub(super) fn hold_out(data: Dataset, share: f32, seed: u64) -> (Dataset, Dataset) {
    let classes = data.classes.iter().max().map_or(0, |last| last + 1);
    let mut is_held_out = vec![false; data.len()];
    for class in 0..classes {
        let mut members: Vec<usize> = (0..data.len())
            .filter(|index| data.classes[*index] == class)
            .collect();
        random(seed, usize::MAX, class).shuffle(&mut members);
        let count = (members.len() as f32 * share).round() as usize;
        members[..count]
            .iter()
            .for_each(|index| is_held_out[*index] = true);
    }
    let mut parts = (Dataset::default(), Dataset::default());
    let images = data.images.into_iter().zip(data.classes);
    for ((image, class), is_held_out) in images.zip(is_held_out) {
        let part = if is_held_out {
            &mut parts.1
        } else {
            &mut parts.0
        };
        part.images.push(image);
        part.classes.push(class);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn data() -> Dataset {
        Dataset {
            images: (0..30)
                .map(|value| RgbImage::from_pixel(1, 1, Rgb([value; 3])))
                .collect(),
            classes: (0..30).map(|index| usize::from(index % 3 == 0)).collect(),
        }
    }

    #[test]
    fn every_class_gives_its_share_and_no_image_is_lost() {
        let (learned, held_out) = hold_out(data(), 0.2, 1);
        assert_eq!((learned.len(), held_out.len()), (24, 6));
        assert_eq!(held_out.classes.iter().sum::<usize>(), 2);
        let mut all = [learned.images, held_out.images].concat();
        all.sort_by_key(|image| image.as_raw()[0]);
        assert_eq!(all, data().images);
    }

    #[test]
    fn the_seed_decides_which() {
        let held_out = |seed| hold_out(data(), 0.2, seed).1.images;
        assert_eq!(held_out(1), held_out(1));
        assert_ne!(held_out(1), held_out(2));
    }
}
