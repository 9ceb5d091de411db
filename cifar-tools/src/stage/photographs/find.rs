//! Which images there are, and of which class each is.

use super::{Error, Photograph};
use crate::archive::Split;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The endings of the formats that can be read, and of telephones' that can't, so that those are reported.
const ENDINGS: [&str; 10] = [
    "bmp", "gif", "heic", "heif", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];

/// What is in a folder of images.
#[derive(Debug)]
pub(super) struct Found {
    /// The names of the classes, sorted.
    pub(super) classes: Vec<String>,
    pub(super) splits: Splits,
}

/// Whether someone has chosen the test images already.
#[derive(Debug)]
pub(super) enum Splits {
    Given { train: Vec<File>, test: Vec<File> },
    None(Vec<File>),
}

/// An image file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) class: usize,
    pub(super) path: PathBuf,
    bytes: u64,
}

impl File {
    /// It, in a split; its name is still to be found.
    pub(super) fn photograph(self, split: Split) -> Photograph {
        Photograph {
            split,
            class: self.class,
            name: String::new(),
            path: self.path,
            bytes: self.bytes,
        }
    }
}

/// Finds the classes in `dir`, and the images of each.
pub(super) fn classes(dir: &Path) -> Result<Found, Error> {
    let top = folders(dir)?;
    let halves = ["train", "test"].map(|half| dir.join(half));
    if halves.iter().all(|half| top.contains(half)) && top.len() == 2 {
        return halves_of(&halves);
    }
    let classes = names(&top)?;
    let files = files(&top)?;
    check(dir, &classes)?;
    Ok(Found {
        classes,
        splits: Splits::None(files),
    })
}

/// Both halves have the classes of either.
fn halves_of([train, test]: &[PathBuf; 2]) -> Result<Found, Error> {
    let (of_train, of_test) = (folders(train)?, folders(test)?);
    let classes = names(&of_train)?;
    let of_both: BTreeSet<String> = names(&of_test)?.into_iter().collect();
    if let Some(name) = of_both.iter().find(|name| !classes.contains(name)) {
        let why = format!("there is no folder {name} in {}", train.display());
        return Err(images(&test.join(name), why));
    }
    check(train, &classes)?;
    let place = |file: File, folders: &[PathBuf]| -> Option<File> {
        let name = folders[file.class].file_name()?.to_string_lossy();
        let class = classes.iter().position(|class| *class == name)?;
        Some(File { class, ..file })
    };
    let test = files(&of_test)?;
    let test = test.into_iter().filter_map(|file| place(file, &of_test));
    Ok(Found {
        splits: Splits::Given {
            train: files(&of_train)?,
            test: test.collect(),
        },
        classes,
    })
}

/// The folders in a folder, by name; those that begin with a dot are of other programs.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = sorted(dir)?.into_iter();
    Ok(entries.filter(|path| path.is_dir()).collect())
}

fn sorted(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = |source| Error::Read {
        path: dir.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(read)? {
        let entry = entry.map_err(read)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The labels that folders stand for.
fn names(folders: &[PathBuf]) -> Result<Vec<String>, Error> {
    let name = |folder: &PathBuf| {
        let name = folder.file_name().and_then(|name| name.to_str());
        match name {
            Some(name) if !name.contains(',') && !name.contains(char::is_control) => {
                Ok(name.to_owned())
            }
            _ => Err(images(
                folder,
                "a label has no comma and is UTF-8: rename the folder".to_owned(),
            )),
        }
    };
    folders.iter().map(name).collect()
}

/// The image files in the folders of classes.
fn files(folders: &[PathBuf]) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for (class, folder) in folders.iter().enumerate() {
        for path in sorted(folder)?.into_iter().filter(|path| is_image(path)) {
            let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            files.push(File { class, path, bytes });
        }
    }
    Ok(files)
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.to_lowercase().as_str()))
}

fn check(dir: &Path, classes: &[String]) -> Result<(), Error> {
    if classes.len() < 2 {
        let why = "a folder for each of at least two classes is expected in it".to_owned();
        return Err(images(dir, why));
    }
    Ok(())
}

fn images(path: &Path, why: String) -> Error {
    Error::Images {
        path: path.to_owned(),
        why,
    }
}
