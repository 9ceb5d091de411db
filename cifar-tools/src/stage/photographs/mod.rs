//! Staging from folders of photographs: a data set of your own.
//!
//! ```text
//! DIR/bicycle/*.jpg                  a folder for each class, its name the label
//! DIR/motorcycle/*.png
//!
//! DIR/train/bicycle/*.jpg            or the same twice, if the test images are already chosen
//! DIR/test/bicycle/*.jpg
//! ```
//!
//! The classes' indices follow the order of their names. Each image is turned upright and fitted to
//! the model's input as serialize-image does it, so that a model sees in training what it will see
//! in service.

mod find;
mod split;
#[cfg(test)]
mod tests;

use super::summary::ClassCount;
use super::{Error, Image, StagedSet, Summary};
use crate::archive::Split;
use crate::manifest::{Line, Manifest};
use crate::progress::{Progress, Tick};
use fit_image::Shape;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

pub use split::Share;

/// Images fitted in one batch, between two progress reports: a few for each core.
const BATCH: usize = 32;

/// Image files with their classes.
#[derive(Debug)]
pub struct Photographs {
    /// Their names, sorted.
    classes: Vec<String>,
    /// By split, class and name.
    files: Vec<Photograph>,
    shape: Shape,
    /// Bytes of all files.
    bytes: u64,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Photograph {
    split: Split,
    class: usize,
    /// The name of the staged image.
    name: String,
    path: PathBuf,
    bytes: u64,
}

impl Photographs {
    /// Finds the images in `dir`, to be fitted to `shape`. Without folders `train` and `test`,
    /// `share` selects the test images.
    ///
    /// # Errors
    /// [`Error::Images`]: there are no classes, or a class has no image, or a name that can't be a
    /// label.
    pub fn find(dir: &Path, shape: Shape, share: Share) -> Result<Self, Error> {
        let folder = find::classes(dir)?;
        let files: Vec<Photograph> = match folder.splits {
            find::Splits::Split { train, test } => {
                let train = train.into_iter().map(|file| (Split::Train, file));
                train
                    .chain(test.into_iter().map(|file| (Split::Test, file)))
                    .map(|(split, file)| file.photograph(split))
                    .collect()
            }
            find::Splits::Unsplit(files) => split::split(files, &folder.classes, share),
        };
        let mut photographs = Self {
            bytes: files.iter().map(|file| file.bytes).sum(),
            classes: folder.classes,
            files,
            shape,
        };
        photographs.name_files()?;
        Ok(photographs)
    }

    /// Names each file by its class and its own name, with its extension if the name is taken.
    fn name_files(&mut self) -> Result<(), Error> {
        let mut taken = HashSet::new();
        for file in &mut self.files {
            let text = |part: Option<&std::ffi::OsStr>| {
                part.map(|part| part.to_string_lossy().into_owned())
            };
            let names = [text(file.path.file_stem()), text(file.path.file_name())];
            let class = &self.classes[file.class];
            let names = names.into_iter().flatten();
            let mut names = names.map(|name| format!("{class}_{}.png", without_control(&name)));
            let free = names.find(|name| taken.insert((file.split == Split::Test, name.clone())));
            file.name = free.ok_or_else(|| Error::Images {
                path: file.path.clone(),
                why: "another image has the same name: rename one of them".to_owned(),
            })?;
        }
        Ok(())
    }

    /// Fits all images: each goes to `put`, the manifests come back.
    pub(super) fn run(
        &mut self,
        images: &AtomicU64,
        progress: &mut impl Progress,
        mut put: impl FnMut(Image) -> Result<(), Error>,
    ) -> Result<StagedSet, Error> {
        let (mut train, mut test) = (Manifest::default(), Manifest::default());
        let mut summary = Summary::of_photographs(&self.classes);
        let mut tick = Tick {
            total: Some(self.bytes),
            ..Tick::default()
        };
        for batch in self.files.chunks(BATCH) {
            let fitted: Vec<_> = batch.par_iter().map(|file| fit(file, self.shape)).collect();
            for (file, png) in batch.iter().zip(fitted) {
                tick.bytes += file.bytes;
                tick.images = images.load(Ordering::Relaxed);
                if progress(tick) == ControlFlow::Break(()) {
                    return Err(Error::Stopped);
                }
                let Some(png) = summary.take(file, png)? else {
                    continue;
                };
                let manifest = match file.split {
                    Split::Train => &mut train,
                    Split::Test => &mut test,
                };
                manifest.push(Line {
                    row: manifest.lines().len(),
                    class: file.class,
                    path: file.name.clone(),
                });
                put(Image {
                    split: file.split,
                    name: file.name.clone(),
                    png,
                })?;
            }
        }
        summary.check_classes()?;
        Ok(StagedSet {
            train,
            test,
            image_shape: self.shape.to_string(),
            summary,
        })
    }
}

/// Reads a file and fits its image.
fn fit(file: &Photograph, shape: Shape) -> Result<Vec<u8>, FitError> {
    let bytes = fs::read(&file.path).map_err(FitError::Read)?;
    let fitted = fit_image::fit(&bytes, shape).map_err(FitError::Unusable)?;
    Ok(fitted.png)
}

/// An error of fitting one file.
enum FitError {
    Read(std::io::Error),
    Unusable(fit_image::UnusableImage),
}

impl Summary {
    fn of_photographs(classes: &[String]) -> Self {
        let class = |name: &String| ClassCount {
            label: None,
            name: name.clone(),
            train: 0,
            test: 0,
        };
        Self {
            classes: classes.iter().map(class).collect(),
            ..Self::default()
        }
    }

    /// Counts an image, or records why it is unusable: one bad file among thousands is no reason to
    /// stage nothing.
    fn take(
        &mut self,
        file: &Photograph,
        png: Result<Vec<u8>, FitError>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let png = match png {
            Ok(png) => png,
            Err(FitError::Read(source)) => {
                let path = file.path.clone();
                return Err(Error::Read { path, source });
            }
            Err(FitError::Unusable(why)) => {
                self.unusable.push((file.path.clone(), why.to_string()));
                return Ok(None);
            }
        };
        let class = &mut self.classes[file.class];
        let (all, of_class) = match file.split {
            Split::Train => (&mut self.train, &mut class.train),
            Split::Test => (&mut self.test, &mut class.test),
        };
        *all += 1;
        *of_class += 1;
        Ok(Some(png))
    }

    fn check_classes(&self) -> Result<(), Error> {
        match self.classes.iter().find(|class| class.train == 0) {
            Some(class) => Err(Error::NoTraining(class.name.clone())),
            None => Ok(()),
        }
    }
}

/// Replaces control characters: a manifest separates fields by tabs and lines by newlines.
fn without_control(name: &str) -> String {
    name.replace(char::is_control, "_")
}
