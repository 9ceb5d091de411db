//! Packs a folder.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use crate::ArchiveError;

/// Packs the regular files below `folder` into `file`, and returns how many there are; without any,
/// there is no archive.
///
/// Equal folders give equal archives: names, content and order are all that is kept. Links are left
/// out. The archive appears under its name only when it is whole.
///
/// # Errors
/// A file can't be read or written.
pub fn pack(folder: &Path, file: &Path) -> Result<usize, ArchiveError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ArchiveError::File { path, source }
    };
    let names = files_below(folder, Path::new("")).map_err(failed(folder))?;
    if names.is_empty() {
        return Ok(0);
    }
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let target = tempfile::NamedTempFile::new_in(parent).map_err(failed(file))?;
    let mut archive = Builder::new(GzEncoder::new(
        BufWriter::new(target),
        Compression::default(),
    ));
    for name in &names {
        append(&mut archive, folder, name).map_err(failed(&folder.join(name)))?;
    }
    let target = archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|target| target.into_inner().map_err(io::IntoInnerError::into_error))
        .map_err(failed(file))?;
    target
        .persist(file)
        .map_err(|error| failed(file)(error.error))?;
    Ok(names.len())
}

fn append(archive: &mut Builder<impl Write>, folder: &Path, name: &Path) -> io::Result<()> {
    let mut file = File::open(folder.join(name))?;
    let mut header = Header::new_gnu();
    header.set_size(file.metadata()?.len());
    header.set_mode(0o644);
    archive.append_data(&mut header, name, &mut file)
}

/// Names of the regular files below `folder/below`, relative to `folder`, sorted.
fn files_below(folder: &Path, below: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder.join(below))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let name = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files.extend(files_below(folder, &name)?);
        } else if kind.is_file() {
            files.push(name);
        }
    }
    Ok(files)
}
