//! A model's archive on its way to the folder that it is served from.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use service::{Objects, private};
use sha2::{Digest, Sha256};

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

/// Downloads and unpacks the model at `url` to the folder `target`; an empty folder if `url` is
/// empty. Does nothing if the folder is there.
///
/// # Errors
///
/// AWS's sentence for a FailureReason.
pub(super) async fn download(
    objects: &Arc<dyn Objects>,
    url: &str,
    target: PathBuf,
) -> Result<(), String> {
    if target.is_dir() {
        return Ok(());
    }
    if url.is_empty() {
        return private::create_dir_all(&target)
            .map_err(|error| format!("{}: {error}", target.display()));
    }
    let (bucket, key) = location(url)?;
    let archive = Scratch::beside(&target)?;
    let saved = objects.save(bucket, key, archive.path()).await;
    if !saved.map_err(|error| format!("{url}: {error}"))? {
        return Err(format!("Could not find model data at {url}."));
    }
    let unpacked = tokio::task::spawn_blocking(move || unpack(archive.path(), &target));
    let unpacked = unpacked.await.map_err(|error| format!("{url}: {error}"))?;
    unpacked.map_err(|error| {
        format!(
            "Failed to extract model data archive from URL \"{url}\". Please ensure that the \
             object located at the URL is a valid tar.gz archive. ({error})"
        )
    })
}

/// A file for the archive of a model, beside the folder that it is to become; gone with this value.
struct Scratch(tempfile::TempPath);

impl Scratch {
    fn beside(target: &Path) -> Result<Self, String> {
        let parent = target.parent().unwrap_or(Path::new("."));
        let made = || {
            private::create_dir_all(parent)?;
            let file = tempfile::Builder::new()
                .prefix(".archive-")
                .tempfile_in(parent)?;
            Ok(file.into_temp_path())
        };
        made()
            .map(Self)
            .map_err(|error: std::io::Error| format!("{}: {error}", parent.display()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

pub(super) fn location(url: &str) -> Result<(&str, &str), String> {
    s3_uri::split(url).map_err(|_| format!("ModelDataUrl {url} is no S3 URI (s3://bucket/key)"))
}

/// Named by the program: URLs and entity tags come from elsewhere.
pub(super) fn folder_of(url: &str, etag: &str) -> PathBuf {
    let digest = Sha256::digest(format!("{url}\n{etag}"));
    Path::new("models").join(hex::encode(&digest[..16]))
}

/// Unpacks an archive to `target`, which appears complete or not at all.
fn unpack(archive: &Path, target: &Path) -> Result<(), ArtifactError> {
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
