//! `model.tar.gz`: unpacked, without trusting it.
//!
//! Only directories and regular files below the target, and no more of them than a model has.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType};

/// What a model may unpack to. A gzip file can hold a thousand times its size.
pub(super) const MAX_BYTES: u64 = 2 << 30;
const MAX_ENTRIES: usize = 10_000;

/// Why an artifact can't be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArtifactError {
    /// The bytes are no gzip file with a tar archive in it, or the disk refused.
    #[error("model.tar.gz can't be unpacked: {0}")]
    Broken(#[from] io::Error),
    /// Two bytes and a checksum may do without a file.
    #[error("model.tar.gz has no files in it")]
    Empty,
    /// Something that would land outside, or is no file.
    #[error("model.tar.gz holds {path}, {what}: pack regular files by relative paths")]
    Unsafe {
        /// As the archive has it.
        path: String,
        /// Why not.
        what: &'static str,
    },
    /// More than a model has.
    #[error("model.tar.gz unpacks to more than {MAX_BYTES} bytes or {MAX_ENTRIES} entries")]
    TooLarge,
}

/// Unpacks an archive to `target`, which appears complete or not at all.
pub(super) fn unpack(archive: impl Read, target: &Path) -> Result<(), ArtifactError> {
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let partial = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent)?;
    unpack_into(archive, partial.path(), MAX_BYTES)?;
    match fs::rename(partial.path(), target) {
        // Somebody else was unpacking the same model, and came first.
        Err(_) if target.is_dir() => return Ok(()),
        moved => moved?,
    }
    // It has moved: nothing is left to clean up.
    let _ = partial.keep();
    Ok(())
}

fn unpack_into(archive: impl Read, target: &Path, limit: u64) -> Result<(), ArtifactError> {
    // The limit holds for headers and padding too, which the entries' sizes do not count.
    let reader = GzDecoder::new(archive).take(limit.saturating_add(1));
    let mut archive = Archive::new(reader);
    let mut left = limit;
    let mut files = 0;
    for (index, entry) in archive.entries()?.enumerate() {
        if index == MAX_ENTRIES {
            return Err(ArtifactError::TooLarge);
        }
        let mut entry = entry?;
        left = left
            .checked_sub(entry.size())
            .ok_or(ArtifactError::TooLarge)?;
        files += usize::from(unpack_entry(&mut entry, target)?);
    }
    match files {
        0 => Err(ArtifactError::Empty),
        _ => Ok(()),
    }
}

/// Whether it was a file.
fn unpack_entry<R: Read>(entry: &mut Entry<'_, R>, target: &Path) -> Result<bool, ArtifactError> {
    let path = target.join(safe_path(entry)?);
    match entry.header().entry_type() {
        EntryType::Directory => fs::create_dir_all(path).map(|()| false),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = File::create_new(path)?;
            io::copy(entry, &mut file)?;
            file.sync_all().map(|()| true)
        }
        _ => return Err(refuse(entry, "which is a link or a device")),
    }
    .map_err(ArtifactError::Broken)
}

fn safe_path<R: Read>(entry: &Entry<'_, R>) -> Result<PathBuf, ArtifactError> {
    let path = entry.path()?;
    let mut safe = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => safe.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(refuse(entry, "which leads out of it"));
            }
        }
    }
    Ok(safe)
}

fn refuse<R: Read>(entry: &Entry<'_, R>, what: &'static str) -> ArtifactError {
    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    ArtifactError::Unsafe { path, what }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use tar::{Builder, Header};

    use super::*;

    fn gzip(tar: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(tar).unwrap();
        encoder.finish().unwrap()
    }

    /// An archive of one entry whose name is written as it is, so that it may lie.
    fn entry(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, content).unwrap();
        gzip(&builder.into_inner().unwrap())
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("model");
        let result = unpack(bytes, &target).map_err(|error| error.to_string());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), usize::from(result.is_ok()), "{names:?}");
        result.map(|()| fs::read(target.join("a/model.onnx")).unwrap_or_default())
    }

    #[test]
    fn files_unpack_and_nothing_else_does() {
        let check =
            |bytes: Vec<u8>, expected: Result<&[u8], &str>| match (unpacked(&bytes), expected) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, wanted),
                (Err(found), Err(wanted)) => assert!(found.starts_with(wanted), "{found}"),
                (found, wanted) => panic!("{found:?} {wanted:?}"),
            };
        let file = EntryType::Regular;
        check(entry("a/model.onnx", file, b"onnx"), Ok(b"onnx"));
        check(entry("./a/model.onnx", file, b"onnx"), Ok(b"onnx"));
        check(
            entry("../x", file, b""),
            Err(
                "model.tar.gz holds ../x, which leads out of it: pack regular files by relative paths",
            ),
        );
        check(
            entry("a/../../x", file, b""),
            Err("model.tar.gz holds a/../../x, which leads out of it"),
        );
        check(
            entry("/tmp/x", file, b""),
            Err("model.tar.gz holds /tmp/x, which leads out of it"),
        );
        check(
            entry("x", EntryType::Symlink, b""),
            Err("model.tar.gz holds x, which is a link or a device"),
        );
        check(
            entry("x", EntryType::Link, b""),
            Err("model.tar.gz holds x, which is a link or a device"),
        );
        check(
            entry("x", EntryType::Fifo, b""),
            Err("model.tar.gz holds x, which is a link or a device"),
        );
        check(
            entry("a", EntryType::Directory, b""),
            Err("model.tar.gz has no files in it"),
        );
        check(
            b"not gzip at all".to_vec(),
            Err("model.tar.gz can't be unpacked: "),
        );
        check(gzip(&[7; 2048]), Err("model.tar.gz can't be unpacked: "));
        let whole = entry("a/model.onnx", file, &[1; 5000]);
        check(
            whole[..whole.len() / 2].to_vec(),
            Err("model.tar.gz can't be unpacked: "),
        );
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let bomb = entry("zeros", EntryType::Regular, &[0; 100_000]);
        let error = unpack_into(&bomb[..], folder.path(), 50_000).unwrap_err();
        assert!(matches!(error, ArtifactError::TooLarge), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_archives_never_panic(tar in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let folder = tempfile::tempdir().unwrap();
            let _ = unpack(&gzip(&tar)[..], &folder.path().join("model"));
        }
    }
}
