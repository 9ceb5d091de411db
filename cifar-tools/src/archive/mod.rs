//! Reads the CIFAR-100 python archive as a stream.
//!
//! The archive is a gzipped tar of the pickles `train`, `test` and `meta`, in this order. Each of
//! the first two is a dictionary of `filenames`, `batch_label`, `fine_labels`, `coarse_labels` and
//! `data`: one row of 3,072 bytes an image, 1,024 red, 1,024 green, 1,024 blue, each plane row by
//! row. [`scan`] passes once over the archive and shows the rows of the classes that are wanted
//! while their bytes are inflated; the others are skipped in place.
//!
//! The pass must know the wanted rows before `data` comes. Python 2 wrote `data` last, so it is
//! last in the published archive. In an archive that has `data` first, the first pass only collects
//! the labels, and a second one reads the pixels: that costs time, but no memory and no disk.

mod error;
mod plan;
mod scan;
mod stream;
mod tar;

#[cfg(test)]
mod tests;

pub use error::{Error, StreamError};
pub use scan::{Scanned, scan};

/// Bytes of one image: 32x32 pixels in three colors.
pub const ROW: usize = 3 * 32 * 32;

/// The beginning of `batch_label` in the archives of `cifar-tools sample`.
pub const DRAWN: &str = "drawn sample";

/// One of the two sets of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// 50,000 images in the published archive.
    Train,
    /// 10,000 images in the published archive.
    Test,
}

impl Split {
    /// Both splits, in the archive's order.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// The name of its member of the archive, and of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// An image of a wanted class.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The set it is in.
    pub split: Split,
    /// Its index in the set, from 0, all classes counted.
    pub number: usize,
    /// Its fine label.
    pub label: u8,
    /// Its file name: one component, UTF-8, without control characters.
    pub name: &'a str,
    /// Its pixels, plane by plane.
    pub pixels: &'a [u8; ROW],
}
