//! Pictures with their classes, read from a folder and a list.

use super::picture::{Picture, PictureError, Size};
use lst::{Line, Manifest};
use rayon::prelude::*;
use std::io;
use std::path::{Path, PathBuf};

/// Pictures in memory.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The pictures.
    pub pictures: Vec<Picture>,
    /// The class of each picture.
    pub classes: Vec<usize>,
}

/// Why a data set can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The list can't be read.
    #[error("can't read the list {path}: {source}")]
    List {
        /// The list.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// A line of the list is wrong.
    #[error("{path}, {source}")]
    Line {
        /// The list.
        path: PathBuf,
        /// Which line, and why.
        source: lst::Error,
    },
    /// The list names no image.
    #[error("the list {0} names no image")]
    Empty(PathBuf),
    /// A class that the model doesn't have.
    #[error(
        "{path} gives {image} the class {class}, but there are {classes} classes, numbered from 0"
    )]
    Class {
        /// The list.
        path: PathBuf,
        /// The image.
        image: PathBuf,
        /// Its class.
        class: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// An image can't be read.
    #[error("can't read the image {path}, which {list} names: {source}")]
    Image {
        /// The image.
        path: PathBuf,
        /// The list.
        list: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// A file is not an image.
    #[error("{path}: {source}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PictureError,
    },
}

impl Dataset {
    /// Reads the images that `list` names below `folder`, and fits them to `size`.
    pub fn read(
        folder: &Path,
        list: &Path,
        classes: usize,
        size: Size,
    ) -> Result<Self, DatasetError> {
        let manifest = read_list(list, classes)?;
        let lines = manifest.lines();
        let pictures = lines
            .par_iter()
            .map(|line| read_picture(folder, list, line, size));
        let pictures = pictures.collect::<Result<_, _>>()?;
        Ok(Self {
            pictures,
            classes: lines.iter().map(|line| line.class).collect(),
        })
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }
}

fn read_list(list: &Path, classes: usize) -> Result<Manifest, DatasetError> {
    let path = || list.to_owned();
    let text = std::fs::read_to_string(list).map_err(|source| DatasetError::List {
        path: path(),
        source,
    })?;
    let manifest: Manifest = text.parse().map_err(|source| DatasetError::Line {
        path: path(),
        source,
    })?;
    let lines = manifest.lines();
    if lines.is_empty() {
        return Err(DatasetError::Empty(path()));
    }
    match lines.iter().find(|line| line.class >= classes) {
        None => Ok(manifest),
        Some(line) => Err(DatasetError::Class {
            path: path(),
            image: PathBuf::from(&line.path),
            class: line.class,
            classes,
        }),
    }
}

fn read_picture(
    folder: &Path,
    list: &Path,
    line: &Line,
    size: Size,
) -> Result<Picture, DatasetError> {
    let path = folder.join(&line.path);
    let bytes = std::fs::read(&path);
    let bytes = bytes.map_err(|source| DatasetError::Image {
        path: path.clone(),
        list: list.to_owned(),
        source,
    })?;
    Picture::decode(&bytes, size).map_err(|source| DatasetError::Picture { path, source })
}
