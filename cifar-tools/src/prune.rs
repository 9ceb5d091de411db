//! Brings the manifests of a staged folder in line with the images that are still in it.
//!
//! People look through a staged set and delete bad images. SageMaker then fails on the first line
//! of a manifest whose image is gone; this drops those lines. An image without a line is an error:
//! nothing says which class it is.

use crate::archive::Split;
use crate::manifest::{self, Line, Manifest};
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// An error of pruning. No manifest was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder has no manifest.
    #[error("{dir} holds neither train.lst nor test.lst: give a folder that `cifar-tools stage` \
             wrote", dir = .0.display())]
    NotStaged(PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A manifest could not be parsed.
    #[error("{path}: {source}", path = .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The invalid line.
        source: manifest::Error,
    },
    /// An image that no line names.
    #[error(
        "{image} is in no manifest, so its class is unknown: add its line to {manifest}, or \
         remove the image",
        image = .image.display(), manifest = .manifest.display()
    )]
    Unlisted {
        /// The first such image.
        image: PathBuf,
        /// The manifest that should list it.
        manifest: PathBuf,
    },
}

/// The result of pruning one manifest, or with `check`, of a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneReport {
    /// The manifest.
    pub manifest: PathBuf,
    /// Its lines that stay.
    pub kept: usize,
    /// Its lines whose image is gone.
    pub dropped: Vec<Line>,
}

impl fmt::Display for PruneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} images, {} lines without one",
            self.manifest.display(),
            self.kept,
            self.dropped.len()
        )
    }
}

/// Drops the lines without an image from the manifests in `dir`; with `check`, only reports them.
///
/// # Errors
/// See [`Error`].
pub fn prune(dir: &Path, check: bool) -> Result<Vec<PruneReport>, Error> {
    let mut plans = Vec::new();
    for split in Split::ALL {
        plans.extend(plan(dir, split)?);
    }
    if plans.is_empty() {
        return Err(Error::NotStaged(dir.to_owned()));
    }
    if !check {
        plans
            .iter()
            .filter(|(_, pruned)| !pruned.dropped.is_empty())
            .try_for_each(|(m, p)| replace(&p.manifest, m))?;
    }
    Ok(plans.into_iter().map(|(_, pruned)| pruned).collect())
}

fn plan(dir: &Path, split: Split) -> Result<Option<(Manifest, PruneReport)>, Error> {
    let path = dir.join(split.name()).with_extension("lst");
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(file(&path))?;
    let mut manifest: Manifest = text.parse().map_err(|source| Error::Manifest {
        path: path.clone(),
        source,
    })?;
    let images = images(&dir.join(split.name()))?;
    check_listed(&manifest, &images, &dir.join(split.name()), &path)?;
    let mut dropped = Vec::new();
    manifest.retain(|line| {
        let exists = images.contains(&line.path);
        if !exists {
            dropped.push(line.clone());
        }
        exists
    });
    let kept = manifest.lines().len();
    Ok(Some((
        manifest,
        PruneReport {
            manifest: path,
            kept,
            dropped,
        },
    )))
}

fn check_listed(
    manifest: &Manifest,
    images: &HashSet<String>,
    dir: &Path,
    path: &Path,
) -> Result<(), Error> {
    let listed: HashSet<&str> = manifest
        .lines()
        .iter()
        .map(|line| line.path.as_str())
        .collect();
    match images
        .iter()
        .filter(|image| !listed.contains(image.as_str()))
        .min()
    {
        Some(image) => Err(Error::Unlisted {
            image: dir.join(image),
            manifest: path.to_owned(),
        }),
        None => Ok(()),
    }
}

fn images(dir: &Path) -> Result<HashSet<String>, Error> {
    let names = fs::read_dir(dir).map_err(file(dir))?.map(|entry| {
        let name = entry.map_err(file(dir))?.file_name();
        Ok(name.to_string_lossy().into_owned())
    });
    names.collect()
}

/// Writes a temporary file and renames it, so that the manifest is never partly written.
fn replace(path: &Path, manifest: &Manifest) -> Result<(), Error> {
    let write = || {
        let mut new = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        new.write_all(manifest.to_string().as_bytes())?;
        new.as_file()
            .set_permissions(fs::metadata(path)?.permissions())?;
        new.persist(path).map_err(|e| e.error)
    };
    write().map(drop).map_err(file(path))
}

fn file(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("train")).unwrap();
        for image in ["a.png", "b.png"] {
            fs::write(dir.path().join("train").join(image), "").unwrap();
        }
        fs::write(
            dir.path().join("train.lst"),
            "1\t0\ta.png\n5\t1\tgone.png\n7\t1\tb.png\n",
        )
        .unwrap();
        dir
    }

    fn manifest(dir: &tempfile::TempDir) -> String {
        fs::read_to_string(dir.path().join("train.lst")).unwrap()
    }

    #[test]
    fn lines_without_an_image_go() {
        let dir = staged();
        let [pruned] = &prune(dir.path(), false).unwrap()[..] else {
            panic!("one manifest")
        };
        assert_eq!((pruned.kept, pruned.dropped[0].row), (2, 5));
        assert_eq!(manifest(&dir), "1\t0\ta.png\n7\t1\tb.png\n");
    }

    #[test]
    fn check_changes_nothing() {
        let dir = staged();
        let before = manifest(&dir);
        assert_eq!(prune(dir.path(), true).unwrap()[0].dropped.len(), 1);
        assert_eq!(manifest(&dir), before);
    }

    #[test]
    fn an_image_without_a_line_is_an_error() {
        let dir = staged();
        fs::write(dir.path().join("train/new.png"), "").unwrap();
        let text = prune(dir.path(), false).unwrap_err().to_string();
        assert!(
            text.contains(
                "train/new.png is in no manifest, so its class is unknown: add its line to"
            ),
            "{text}"
        );
        assert!(manifest(&dir).contains("gone.png"), "nothing is changed");
    }

    #[test]
    fn another_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let text = prune(dir.path(), false).unwrap_err().to_string();
        assert!(
            text.ends_with(
                "holds neither train.lst nor test.lst: give a folder that `cifar-tools stage` wrote"
            ),
            "{text}"
        );
    }
}
