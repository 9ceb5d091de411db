//! `hyperparameters.json`: the names of SageMaker's built-in image classification, all values strings.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html>
//!
//! | name | default | |
//! |---|---|---|
//! | `num_classes` | required | 2 to 10,000 |
//! | `num_training_samples` | the list's | compared with the list, which decides |
//! | `image_shape` | `3,32,32` | channels, height, width |
//! | `epochs` | 120 | |
//! | `mini_batch_size` | 64 | |
//! | `learning_rate` | 0.05 | the peak: it warms up over a fifth of the steps, then falls as a cosine |
//! | `momentum`, `weight_decay` | 0.9, 0.0005 | Nesterov; decay on weights only |
//! | `augmentation_type` | `crop_color_transform` | `crop`, `crop_color`, `crop_color_transform`, `none` |
//! | `early_stopping` | false | with `early_stopping_min_epochs` 10, `_patience` 5, `_tolerance` 0 |
//! | `seed` | 0 | own: equal seeds give equal models |
//! | `labels` | `0,1,...` | own: names of the classes, with commas |
//! | `widths` | `32,64,128,128` | own: channels of the convolutions |
//!
//! What the built-in knows and this network hasn't is taken with a warning where the model is still the one asked for
//! (`num_layers`), and refused where it would be another (`multi_label`).

use super::augment::Augmentation;
use crate::data::Size;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What to train, and how.
#[derive(Clone, Debug)]
pub struct Hyperparameters {
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Number of training images, if it was given.
    pub num_training_samples: Option<usize>,
    /// Height and width of the network's input.
    pub size: Size,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in one step.
    pub mini_batch_size: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// Nesterov momentum.
    pub momentum: f32,
    /// Pull of the weights towards zero.
    pub weight_decay: f32,
    /// How training images are varied.
    pub augmentation: Augmentation,
    /// When to stop before the last epoch; never if absent.
    pub early_stopping: Option<EarlyStopping>,
    /// Source of all randomness.
    pub seed: u64,
    /// Channels of the convolutions.
    pub widths: Vec<usize>,
    /// What was given and has no effect.
    pub warnings: Vec<String>,
}

/// Stop when the validation accuracy no longer rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    /// Epochs that are trained in any case.
    pub min_epochs: usize,
    /// Epochs to wait for a rise.
    pub patience: usize,
    /// What counts as a rise, as a part of the best accuracy.
    pub tolerance: f32,
}

