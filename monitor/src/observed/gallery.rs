//! Thumbnails of the images that a person should review.

use crate::pictures::ImageFile;

/// Number of images of each kind.
const CAPACITY: usize = 12;

/// A prediction with its image.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryImage {
    /// The ID for finding the record.
    pub id: String,
    /// The predicted class.
    pub predicted: usize,
    /// The confidence of the prediction.
    pub confidence: f32,
    /// The true class, if it is known.
    pub class: Option<usize>,
    /// A PNG file; empty if the image can't be decoded.
    pub png: Vec<u8>,
}

/// The least confident predictions, and the most confident wrong ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gallery {
    /// The least confident first.
    pub doubtful: Vec<GalleryImage>,
    /// Wrong predictions, the most confident first.
    pub wrong: Vec<GalleryImage>,
}

impl Gallery {
    pub(super) fn offer(
        &mut self,
        id: &str,
        image: &ImageFile<'_>,
        predicted: usize,
        confidence: f32,
        class: Option<usize>,
    ) {
        let render = || GalleryImage {
            id: id.to_owned(),
            predicted,
            confidence,
            class,
            png: image.thumbnail(),
        };
        keep(
            &mut self.doubtful,
            |kept| kept.confidence <= confidence,
            render,
        );
        if class.is_some_and(|class| class != predicted) {
            keep(
                &mut self.wrong,
                |kept| kept.confidence >= confidence,
                render,
            );
        }
    }
}

/// Inserts an image in order if it ranks among the first; renders it only then.
fn keep(
    kept: &mut Vec<GalleryImage>,
    goes_before: impl Fn(&GalleryImage) -> bool,
    render: impl FnOnce() -> GalleryImage,
) {
    let index = kept.partition_point(goes_before);
    if index < CAPACITY {
        kept.truncate(CAPACITY - 1);
        kept.insert(index, render());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::png;

    #[test]
    fn the_least_sure_and_the_surest_wrong_are_kept() {
        let mut gallery = Gallery::default();
        let image = png(1, 0);
        for n in 0..100usize {
            // 37 and 100 have no common factor: the order is mixed, and all come.
            let confidence = (n * 37 % 100) as f32 / 100.0;
            let class = (n % 2 == 0).then_some(usize::from(n % 4 == 0));
            gallery.offer(
                &n.to_string(),
                &ImageFile::new(&image),
                1,
                confidence,
                class,
            );
        }
        let confidences = |kept: &[GalleryImage]| -> Vec<f32> {
            kept.iter().map(|kept| kept.confidence).collect()
        };
        let expected: Vec<f32> = (0..12).map(|n| n as f32 / 100.0).collect();
        assert_eq!(confidences(&gallery.doubtful), expected);
        assert_eq!(gallery.wrong.len(), CAPACITY);
        assert!(
            gallery
                .wrong
                .is_sorted_by(|a, b| a.confidence >= b.confidence)
        );
        assert!(
            gallery
                .wrong
                .iter()
                .all(|kept| kept.class == Some(0) && kept.predicted == 1)
        );
        assert!(!gallery.wrong[0].png.is_empty());
    }
}
