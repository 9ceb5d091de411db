//! The channels of a training job: folders below `<root>/input/data`.
//!
//! `train` and `validation` hold the images, `train_lst` and `validation_lst` one list each.
//! Validation may be left out. `calibration` and `calibration_lst` may give images to fit the
//! temperature on; without them a part of the training images is held out for it, as nothing may be
//! chosen by the validation images: they may be the test's. `model` (an earlier `model.tar.gz`, or
//! its files) is there to train on from.

use crate::artifact::WEIGHTS;
use sagemaker_container::channels::{self, Channel};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The channels that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Channels {
    /// Folder and list of the training images.
    pub train: (PathBuf, PathBuf),
    /// Folder and list of the validation images.
    pub validation: Option<(PathBuf, PathBuf)>,
    /// Folder and list of the images that the temperature is fitted on.
    pub calibration: Option<(PathBuf, PathBuf)>,
    /// `model.tar.gz`, or the folder of an unpacked model.
    pub model: Option<PathBuf>,
}

/// A channel that can't be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ChannelError {
    /// A channel is missing or empty.
    #[error(transparent)]
    Channel(#[from] sagemaker_container::channels::ChannelError),
    /// A list channel must hold one list.
    #[error("the channel `{name}` must hold exactly one .lst file; {path} holds {count}")]
    Lists {
        /// The channel.
        name: String,
        /// Its folder.
        path: PathBuf,
        /// The number of lists.
        count: usize,
    },
    /// A model channel must hold a model.
    #[error("the channel `model` holds neither model.tar.gz nor {WEIGHTS}: {0}")]
    Model(PathBuf),
}

impl Channels {
    /// Finds the channels below `<root>/input/data`.
    pub fn find(root: &Path) -> Result<Self, ChannelError> {
        let data = channels::data_folder(root);
        Ok(Self {
            train: images_and_list(&data, "train")?,
            validation: optional(&data, "validation")?,
            calibration: optional(&data, "calibration")?,
            model: data
                .join("model")
                .is_dir()
                .then(|| model(&data.join("model")))
                .transpose()?,
        })
    }
}

/// A channel that may be left out, but not half of it.
fn optional(data: &Path, name: &str) -> Result<Option<(PathBuf, PathBuf)>, ChannelError> {
    let is_there = data.join(name).is_dir() || data.join(format!("{name}_lst")).is_dir();
    is_there.then(|| images_and_list(data, name)).transpose()
}

fn images_and_list(data: &Path, name: &str) -> Result<(PathBuf, PathBuf), ChannelError> {
    let folder = Channel::open(data, name)?.folder;
    let list_name = format!("{name}_lst");
    let list = Channel::open(data, &list_name)?;
    let lists: Vec<&PathBuf> = list
        .entries
        .iter()
        .filter(|file| file.extension() == Some(OsStr::new("lst")))
        .collect();
    match lists[..] {
        [file] => Ok((folder, file.clone())),
        _ => Err(ChannelError::Lists {
            name: list_name,
            path: list.folder,
            count: lists.len(),
        }),
    }
}

fn model(folder: &Path) -> Result<PathBuf, ChannelError> {
    let archive = folder.join("model.tar.gz");
    if archive.is_file() {
        Ok(archive)
    } else if folder.join(WEIGHTS).is_file() {
        Ok(folder.to_owned())
    } else {
        Err(ChannelError::Model(folder.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn find(files: &[&str]) -> Result<Channels, String> {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join("input/data").join(file);
            let is_folder = file.ends_with('/');
            fs::create_dir_all(if is_folder {
                &path
            } else {
                path.parent().unwrap()
            })
            .unwrap();
            if !is_folder {
                fs::write(path, "").unwrap();
            }
        }
        let text = |error: ChannelError| {
            error
                .to_string()
                .replace(&root.path().display().to_string(), "ROOT")
        };
        Channels::find(root.path()).map_err(text)
    }

    fn check_error(files: &[&str], expected: &str) {
        assert_eq!(find(files).unwrap_err(), expected);
    }

    #[test]
    fn validation_and_model_are_optional() {
        let only_train = find(&["train/a.png", "train_lst/train.lst"]).unwrap();
        assert_eq!((only_train.validation, only_train.model), (None, None));
        assert_eq!(only_train.calibration, None);
        let list = only_train.train.1;
        assert!(list.ends_with("train_lst/train.lst"));

        let all = [
            "train/a.png",
            "train_lst/t.lst",
            "validation/b.png",
            "validation_lst/v.lst",
            "model/model.tar.gz",
        ];
        let all = find(&all).unwrap();
        assert!(
            all.validation
                .is_some_and(|(_, list)| list.ends_with("validation_lst/v.lst"))
        );
        assert!(
            all.model
                .is_some_and(|model| model.ends_with("model/model.tar.gz"))
        );
    }

    #[test]
    fn errors_name_the_channel_and_the_folder() {
        check_error(
            &[],
            "the channel `train` is missing: there is no folder ROOT/input/data/train",
        );
        check_error(
            &["train/"],
            "the channel `train` is empty: there is no file in ROOT/input/data/train",
        );
        check_error(
            &["train/a.png"],
            "the channel `train_lst` is missing: there is no folder ROOT/input/data/train_lst",
        );
        check_error(
            &["train/a.png", "train_lst/a.lst", "train_lst/b.lst"],
            "the channel `train_lst` must hold exactly one .lst file; ROOT/input/data/train_lst \
             holds 2",
        );
        check_error(
            &["train/a.png", "train_lst/a.lst", "validation/b.png"],
            "the channel `validation_lst` is missing: there is no folder \
             ROOT/input/data/validation_lst",
        );
        check_error(
            &["train/a.png", "train_lst/a.lst", "calibration_lst/c.lst"],
            "the channel `calibration` is missing: there is no folder ROOT/input/data/calibration",
        );
        check_error(
            &["train/a.png", "train_lst/a.lst", "model/x"],
            "the channel `model` holds neither model.tar.gz nor weights.safetensors: \
             ROOT/input/data/model",
        );
    }
}
