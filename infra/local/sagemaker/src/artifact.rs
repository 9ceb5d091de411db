//! A model's archive on its way to the folder that it is served from.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use service::private;

/// Largest unpacked model, in bytes.
const MAX_BYTES: u64 = 2 << 30;

/// Error of unpacking an artifact.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArtifactError {
    /// It is no archive of a model.
    #[error("model.tar.gz: {0}")]
    Archive(#[from] model_archive::ArchiveError),
    /// The disk refused.
    #[error("model.tar.gz can't be unpacked: {0}")]
    Io(#[from] io::Error),
}

/// Unpacks an archive to `target`, which appears complete or not at all.
pub(super) fn unpack(archive: &Path, target: &Path) -> Result<(), ArtifactError> {
    let parent = target.parent().unwrap_or(Path::new("."));
    private::create_dir_all(parent)?;
    let partial = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent)?;
    for file in model_archive::unpack(File::open(archive)?, partial.path(), MAX_BYTES)? {
        File::open(file)?.sync_all()?;
    }
    match fs::rename(partial.path(), target) {
        // Somebody else was unpacking the same model, and came first.
        Err(_) if target.is_dir() => return Ok(()),
        moved => moved?,
    }
    // It has moved: nothing is left to clean up.
    let _ = partial.keep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_appears_complete_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::create_dir(place("in")).unwrap();
        fs::write(place("in/model.onnx"), "onnx").unwrap();
        model_archive::pack(&place("in"), &place("model.tar.gz")).unwrap();
        for _ in 0..2 {
            unpack(&place("model.tar.gz"), &place("models/a")).unwrap();
            assert_eq!(fs::read(place("models/a/model.onnx")).unwrap(), b"onnx");
        }
        let bytes = fs::read(place("model.tar.gz")).unwrap();
        fs::write(place("cut.tar.gz"), &bytes[..bytes.len() / 2]).unwrap();
        let error = unpack(&place("cut.tar.gz"), &place("models/b")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("model.tar.gz: it can't be unpacked: "),
            "{error}"
        );
        assert_eq!(fs::read_dir(place("models")).unwrap().count(), 1);
    }
}
