//! Staging from a CIFAR-100 archive: the rows of some classes.

use super::summary::Counts;
use super::{Error, Image, StagedSet};
use crate::archive::{self, Row, Split};
use crate::classes::Classes;
use crate::manifest::{Line, Manifest};
use crate::progress::Progress;
use image::{Encoder, SIDE};
use std::io::{Read, Seek};
use std::sync::atomic::AtomicU64;

mod image;

/// Passes over the archive once: each image goes to `put`, the manifests come back.
pub(super) fn run(
    archive: &mut (impl Read + Seek),
    classes: &Classes,
    images: &AtomicU64,
    progress: &mut impl Progress,
    mut put: impl FnMut(Image) -> Result<(), Error>,
) -> Result<StagedSet, Error> {
    let (mut train, mut test) = (Manifest::default(), Manifest::default());
    let mut counts = Counts::new(classes);
    let mut encoder = Encoder::default();
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
    Ok(StagedSet {
        train,
        test,
        image_shape: format!("3,{SIDE},{SIDE}"),
        summary,
    })
}
