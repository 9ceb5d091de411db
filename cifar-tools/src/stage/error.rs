//! Errors of staging. A failed run leaves nothing half-written behind.

use crate::archive;
use std::io;
use std::path::PathBuf;

/// An error of staging.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive could not be read.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The archive has fewer classes.
    #[error("the archive has no class {label}: its classes are 0 to {last}")]
    NoClass {
        /// The requested label.
        label: u8,
        /// The archive's last label.
        last: usize,
    },
    /// The archive calls a class by another name than CIFAR-100 does.
    #[error(
        "the archive calls class {label} `{name}`, not `{requested}`: give classes by number for \
         this archive"
    )]
    OtherName {
        /// The requested name.
        requested: &'static str,
        /// The label that CIFAR-100 gives it.
        label: u8,
        /// The archive's own name of the class.
        name: String,
    },
    /// A class without an image.
    #[error("the archive has no images of class {label} ({name})")]
    NoImages {
        /// Its label.
        label: u8,
        /// Its name.
        name: String,
    },
    /// An image could not be encoded.
    #[error("encoding an image failed: {0}")]
    Encode(String),
    /// A file could not be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder of images has the wrong layout.
    #[error("{path}: {why}", path = path.display())]
    Images {
        /// The file or folder.
        path: PathBuf,
        /// The reason, and the way out.
        why: String,
    },
    /// A class without training images.
    #[error("the class {0} has no image to train on")]
    NoTraining(String),
    /// The progress closure asked to stop.
    #[error("stopped")]
    Stopped,
    /// The output folder holds something else.
    #[error(
        "{out} holds `{other}`, which is no part of a staged set: it would be lost; give --out a \
         new folder",
        out = out.display()
    )]
    Occupied {
        /// The folder.
        out: PathBuf,
        /// The first thing in it that staging did not write.
        other: String,
    },
    /// An S3 request failed.
    #[error("{what}: {why}")]
    S3 {
        /// The failed request.
        what: String,
        /// The response, and the way out if there is a usual one.
        why: String,
    },
}

impl Error {
    /// Returns true if the progress closure asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        match self {
            Self::Archive(error) => error.is_stopped(),
            Self::Stopped => true,
            _ => false,
        }
    }

    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Write { path, source }
    }
}

/// The error that the decoder gets when the uploads ended before it did; the upload's own error is
/// reported instead.
pub(super) fn uploads_ended() -> Error {
    Error::S3 {
        what: "uploading failed".to_owned(),
        why: "the uploads ended early".to_owned(),
    }
}
