//! `model.tar.gz`: a folder as one file, as SageMaker packs and unpacks it.
//!
//! Read the archives of models with [`unpack`], which trusts nothing in them: the extracted
//! content, and the memory that extracting takes, are bounded ([`limits`]).

pub mod limits;
mod meter;
mod pack;
#[cfg(test)]
mod tests;
mod unpack;

pub use pack::pack;
pub use unpack::unpack;

use std::io;
use std::path::PathBuf;

/// An error of writing or reading an archive. The text does not name the archive: the caller does.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file or folder beside or below the archive can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The bytes are no whole gzip file of a tar archive, or a limit was reached while they were
    /// read.
    #[error("it can't be unpacked: {0}")]
    Unreadable(#[from] io::Error),
    /// An entry that would land outside of the folder, or is neither a file nor a folder.
    #[error("it holds {path}, {what}: pack regular files by relative paths")]
    Unsafe {
        /// The path, as the archive has it.
        path: String,
        /// The reason.
        what: &'static str,
    },
    /// There are no files in it.
    #[error("it has no files in it")]
    Empty,
    /// The entries together are too large.
    #[error("it unpacks to more than {0} bytes")]
    TooLarge(u64),
    /// There are too many entries.
    #[error("it has more than {} entries", limits::ENTRIES)]
    TooMany,
}
