//! Splits images into training and test sets, for folders that are not split yet.

use super::Photograph;
use super::find::File;
use crate::archive::Split;
use md5::{Digest, Md5};

/// The test fraction of a split, and its seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The fraction of each class that goes to the test set, above 0 and below 1.
    pub test: f64,
    /// Selects the test images: another seed selects others.
    pub seed: u64,
}

impl Default for Share {
    fn default() -> Self {
        Self { test: 0.2, seed: 1 }
    }
}

/// Chooses the test images of each class by a hash of seed, class and file name, so that neither
/// the machine nor the order of files matters. A class of one image has none for the test; any
/// other has at least one for each.
pub(super) fn split(files: Vec<File>, classes: &[String], share: Share) -> Vec<Photograph> {
    let mut ranked: Vec<([u8; 16], File)> = files
        .into_iter()
        .map(|file| (rank(share.seed, &classes[file.class], &file), file))
        .collect();
    ranked.sort_by(|(a, left), (b, right)| {
        (left.class, a, &left.path).cmp(&(right.class, b, &right.path))
    });
    let mut photographs: Vec<Photograph> = ranked
        .chunk_by(|(_, left), (_, right)| left.class == right.class)
        .flat_map(|class| {
            let for_test = test_images(class.len(), share.test);
            class.iter().enumerate().map(move |(index, (_, file))| {
                let split = if index < for_test {
                    Split::Test
                } else {
                    Split::Train
                };
                file.clone().photograph(split)
            })
        })
        .collect();
    photographs.sort_by(|a, b| {
        let key = |file: &Photograph| (file.split == Split::Test, file.class);
        (key(a), &a.path).cmp(&(key(b), &b.path))
    });
    photographs
}

fn rank(seed: u64, class: &str, file: &File) -> [u8; 16] {
    let name = file.path.file_name().unwrap_or_default();
    let mut hash = Md5::new();
    hash.update(seed.to_le_bytes());
    hash.update(class.as_bytes());
    hash.update(b"/");
    hash.update(name.as_encoded_bytes());
    hash.finalize().into()
}

fn test_images(images: usize, share: f64) -> usize {
    let test = (images as f64 * share).round() as usize;
    test.clamp(usize::from(images > 1), images.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_gives_its_share_and_keeps_some() {
        for (images, share, expected) in [
            (10, 0.2, 2),
            (100, 0.25, 25),
            (3, 0.01, 1),
            (3, 0.99, 2),
            (2, 0.2, 1),
            (1, 0.5, 0),
            (0, 0.5, 0),
        ] {
            assert_eq!(test_images(images, share), expected, "{images} {share}");
        }
    }
}
