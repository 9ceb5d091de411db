//! Turns images with classes into data sets for SageMaker's image classification, in a folder or in
//! a bucket.
//!
//! The images come from a CIFAR-100 archive, or from folders of photographs ([`Source`]). What
//! comes out is what the algorithm reads: `train/` and `test/` with RGB PNGs, `train.lst` and
//! `test.lst` (see [`crate::manifest`]), and beside them `hyperparameters.json`: what training must
//! be told of the set, `labels` among it, which travel with the model from there. The images are
//! the same bytes for the same source, so a second run can tell what is already in place.

mod bucket;
mod dir;
mod error;
mod hyperparameters;
mod photographs;
mod rows;
mod summary;

#[cfg(test)]
mod tests;

pub use bucket::{Bucket, stage_to_bucket};
pub use dir::stage_to_dir;
pub use error::Error;
pub use photographs::{Photographs, Share};
pub use summary::{ClassCount, Summary};

use crate::archive::Split;
use crate::classes::Classes;
use crate::manifest::Manifest;
use crate::progress::Progress;
use hyperparameters::hyperparameters;
use std::io::{Read, Seek};
use std::sync::atomic::AtomicU64;

/// The source of the images.
pub enum Source<'a> {
    /// Some classes of a CIFAR-100 archive.
    Archive(Box<dyn Archive + 'a>, Classes),
    /// Image files, in a folder for each class.
    Photographs(Photographs),
}

/// An archive that can be read more than once.
pub trait Archive: Read + Seek + Send {}

impl<T: Read + Seek + Send> Archive for T {}

impl<'a> Source<'a> {
    /// `classes` of the CIFAR-100 archive that `archive` reads.
    pub fn archive(archive: impl Archive + 'a, classes: Classes) -> Self {
        Self::Archive(Box::new(archive), classes)
    }

    /// Passes over the source once: each image goes to `put`, the manifests come back.
    fn run(
        &mut self,
        images: &AtomicU64,
        progress: &mut impl Progress,
        put: impl FnMut(Image) -> Result<(), Error>,
    ) -> Result<StagedSet, Error> {
        match self {
            Self::Archive(archive, classes) => rows::run(archive, classes, images, progress, put),
            Self::Photographs(photographs) => photographs.run(images, progress, put),
        }
    }
}

/// An image on its way to the folder or bucket.
#[derive(Debug)]
struct Image {
    split: Split,
    name: String,
    png: Vec<u8>,
}

/// The result of a whole pass over a source.
struct StagedSet {
    train: Manifest,
    test: Manifest,
    /// The images' shape, as the algorithm's hyperparameter `image_shape` has it.
    image_shape: String,
    summary: Summary,
}

/// The number of files that [`StagedSet::files`] returns.
const FILES: usize = 3;

impl StagedSet {
    /// The files written next to the images: name, content type and text.
    fn files(&self) -> Result<[(&'static str, &'static str, String); FILES], Error> {
        let hyperparameters = hyperparameters(&self.summary, &self.image_shape)?;
        Ok([
            ("train.lst", "text/plain", self.train.to_string()),
            ("test.lst", "text/plain", self.test.to_string()),
            (hyperparameters::FILE, "application/json", hyperparameters),
        ])
    }
}
