//! Images with their classes, read from a folder and a `.lst` manifest.

use fit_image::{Shape, UnusableImage};
use image::RgbImage;
use lst::{Line, Manifest};
use rayon::prelude::*;
use std::io;
use std::path::{Path, PathBuf};

/// Images of one shape in memory.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The images, as the network sees them.
    pub images: Vec<RgbImage>,
    /// The class of each image.
    pub classes: Vec<usize>,
}

/// A data set that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The list can't be read.
    #[error("can't read the list {path}: {source}")]
    List {
        /// The list.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A line of the list is wrong.
    #[error("{path}, {source}")]
    Line {
        /// The list.
        path: PathBuf,
        /// The line, and the problem.
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
        /// The number of classes.
        classes: usize,
    },
    /// An image can't be read.
    #[error("can't read the image {path}, which {list} names: {source}")]
    Image {
        /// The image.
        path: PathBuf,
        /// The list.
        list: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file has no image that can be decoded.
    #[error("{path}: {source}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The problem.
        source: UnusableImage,
    },
}

impl Dataset {
    /// Reads the images that `list` names below `folder`, and fits them to `shape`.
    pub fn read(
        folder: &Path,
        list: &Path,
        classes: usize,
        shape: Shape,
    ) -> Result<Self, DatasetError> {
        let manifest = read_list(list, classes)?;
        let lines = manifest.lines();
        let images = lines
            .par_iter()
            .map(|line| read_image(folder, list, line, shape));
        let images = images.collect::<Result<_, _>>()?;
        Ok(Self {
            images,
            classes: lines.iter().map(|line| line.class).collect(),
        })
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Returns true if there is no image.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
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

fn read_image(
    folder: &Path,
    list: &Path,
    line: &Line,
    shape: Shape,
) -> Result<RgbImage, DatasetError> {
    let path = folder.join(&line.path);
    let bytes = std::fs::read(&path);
    let bytes = bytes.map_err(|source| DatasetError::Image {
        path: path.clone(),
        list: list.to_owned(),
        source,
    })?;
    fit_image::pixels(&bytes, shape).map_err(|source| DatasetError::Unusable { path, source })
}
