//! Turns the classes that are asked for into images and manifests, in a folder or in a bucket.
//!
//! What comes out is what SageMaker's image classification reads: `train/` and `test/` with 32x32 RGB PNGs under the
//! archive's file names, and `train.lst` and `test.lst` (see [`crate::manifest`]). The images are the same bytes for
//! the same archive, so a second run can tell what is already in place.

mod bucket;
mod dir;
mod error;
mod image;
mod summary;

#[cfg(test)]
mod tests;

pub use bucket::{Bucket, stage_to_bucket};
pub use dir::stage_to_dir;
pub use error::Error;
pub use summary::{ClassCount, Summary};

use crate::archive::{self, Row, Split};
use crate::classes::Classes;
use crate::manifest::{Line, Manifest};
use crate::progress::Progress;
use std::io::{Read, Seek};
use std::sync::atomic::AtomicU64;
use summary::Counts;

/// An image on its way to where it belongs.
#[derive(Debug)]
struct Image {
    split: Split,
    name: String,
    png: Vec<u8>,
}

/// What a whole pass over the archive gave.
struct Staged {
    train: Manifest,
    test: Manifest,
    summary: Summary,
}

impl Staged {
    fn manifests(&self) -> [(Split, &Manifest); 2] {
        [(Split::Train, &self.train), (Split::Test, &self.test)]
    }
}

/// Passes over the archive once: each image goes to `put`, the manifests come back.
fn run(
    archive: &mut (impl Read + Seek),
    classes: &Classes,
    images: &AtomicU64,
    progress: &mut impl Progress,
    mut put: impl FnMut(Image) -> Result<(), Error>,
) -> Result<Staged, Error> {
    let (mut train, mut test) = (Manifest::default(), Manifest::default());
    let mut counts = Counts::new(classes);
    let mut encoder = image::Encoder::default();
    let mut visit = |row: Row<'_>| {
        let Some(class) = classes.index(row.label) else {
            return Ok(());
        };
        counts.add(class, row.split);
        let manifest = if row.split == Split::Train {
            &mut train
        } else {
            &mut test
        };
        manifest.push(Line {
            row: row.number,
            class,
            path: row.name.to_owned(),
        });
        put(Image {
            split: row.split,
            name: row.name.to_owned(),
            png: encoder.encode(row.pixels)?,
        })
    };
    let scanned = archive::scan(archive, classes, images, progress, &mut visit)?;
    let summary = counts.finish(classes, &scanned)?;
    Ok(Staged {
        train,
        test,
        summary,
    })
}
