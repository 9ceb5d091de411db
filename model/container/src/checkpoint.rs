//! The folder of checkpoints.
//!
//! SageMaker mounts a job's `CheckpointConfig` at `/opt/ml/checkpoints` and keeps it in S3 while
//! the job runs, for managed spot training above all:
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html>

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Returns the folder of a job's checkpoints, if it keeps any.
pub fn folder(root: &Path) -> Option<PathBuf> {
    Some(root.join("checkpoints")).filter(|folder| folder.is_dir())
}

/// Replaces a file as a whole: it appears under its name only when all of it is on disk, so that a
/// job that is killed while it writes leaves the file before.
///
/// # Errors
/// The file can't be written, or its folder is missing.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new()
        .prefix(".checkpoint")
        .tempfile_in(folder)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist(file)?;
    File::open(folder)?.sync_all()
}
