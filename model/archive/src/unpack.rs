//! Unpacks an archive, without trusting it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use crate::ArchiveError;
use crate::limits::{DEPTH, ENTRIES, HEADERS};
use crate::meter::Meter;

/// Unpacks an archive into `folder`, which is made if need be, and returns the files.
///
/// It extracts only regular files and folders, only below `folder`, and together at most
/// `max_bytes`. It creates no links, so no entry can be written through one in a folder of its own.
/// A failure leaves the files written before it.
///
/// # Errors
/// The archive is damaged, empty, too large, or holds an unsafe entry; or writing failed.
pub fn unpack(
    archive: impl Read,
    folder: &Path,
    max_bytes: u64,
) -> Result<Vec<PathBuf>, ArchiveError> {
    let meter = Meter::default();
    let mut archive = Archive::new(meter.gunzip(archive));
    let mut entries = archive.entries()?;
    let mut files = Vec::new();
    let mut left = max_bytes;
    for count in 0.. {
        meter.allow(HEADERS);
        let Some(entry) = entries.next() else { break };
        if count == ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        let mut entry = entry?;
        left = left
            .checked_sub(entry.size())
            .ok_or(ArchiveError::TooLarge(max_bytes))?;
        meter.allow(entry.size().saturating_add(HEADERS));
        files.extend(unpack_entry(&mut entry, folder)?);
    }
    meter.allow(HEADERS);
    // The checksum stands at the end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    if files.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(files)
}

/// Writes an entry; returns its path if it is a file.
fn unpack_entry(
    entry: &mut Entry<'_, impl Read>,
    folder: &Path,
) -> Result<Option<PathBuf>, ArchiveError> {
    let kind = entry.header().entry_type();
    if kind == EntryType::XGlobalHeader {
        // Comments, as `git archive` writes them.
        io::copy(entry, &mut io::sink())?;
        return Ok(None);
    }
    let path = folder.join(safe_path(entry)?);
    let is_folder = kind == EntryType::Directory;
    let made = if is_folder {
        Some(path.as_path())
    } else {
        path.parent()
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ArchiveError::File { path, source }
    };
    if let Some(made) = made {
        fs::create_dir_all(made).map_err(failed(made))?;
    }
    if is_folder {
        return Ok(None);
    }
    let mut file = File::create(&path).map_err(failed(&path))?;
    io::copy(entry, &mut file)?;
    Ok(Some(path))
}

/// The path of an entry below the folder, if it is one that a model may have.
fn safe_path(entry: &Entry<'_, impl Read>) -> Result<PathBuf, ArchiveError> {
    let refused = |what| {
        let path = String::from_utf8_lossy(&entry.path_bytes())
            .chars()
            .take(256)
            .collect();
        Err(ArchiveError::Unsafe { path, what })
    };
    let path = entry.path()?;
    let mut safe = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => safe.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return refused("which leads out of it");
            }
        }
    }
    if safe.components().count() > DEPTH {
        return refused("which lies too deep");
    }
    match entry.header().entry_type() {
        EntryType::Regular
        | EntryType::Continuous
        | EntryType::GNUSparse
        | EntryType::Directory => Ok(safe),
        _ => refused("which is a link or a device"),
    }
}
