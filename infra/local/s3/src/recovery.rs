//! Recovers the files of an earlier stack at start: deletes some, sets some aside, and refuses to
//! start where rows are lost.
//!
//! A file without a row is either left over from a crash or somebody's object whose row is lost: a
//! backup without its write-ahead log, or an older database. The two can't be told apart, so
//! nothing is deleted for the lack of a row: such a file moves to `lost+found/`, as `fsck` does. If
//! rows are certainly lost, the start is refused before anything changes.

use std::collections::HashSet;
use std::fs::{self, DirEntry, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::Error;
use super::files::{FileId, Files};

/// SQLite's `user_version` while a store has the database open.
pub(super) const OPEN: i32 = 2;
/// The `user_version` after the store has been closed, with everything in one file.
pub(super) const CLOSED: i32 = 1;

/// The offset of the `user_version` in a database file:
/// <https://www.sqlite.org/fileformat.html#user_version_number>
const USER_VERSION_OFFSET: u64 = 60;

/// Refuses to open a database that has lost rows: it is missing although objects exist, or was not
/// closed and lacks its write-ahead log.
pub(super) fn check(database: &Path, files: &Files) -> Result<(), Error> {
    let wal = database.with_extension("sqlite-wal");
    let shm = database.with_extension("sqlite-shm");
    for path in [database, &wal, &shm] {
        refuse_link(path)?;
    }
    if fs::metadata(database).map_or(0, |found| found.len()) == 0 {
        return match files.stored()?.len() {
            0 => Ok(()),
            count => Err(Error::NoDatabase(count)),
        };
    }
    if user_version(database)? == OPEN && !wal.exists() {
        return Err(Error::NoWal);
    }
    Ok(())
}

/// The version in the file itself, without what a write-ahead log adds to it.
fn user_version(database: &Path) -> io::Result<i32> {
    let mut file = File::open(database)?;
    file.seek(SeekFrom::Start(USER_VERSION_OFFSET))?;
    let mut version = [0; 4];
    file.read_exact(&mut version)?;
    Ok(i32::from_be_bytes(version))
}

/// Moves the stored files that are not in `wanted` to `lost+found/`, and logs inconsistencies.
pub(super) fn sweep(files: &Files, mut wanted: HashSet<FileId>) -> io::Result<()> {
    let (known, orphans): (Vec<FileId>, _) = files
        .stored()?
        .into_iter()
        .partition(|id| wanted.contains(id));
    for id in &orphans {
        files.set_aside(*id)?;
    }
    if !orphans.is_empty() {
        tracing::warn!(
            files = orphans.len(),
            "files that no object or part refers to were moved to s3/lost+found: uploads that a \
             crash broke off, or objects whose rows are lost; delete them if all objects are there"
        );
    }
    for id in known {
        wanted.remove(&id);
    }
    if !wanted.is_empty() {
        tracing::error!(
            files = wanted.len(),
            "files of objects are missing from s3/objects: reading those objects fails; put the \
             directory back as it was together with s3.sqlite"
        );
    }
    Ok(())
}

/// Creates the directory if it is missing. Anything else in its place is refused, including a
/// symbolic link, whose target the store must not change.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(io::Error::other(format!(
            "{} is not a directory, and S3 follows no links; move it away, or mount what it \
             points to there",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(path),
        Err(error) => Err(error),
    }
}

fn refuse_link(path: &Path) -> io::Result<()> {
    if path.is_symlink() {
        return Err(io::Error::other(format!(
            "{} is a symbolic link, and S3 follows none; put the file itself there",
            path.display()
        )));
    }
    Ok(())
}

/// Returns the store's own files in a directory: regular files with names that [`Files`] generates.
/// Others are ignored.
pub(super) fn store_files(directory: &Path) -> io::Result<Vec<FileId>> {
    let mut own_ids = Vec::new();
    for entry in fs::read_dir(directory)? {
        own_ids.extend(store_file(&entry?)?);
    }
    Ok(own_ids)
}

fn store_file(entry: &DirEntry) -> io::Result<Option<FileId>> {
    let id = entry.file_name().to_str().and_then(FileId::from_name);
    Ok(id.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())))
}
