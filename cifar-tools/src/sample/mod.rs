//! Draws an archive of CIFAR-100's layout, for work and tests without the data set.
//!
//! It holds synthetic bicycles and motorcycles and some images of other classes, in a random order,
//! in the same members and the same pickles as the published archive. The drawings vary in pose,
//! view, size, colors, surroundings, light, sharpness and noise, and some are partly hidden, so
//! that telling them apart has to be learnt. They are no photographs: the archive says so in its
//! `batch_label`, and whatever runs on it has to say so too.
//!
//! The same [`Sizes`] give the same bytes.

mod bicycle;
mod canvas;
mod motorcycle;
mod other;
mod pose;
mod rng;
mod scene;

#[cfg(test)]
mod tests;

use crate::archive::{DRAWN, ROW, Split};
use crate::classes::NAMES;
use crate::pickle::write::Writer;
use flate2::{Compression, GzBuilder};
use rng::Rng;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tar::{EntryType, Header};

/// The size of a sample, and its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Another seed gives other drawings.
    pub seed: u64,
    /// Training images of each of the two classes.
    pub train: usize,
    /// Test images of each of the two classes.
    pub test: usize,
}

impl Default for Sizes {
    /// Returns the numbers of bicycles and motorcycles in the published archive.
    fn default() -> Self {
        Self {
            seed: 1,
            train: 500,
            test: 100,
        }
    }
}

/// Bicycles per image of another class.
const OTHERS: usize = 2;
const FOLDER: &str = "cifar-100-python";

const COARSE_NAMES: [&str; 20] = [
    "aquatic_mammals",
    "fish",
    "flowers",
    "food_containers",
    "fruit_and_vegetables",
    "household_electrical_devices",
    "household_furniture",
    "insects",
    "large_carnivores",
    "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores",
    "medium_mammals",
    "non-insect_invertebrates",
    "people",
    "reptiles",
    "small_mammals",
    "trees",
    "vehicles_1",
    "vehicles_2",
];

/// A kind of drawing: its labels and the function that draws it.
#[derive(Debug, Clone, Copy)]
struct Kind {
    label: u8,
    coarse: u8,
    draw: fn(&mut Rng) -> [u8; ROW],
}

const BICYCLE: Kind = Kind {
    label: 8,
    coarse: 18,
    draw: bicycle::draw,
};
const MOTORCYCLE: Kind = Kind {
    label: 48,
    coarse: 18,
    draw: motorcycle::draw,
};

/// Writes the archive to `file`, which appears whole or not at all.
///
/// # Errors
/// The [`io::Error`] of creating, writing or renaming the file.
pub fn write(file: &Path, sizes: Sizes) -> io::Result<()> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = File::create(&part).and_then(|to| archive(BufWriter::new(to), sizes));
    written
        .and_then(|()| fs::rename(&part, file))
        .inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Writes the archive to anything.
///
/// # Errors
/// The [`io::Error`]s of `to`.
pub fn archive(to: impl Write, sizes: Sizes) -> io::Result<()> {
    let gzip = GzBuilder::new().mtime(0).write(to, Compression::new(6));
    let mut tar = tar::Builder::new(gzip);
    append(&mut tar, EntryType::Directory, "", &[])?;
    for split in Split::ALL {
        append(
            &mut tar,
            EntryType::Regular,
            split.name(),
            &pickle(split, sizes),
        )?;
    }
    append(&mut tar, EntryType::Regular, "meta", &meta())?;
    tar.into_inner()?.finish()?.flush()
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    kind: EntryType,
    name: &str,
    body: &[u8],
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(if kind.is_dir() { 0o755 } else { 0o644 });
    header.set_size(body.len() as u64);
    header.set_mtime(0);
    tar.append_data(&mut header, format!("{FOLDER}/{name}"), body)
}

fn meta() -> Vec<u8> {
    let mut meta = Writer::dict();
    meta.strings("fine_label_names", NAMES.iter().copied());
    meta.strings("coarse_label_names", COARSE_NAMES.iter().copied());
    meta.finish()
}

fn pickle(split: Split, sizes: Sizes) -> Vec<u8> {
    let (each, title) = match split {
        Split::Train => (sizes.train, "training batch 1 of 1"),
        Split::Test => (sizes.test, "testing batch 1 of 1"),
    };
    let mut rng = Rng::new(sizes.seed, split as u64);
    let rows = rows(&mut rng, split, each);
    let mut pixels = Vec::with_capacity(rows.len() * ROW);
    rows.iter()
        .for_each(|(kind, _)| pixels.extend((kind.draw)(&mut rng)));
    let mut pickle = Writer::dict();
    pickle.strings("filenames", rows.iter().map(|(_, name)| name.as_str()));
    pickle.text("batch_label", &format!("{DRAWN}, {title}"));
    pickle.numbers("fine_labels", rows.iter().map(|(kind, _)| kind.label));
    pickle.numbers("coarse_labels", rows.iter().map(|(kind, _)| kind.coarse));
    pickle.matrix("data", rows.len(), ROW, &pixels);
    pickle.finish()
}

/// The kind and the file name of each row, in a random order.
fn rows(rng: &mut Rng, split: Split, each: usize) -> Vec<(Kind, String)> {
    let others = (0..each.div_ceil(OTHERS)).map(|at| other::KINDS[at % other::KINDS.len()]);
    let two = [BICYCLE, MOTORCYCLE]
        .into_iter()
        .flat_map(|kind| (0..each).map(move |_| kind));
    let mut kinds: Vec<Kind> = two.chain(others).collect();
    rng.shuffle(&mut kinds);
    let mut drawn = [0; NAMES.len()];
    let named = kinds.into_iter().map(|kind| {
        let label = usize::from(kind.label);
        drawn[label] += 1;
        (
            kind,
            format!(
                "{}_s_{:06}.png",
                NAMES[label],
                first_number(split) + drawn[label]
            ),
        )
    });
    named.collect()
}

/// Test images are numbered from 513: `bicycle_s_000513.png` is the one that the course's payloads
/// name.
fn first_number(split: Split) -> usize {
    match split {
        Split::Train => 0,
        Split::Test => 512,
    }
}