/// What is wrong with the hyperparameters.
#[derive(Debug, thiserror::Error)]
pub enum HyperparameterError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The file is not an object of strings.
    #[error("{path} is not a JSON object of strings: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A required one is missing.
    #[error("the hyperparameter `{0}` is required")]
    Missing(&'static str),
    /// A value is out of range.
    #[error("the hyperparameter `{name}` is `{value}`; expected {expected}")]
    Value {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// Names that mean nothing here.
    #[error("unknown hyperparameter `{0}`; known are: {1}")]
    Unknown(String, String),
}

/// Names of the built-in algorithm that change nothing here, and why.
const WITHOUT_EFFECT: [(&str, &str); 13] = [
    ("beta_1", "the optimizer is SGD"),
    ("beta_2", "the optimizer is SGD"),
    (
        "checkpoint_frequency",
        "the model is saved at the end, or when the job is stopped",
    ),
    ("eps", "the optimizer is SGD"),
    ("gamma", "the optimizer is SGD"),
    ("kv_store", "training runs on one machine"),
    ("lr_scheduler_factor", "the rate falls as a cosine"),
    ("lr_scheduler_step", "the rate falls as a cosine"),
    ("num_layers", "the network is set by `widths`"),
    ("resize", "images are fitted to `image_shape`"),
    ("top_k", "only the accuracy of the first choice is reported"),
    (
        "use_pretrained_model",
        "to train on from a model, give it as the channel `model`",
    ),
    ("use_weighted_loss", "all classes weigh the same"),
];

/// Names of the built-in algorithm that must have the one value that this network can do.
const FIXED: [(&str, &[&str]); 3] = [
    ("multi_label", &["0"]),
    ("optimizer", &["sgd", "nag"]),
    ("precision_dtype", &["float32"]),
];

impl Hyperparameters {
    /// Reads `<root>/input/config/hyperparameters.json`.
    pub fn read(root: &Path) -> Result<Self, HyperparameterError> {
        let path = root.join("input/config/hyperparameters.json");
        let text = std::fs::read(&path).map_err(|source| HyperparameterError::File {
            path: path.clone(),
            source,
        })?;
        let values = serde_json::from_slice(&text)
            .map_err(|source| HyperparameterError::Json { path, source })?;
        Self::parse(values)
    }

    /// Checks the values once and for all.
    pub fn parse(values: BTreeMap<String, String>) -> Result<Self, HyperparameterError> {
        let mut given = Given {
            values,
            known: Vec::new(),
        };
        // What SageMaker itself adds for tuning jobs and its own frameworks.
        given
            .values
            .retain(|name, _| !name.starts_with("sagemaker_") && !name.starts_with("_tuning"));
        given.check_fixed()?;
        let parsed = Self {
            labels: labels(&mut given)?,
            num_training_samples: given.optional(
                "num_training_samples",
                "a whole number over 0",
                |n| *n > 0,
            )?,
            size: size(&mut given)?,
            epochs: given.or("epochs", 120, "a whole number from 1 to 10000", |n| {
                (1..=10_000).contains(n)
            })?,
            mini_batch_size: given.or(
                "mini_batch_size",
                64,
                "a whole number from 2 to 4096",
                |n| (2..=4096).contains(n),
            )?,
            learning_rate: given.or("learning_rate", 0.05, "a number over 0, at most 1", |x| {
                *x > 0.0 && *x <= 1.0
            })?,
            momentum: given.or("momentum", 0.9, "a number from 0 to under 1", |x| {
                (0.0..1.0).contains(x)
            })?,
            weight_decay: given.or("weight_decay", 5e-4, "a number from 0 to 1", |x| {
                (0.0..=1.0).contains(x)
            })?,
            augmentation: augmentation(&mut given)?,
            early_stopping: early_stopping(&mut given)?,
            seed: given.or("seed", 0, "a whole number", |_| true)?,
            widths: widths(&mut given)?,
            warnings: given.take_without_effect(),
        };
        given.check_nothing_left()?;
        Ok(parsed)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.labels.len()
    }
}

fn labels(given: &mut Given) -> Result<Vec<String>, HyperparameterError> {
    let classes: Option<usize> =
        given.optional("num_classes", "a whole number from 2 to 10000", |n| {
            (2..=10_000).contains(n)
        })?;
    let classes = classes.ok_or(HyperparameterError::Missing("num_classes"))?;
    let Some(labels) = given.list::<String>("labels") else {
        return Ok((0..classes).map(|class| class.to_string()).collect());
    };
    let labels = labels?;
    match labels.len() == classes && labels.iter().all(|label| !label.is_empty()) {
        true => Ok(labels),
        false => Err(wrong(
            "labels",
            labels.join(","),
            format!("{classes} names with commas between them"),
        )),
    }
}

fn size(given: &mut Given) -> Result<Size, HyperparameterError> {
    const EXPECTED: &str = "`3,HEIGHT,WIDTH` with 8 to 1024 pixels each";
    match given.list::<usize>("image_shape") {
        None => Ok(Size {
            height: 32,
            width: 32,
        }),
        Some(Ok(shape)) => match shape[..] {
            [3, height @ 8..=1024, width @ 8..=1024] => Ok(Size { height, width }),
            _ => Err(wrong("image_shape", join(&shape), EXPECTED)),
        },
        Some(Err(error)) => Err(error.expecting(EXPECTED)),
    }
}

fn widths(given: &mut Given) -> Result<Vec<usize>, HyperparameterError> {
    const EXPECTED: &str = "1 to 4 numbers of channels from 1 to 1024, with commas";
    match given.list::<usize>("widths") {
        None => Ok(vec![32, 64, 128, 128]),
        Some(Ok(widths))
            if (1..=4).contains(&widths.len()) && widths.iter().all(|w| (1..=1024).contains(w)) =>
        {
            Ok(widths)
        }
        Some(Ok(widths)) => Err(wrong("widths", join(&widths), EXPECTED)),
        Some(Err(error)) => Err(error.expecting(EXPECTED)),
    }
}

fn augmentation(given: &mut Given) -> Result<Augmentation, HyperparameterError> {
    const NAME: &str = "augmentation_type";
    given.known.push(NAME);
    match given.values.remove(NAME).as_deref() {
        None | Some("crop_color_transform") => Ok(Augmentation::FULL),
        Some("crop_color") => Ok(Augmentation {
            cutout: false,
            ..Augmentation::FULL
        }),
        Some("crop") => Ok(Augmentation {
            cutout: false,
            colour: false,
            ..Augmentation::FULL
        }),
        Some("none") => Ok(Augmentation::NONE),
        Some(value) => Err(wrong(
            NAME,
            value,
            "crop, crop_color, crop_color_transform or none",
        )),
    }
}

fn early_stopping(given: &mut Given) -> Result<Option<EarlyStopping>, HyperparameterError> {
    // The built-in takes Python's booleans as they print.
    if let Some(value) = given.values.get_mut("early_stopping") {
        *value = value.to_lowercase();
    }
    let stopping = EarlyStopping {
        min_epochs: given.or(
            "early_stopping_min_epochs",
            10,
            "a whole number over 0",
            |n| *n > 0,
        )?,
        patience: given.or("early_stopping_patience", 5, "a whole number over 0", |n| {
            *n > 0
        })?,
        tolerance: given.or(
            "early_stopping_tolerance",
            0.0,
            "a number from 0 to 1",
            |x| (0.0..=1.0).contains(x),
        )?,
    };
    let is_on = given.or("early_stopping", false, "true or false", |_| true)?;
    Ok(is_on.then_some(stopping))
}

/// The values that are not yet taken, and the names that were asked for.
struct Given {
    values: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Given {
    fn optional<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &str,
        is_allowed: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, HyperparameterError> {
        self.known.push(name);
        let Some(value) = self.values.remove(name) else {
            return Ok(None);
        };
        match value.trim().parse().ok().filter(is_allowed) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(wrong(name, value, expected)),
        }
    }

    fn or<T: FromStr>(
        &mut self,
        name: &'static str,
        default: T,
        expected: &str,
        is_allowed: impl Fn(&T) -> bool,
    ) -> Result<T, HyperparameterError> {
        Ok(self
            .optional(name, expected, is_allowed)?
            .unwrap_or(default))
    }

    /// Values with commas between them.
    fn list<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Option<Result<Vec<T>, HyperparameterError>> {
        self.known.push(name);
        let value = self.values.remove(name)?;
        let items: Result<_, _> = value.split(',').map(|item| item.trim().parse()).collect();
        Some(items.map_err(|_| wrong(name, value, "values with commas between them")))
    }

    fn check_fixed(&mut self) -> Result<(), HyperparameterError> {
        for (name, allowed) in FIXED {
            self.known.push(name);
            match self.values.remove(name) {
                Some(value) if !allowed.contains(&value.as_str()) => {
                    return Err(wrong(
                        name,
                        value,
                        format!("{}: this network can do no other", allowed.join(" or ")),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_without_effect(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, reason) in WITHOUT_EFFECT {
            self.known.push(name);
            if let Some(value) = self.values.remove(name) {
                warnings.push(format!(
                    "the hyperparameter `{name}` ({value}) has no effect: {reason}"
                ));
            }
        }
        warnings
    }

    fn check_nothing_left(mut self) -> Result<(), HyperparameterError> {
        self.known.sort_unstable();
        match self.values.pop_first() {
            None => Ok(()),
            Some((name, _)) => Err(HyperparameterError::Unknown(name, self.known.join(", "))),
        }
    }
}

impl HyperparameterError {
    fn expecting(mut self, what: &str) -> Self {
        if let Self::Value { expected, .. } = &mut self {
            *expected = what.into();
        }
        self
    }
}

fn wrong(name: &str, value: impl Into<String>, expected: impl Into<String>) -> HyperparameterError {
    HyperparameterError::Value {
        name: name.into(),
        value: value.into(),
        expected: expected.into(),
    }
}

fn join(values: &[impl Display]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests;
