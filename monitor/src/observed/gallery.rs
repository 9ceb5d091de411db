//! The images that a person should look at, small.

use crate::pictures::ImageFile;

/// Number of images of each kind.
const KEPT: usize = 12;

/// An answer, with its image.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryImage {
    /// The id that it is found by.
    pub id: String,
    /// The class that was answered.
    pub predicted: usize,
    /// The confidence of the prediction.
    pub confidence: f32,
    /// The true class, where it is known.
    pub class: Option<usize>,
    /// A PNG file; empty for what is no image.
    pub png: Vec<u8>,
}

/// The least sure answers, and the surest wrong ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gallery {
    /// The least sure first.
    pub doubtful: Vec<GalleryImage>,
    /// Wrong answers, the surest first.
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
        let pictured = || GalleryImage {
            id: id.to_owned(),
            predicted,
            confidence,
            class,
            png: image.thumbnail(),
        };
        keep(
            &mut self.doubtful,
            |kept| kept.confidence <= confidence,
            pictured,
        );
        if class.is_some_and(|class| class != predicted) {
            keep(
                &mut self.wrong,
                |kept| kept.confidence >= confidence,
                pictured,
            );
        }
    }
}

/// Puts it after all that go before it, if it is one of the first then; only then is it made.
fn keep(
    kept: &mut Vec<GalleryImage>,
    goes_before: impl Fn(&GalleryImage) -> bool,
    pictured: impl FnOnce() -> GalleryImage,
) {
    let place = kept.partition_point(goes_before);
    if place < KEPT {
        kept.truncate(KEPT - 1);
        kept.insert(place, pictured());
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
        assert_eq!(gallery.wrong.len(), KEPT);
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
