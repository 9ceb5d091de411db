//! Why staging did not succeed. Nothing half-written is left behind when it did not.

use crate::archive;
use std::io;
use std::path::PathBuf;

/// Why staging did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive could not be read.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The archive has fewer classes.
    #[error("the archive has no class {label}: its classes are 0 to {last}")]
    NoClass {
        /// The label that was asked for.
        label: u8,
        /// The last one there is.
        last: usize,
    },
    /// The archive calls a class by another name than CIFAR-100 does.
    #[error(
        "the archive calls class {label} `{name}`, not `{asked}`: give classes by number for this archive"
    )]
    OtherName {
        /// The name that was asked for.
        asked: &'static str,
        /// The label that CIFAR-100 gives it.
        label: u8,
        /// What this archive calls it.
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
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder of images is not laid out as it should be.
    #[error("{path}: {why}", path = path.display())]
    Images {
        /// What is wrong.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A class that nothing can be learned of.
    #[error("the class {0} has no image to train on")]
    NoTraining(String),
    /// The progress closure asked to stop.
    #[error("stopped")]
    Stopped,
    /// The output folder holds something else.
    #[error(
        "{out} holds `{other}`, which is no part of a staged set: it would be lost; give --out a new folder",
        out = out.display()
    )]
    Occupied {
        /// The folder.
        out: PathBuf,
        /// The first thing in it that is not ours.
        other: String,
    },
    /// S3 refused.
    #[error("{what}: {why}")]
    S3 {
        /// What was tried.
        what: String,
        /// What came back, and the way out if there is a usual one.
        why: String,
    },
}

impl Error {
    /// Whether the progress closure asked to stop.
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

/// What the decoder sees when the uploads ended before it did.
pub(super) fn uploads_ended() -> Error {
    Error::S3 {
        what: "uploading failed".to_owned(),
        why: "the uploads ended early".to_owned(),
    }
}
