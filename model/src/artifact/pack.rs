//! `model.tar.gz`: the artifact's folder as one file, as SageMaker makes it and unpacks it.

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, Entry, EntryType, Header};

/// Bytes that an archive may unpack to: more is a bomb or not a model of this kind.
const MAX_BYTES: u64 = 4 << 30;

/// Files and folders that an archive may hold.
const MAX_ENTRIES: usize = 10_000;

/// Why a model can't be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file can't be read or written, or the archive is damaged.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The archive has something in it that a model has not.
    #[error("{path} is not unpacked: {reason}")]
    Refused {
        /// The archive.
        path: PathBuf,
        /// What it holds.
        reason: String,
    },
}

/// Packs all files below `folder` into `file`; equal folders give equal archives.
///
/// The archive appears under its name only when it is whole.
pub fn pack(folder: &Path, file: &Path) -> Result<(), PackError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PackError::File { path, source }
    };
    let names = files_below(folder, Path::new("")).map_err(failed(folder))?;
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let target = tempfile::NamedTempFile::new_in(parent).map_err(failed(file))?;
    let mut archive = Builder::new(GzEncoder::new(target, Compression::default()));
    for name in names {
        append(&mut archive, folder, &name).map_err(failed(&folder.join(&name)))?;
    }
    let target = archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .map_err(failed(file))?;
    target
        .persist(file)
        .map_err(|error| failed(file)(error.error))?;
    Ok(())
}

/// Unpacks `file` into `folder`, which is made if need be.
///
/// Only plain files and folders come out, only below `folder`, and only up to a size.
pub fn unpack(file: &Path, folder: &Path) -> Result<(), PackError> {
    unpack_at_most(file, folder, MAX_BYTES)
}

/// The same, up to `most` bytes, for where there is less room.
pub fn unpack_at_most(file: &Path, folder: &Path, most: u64) -> Result<(), PackError> {
    let mut left = most;
    let failed = |source| PackError::File {
        path: file.to_owned(),
        source,
    };
    let refused = |reason| PackError::Refused {
        path: file.to_owned(),
        reason,
    };
    let mut archive = Archive::new(GzDecoder::new(File::open(file).map_err(failed)?));
    for (count, entry) in archive.entries().map_err(failed)?.enumerate() {
        let mut entry = entry.map_err(failed)?;
        if count == MAX_ENTRIES {
            return Err(refused(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let target = folder.join(safe_path(&entry).map_err(refused)?);
        let size = entry.size();
        if size > left {
            return Err(refused(format!("it unpacks to more than {most} bytes")));
        }
        left -= size;
        write_entry(&mut entry, &target).map_err(|source| PackError::File {
            path: target,
            source,
        })?;
    }
    Ok(())
}

/// The path of an entry, if it is one that a model may hold.
fn safe_path(entry: &Entry<'_, impl Read>) -> Result<PathBuf, String> {
    let path = entry
        .path()
        .map_err(|error| error.to_string())?
        .into_owned();
    if !matches!(
        entry.header().entry_type(),
        EntryType::Regular | EntryType::Directory
    ) {
        return Err(format!("{} is neither a file nor a folder", path.display()));
    }
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    match is_below {
        true => Ok(path),
        false => Err(format!("{} leads out of the folder", path.display())),
    }
}

fn write_entry(entry: &mut Entry<'_, impl Read>, target: &Path) -> io::Result<()> {
    if entry.header().entry_type() == EntryType::Directory {
        return fs::create_dir_all(target);
    }
    target.parent().map_or(Ok(()), fs::create_dir_all)?;
    io::copy(entry, &mut File::create(target)?).map(drop)
}

fn append(archive: &mut Builder<impl Write>, folder: &Path, name: &Path) -> io::Result<()> {
    let mut file = File::open(folder.join(name))?;
    let mut header = Header::new_gnu();
    header.set_size(file.metadata()?.len());
    header.set_mode(0o644);
    archive.append_data(&mut header, name, &mut file)
}

/// Names of all files below `folder/below`, relative to `folder`, sorted.
fn files_below(folder: &Path, below: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder.join(below))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let name = below.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => files.extend(files_below(folder, &name)?),
            false => files.push(name),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive_of(name: &[u8], kind: EntryType, content: &[u8]) -> tempfile::NamedTempFile {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut archive = Builder::new(GzEncoder::new(file, Compression::fast()));
        archive.append(&header, content).unwrap();
        archive.into_inner().unwrap().finish().unwrap()
    }

    fn check_refused(name: &[u8], kind: EntryType, expected: &str) {
        let archive = archive_of(name, kind, b"");
        let folder = tempfile::tempdir().unwrap();
        let error = unpack(archive.path(), &folder.path().join("model"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "nothing may be written"
        );
    }

    #[test]
    fn a_folder_survives_and_equal_folders_give_equal_archives() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("in/code")).unwrap();
        fs::write(folder.path().join("in/b.onnx"), "weights").unwrap();
        fs::write(folder.path().join("in/code/a.py"), "script").unwrap();
        let [first, second] = ["1.tar.gz", "2.tar.gz"].map(|name| folder.path().join(name));
        pack(&folder.path().join("in"), &first).unwrap();
        pack(&folder.path().join("in"), &second).unwrap();
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
        let out = folder.path().join("out");
        unpack(&first, &out).unwrap();
        assert_eq!(fs::read_to_string(out.join("b.onnx")).unwrap(), "weights");
        assert_eq!(fs::read_to_string(out.join("code/a.py")).unwrap(), "script");
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        check_refused(
            b"../evil",
            EntryType::Regular,
            "../evil leads out of the folder",
        );
        check_refused(
            b"/tmp/evil",
            EntryType::Regular,
            "/tmp/evil leads out of the folder",
        );
        check_refused(
            b"a/../../evil",
            EntryType::Regular,
            "leads out of the folder",
        );
        check_refused(
            b"link",
            EntryType::Symlink,
            "link is neither a file nor a folder",
        );
        check_refused(
            b"device",
            EntryType::Char,
            "device is neither a file nor a folder",
        );
    }

    #[test]
    fn an_archive_that_is_too_large_or_damaged_is_refused() {
        let archive = archive_of(b"big", EntryType::Regular, &[0; 2000]);
        let folder = tempfile::tempdir().unwrap();
        let error = unpack_at_most(archive.path(), folder.path(), 1999)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unpacks to more than"), "{error}");
        assert!(!folder.path().join("big").exists());

        let bytes = fs::read(archive.path()).unwrap();
        let damaged = folder.path().join("damaged.tar.gz");
        fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
        let error = unpack(&damaged, folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("damaged.tar.gz") || error.contains("big"),
            "{error}"
        );
    }
}
