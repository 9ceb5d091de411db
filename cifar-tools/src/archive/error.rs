//! Errors of reading an archive.

use crate::pickle;
use std::io;

const WAY_OUT: &str =
    "download it again with `cifar-tools fetch`, or draw one with `cifar-tools sample`";

/// An error of reading an archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("reading the archive failed: {0}")]
    Io(io::Error),
    /// The bytes are no whole gzip file.
    #[error("the archive {0}; {WAY_OUT}")]
    Stream(StreamError),
    /// The gzip file is whole, but holds no whole tar.
    #[error("the archive's tar is broken: {0}; {WAY_OUT}")]
    Tar(&'static str),
    /// A member is no pickle of the safe subset.
    #[error("the archive's member `{member}`: {source}; {WAY_OUT}")]
    Pickle {
        /// Its name.
        member: &'static str,
        /// The pickle's error.
        source: pickle::Error,
    },
    /// A member is a pickle of something else.
    #[error("the archive's member `{member}` is no CIFAR-100 data: {why}; {WAY_OUT}")]
    Content {
        /// Its name.
        member: &'static str,
        /// The first mismatch.
        why: String,
    },
    /// A member is not there.
    #[error("the archive has no member `{0}`: it is not cifar-100-python.tar.gz; {WAY_OUT}")]
    Missing(&'static str),
}

/// An error of the gzip stream of an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It has no gzip header.
    #[error("is not a gzip file")]
    NotGzip,
    /// It is truncated.
    #[error("is cut off")]
    CutOff,
    /// It does not inflate, or its checksum differs.
    #[error("is corrupt ({0})")]
    Corrupt(String),
    /// It inflates to more than the limit.
    #[error("unpacks to more than {0} bytes, which no CIFAR-100 archive does")]
    TooBig(u64),
    /// The progress closure asked to stop.
    #[error("was read only in part, because reading it was stopped")]
    Stopped,
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

impl From<io::Error> for Error {
    /// Finds the [`StreamError`] that traveled through `std::io`.
    fn from(error: io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<StreamError>())
        {
            Some(stream) => Self::Stream(stream.clone()),
            None => Self::Io(error),
        }
    }
}

impl Error {
    /// Returns true if the progress closure asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Stream(StreamError::Stopped))
    }

    pub(super) fn content(member: &'static str, why: impl Into<String>) -> Self {
        Self::Content {
            member,
            why: why.into(),
        }
    }

    /// An error of the pickle `member`, or of the stream that it came through.
    pub(super) fn pickle(member: &'static str, error: pickle::Error) -> Self {
        match error {
            pickle::Error::Read { source, offset } => match Self::from(source) {
                Self::Io(source) if source.kind() == io::ErrorKind::InvalidData => Self::Pickle {
                    member,
                    source: pickle::Error::Read { offset, source },
                },
                stream => stream,
            },
            source => Self::Pickle { member, source },
        }
    }
}
