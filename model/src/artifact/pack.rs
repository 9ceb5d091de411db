//! `model.tar.gz`: the artifact's folder as one file, as SageMaker makes it and unpacks it.

use model_archive::ArchiveError;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bytes that an archive may unpack to: more is a bomb or not a model of this kind.
const MAX_BYTES: u64 = 4 << 30;

/// A model that can't be packed or unpacked.
#[derive(Debug, thiserror::Error)]
#[error("{archive}: {source}")]
pub struct PackError {
    /// The archive.
    archive: PathBuf,
    /// The cause.
    source: ArchiveError,
}

/// Packs all files below `folder` into `archive`; equal folders give equal archives.
///
/// # Errors
/// A file can't be read or written, or there is none.
pub fn pack(folder: &Path, archive: &Path) -> Result<(), PackError> {
    let packed = model_archive::pack(folder, archive);
    let failed = failed(archive);
    match packed.map_err(&failed)? {
        0 => Err(failed(ArchiveError::Empty)),
        _ => Ok(()),
    }
}

/// Unpacks `archive` into `folder`, which is made if need be.
///
/// # Errors
/// See [`model_archive::unpack`].
pub fn unpack(archive: &Path, folder: &Path) -> Result<(), PackError> {
    unpack_at_most(archive, folder, MAX_BYTES)
}

/// Unpacks at most `max_bytes`, for where there is less room.
///
/// # Errors
/// See [`model_archive::unpack`].
pub fn unpack_at_most(archive: &Path, folder: &Path, max_bytes: u64) -> Result<(), PackError> {
    let failed = failed(archive);
    let file = File::open(archive).map_err(|error| failed(ArchiveError::Unreadable(error)))?;
    model_archive::unpack(file, folder, max_bytes)
        .map(drop)
        .map_err(failed)
}

fn failed(archive: &Path) -> impl Fn(ArchiveError) -> PackError {
    let archive = archive.to_owned();
    move |source| PackError {
        archive: archive.clone(),
        source,
    }
}
