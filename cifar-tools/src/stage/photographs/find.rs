//! Finds the images in a folder, and the class of each.

use super::{Error, Photograph};
use crate::archive::Split;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The extensions of the formats that can be read, and of telephones' that can't, so that those are
/// reported.
const EXTENSIONS: [&str; 10] = [
    "bmp", "gif", "heic", "heif", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];

/// The classes and images in a folder.
#[derive(Debug)]
pub(super) struct ImageFolder {
    /// The names of the classes, sorted.
    pub(super) classes: Vec<String>,
    pub(super) splits: Splits,
}

/// Image files by split, if the folder has `train` and `test`.
#[derive(Debug)]
pub(super) enum Splits {
    Split { train: Vec<File>, test: Vec<File> },
    Unsplit(Vec<File>),
}

/// An image file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) class: usize,
    pub(super) path: PathBuf,
    bytes: u64,
}

impl File {
    /// Assigns the file to a split. Its output name is set later.
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
pub(super) fn classes(dir: &Path) -> Result<ImageFolder, Error> {
    let top = folders(dir)?;
    let splits = ["train", "test"].map(|split| dir.join(split));
    if splits.iter().all(|split| top.contains(split)) && top.len() == 2 {
        return split_folders(&splits);
    }
    let classes = names(&top)?;
    let files = files(&top)?;
    check(dir, &classes)?;
    Ok(ImageFolder {
        classes,
        splits: Splits::Unsplit(files),
    })
}

/// Reads `train` and `test`. Each class of `test` must be in `train` too.
fn split_folders([train, test]: &[PathBuf; 2]) -> Result<ImageFolder, Error> {
    let (of_train, of_test) = (folders(train)?, folders(test)?);
    let classes = names(&of_train)?;
    let of_both: BTreeSet<String> = names(&of_test)?.into_iter().collect();
    if let Some(name) = of_both.iter().find(|name| !classes.contains(name)) {
        let why = format!("there is no folder {name} in {}", train.display());
        return Err(images(&test.join(name), why));
    }
    check(train, &classes)?;
    let with_class = |file: File, folders: &[PathBuf]| -> Option<File> {
        let name = folders[file.class].file_name()?.to_string_lossy();
        let class = classes.iter().position(|class| *class == name)?;
        Some(File { class, ..file })
    };
    let test = files(&of_test)?;
    let test = test
        .into_iter()
        .filter_map(|file| with_class(file, &of_test));
    Ok(ImageFolder {
        splits: Splits::Split {
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
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.to_lowercase().as_str()))
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
