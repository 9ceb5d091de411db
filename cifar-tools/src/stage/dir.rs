//! Staging into a folder.
//!
//! The set is written to a temporary folder next to the destination and renamed at the end, so that
//! readers see the old set, or none, or the whole new one.

use super::{Error, FILES, Image, Source, StagedSet, Summary};
use crate::archive::Split;
use crate::progress::Progress;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Stages the images of `source` into the folder `out`.
///
/// `out` may not exist, be empty, or hold an earlier set, which is then replaced as a whole.
///
/// # Errors
/// [`Error::Occupied`] if `out` holds anything else, and the errors of reading and writing. `out`
/// is then unchanged.
pub fn stage_to_dir(
    source: &mut Source<'_>,
    out: &Path,
    progress: &mut impl Progress,
) -> Result<Summary, Error> {
    check_replaceable(out)?;
    let staging = StagingDir::new_beside(out)?;
    let images = AtomicU64::new(0);
    let put = |image: Image| {
        let path = staging.set.join(image.split.name()).join(&image.name);
        images.fetch_add(1, Ordering::Relaxed);
        fs::write(&path, &image.png).map_err(Error::write(path))
    };
    let staged = source.run(&images, progress, put)?;
    staging.finish(out, staged)
}

/// A temporary folder in which a set is written. Dropping it removes the set.
struct StagingDir {
    temporary: tempfile::TempDir,
    set: PathBuf,
}

impl StagingDir {
    fn new_beside(out: &Path) -> Result<Self, Error> {
        let parent = match out.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(Error::write(parent))?;
        let temporary = tempfile::Builder::new()
            .prefix(".staging-")
            .tempdir_in(parent)
            .map_err(Error::write(parent))?;
        let set = temporary.path().join("set");
        for split in Split::ALL {
            let dir = set.join(split.name());
            fs::create_dir_all(&dir).map_err(Error::write(dir))?;
        }
        Ok(Self { temporary, set })
    }

    fn finish(self, out: &Path, staged: StagedSet) -> Result<Summary, Error> {
        for (name, _, text) in staged.files()? {
            let path = self.set.join(name);
            fs::write(&path, text).map_err(Error::write(path))?;
        }
        check_replaceable(out)?; // someone may have written to it meanwhile
        self.swap_in(out).map_err(Error::write(out))?;
        let Summary { train, test, .. } = staged.summary;
        Ok(Summary {
            written: train + test + FILES,
            ..staged.summary
        })
    }

    /// Replaces `out` by the set; the old content is removed with the temporary folder.
    fn swap_in(&self, out: &Path) -> io::Result<()> {
        let old = self.temporary.path().join("old");
        let had_one = out.exists();
        if had_one {
            fs::rename(out, &old)?;
        }
        fs::rename(&self.set, out).inspect_err(|_| {
            if had_one {
                let _ = fs::rename(&old, out); // the first error is the one to report
            }
        })
    }
}

/// Refuses an `out` that holds anything that staging does not write.
fn check_replaceable(out: &Path) -> Result<(), Error> {
    let occupied = |other: String| Error::Occupied {
        out: out.to_owned(),
        other,
    };
    for name in list(out).map_err(Error::write(out))? {
        match name.as_str() {
            "train.lst" | "test.lst" | "hyperparameters.json" => {}
            "train" | "test" => {
                let dir = out.join(&name);
                let inside = list(&dir).map_err(Error::write(&dir))?;
                if let Some(other) = inside.into_iter().find(|file| !file.ends_with(".png")) {
                    return Err(occupied(format!("{name}/{other}")));
                }
            }
            _ => return Err(occupied(name)),
        }
    }
    Ok(())
}

/// The names in a folder; none if there is no folder.
fn list(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
