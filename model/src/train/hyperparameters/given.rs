//! The values as they were given: taken one by one, so that what is left over at the end is a
//! mistake.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

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
const WITHOUT_EFFECT: [(&str, &str); 12] = [
    ("beta_1", "the optimizer is SGD"),
    ("beta_2", "the optimizer is SGD"),
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

/// The values that are not yet taken, and the names that were asked for.
pub(super) struct Given {
    pub(super) values: BTreeMap<String, String>,
    pub(super) known: Vec<&'static str>,
}

impl Given {
    pub(super) fn optional<T: FromStr>(
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

    pub(super) fn or<T: FromStr>(
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
    pub(super) fn list<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Option<Result<Vec<T>, HyperparameterError>> {
        self.known.push(name);
        let value = self.values.remove(name)?;
        let items: Result<_, _> = value.split(',').map(|item| item.trim().parse()).collect();
        Some(items.map_err(|_| wrong(name, value, "values with commas between them")))
    }

    pub(super) fn check_fixed(&mut self) -> Result<(), HyperparameterError> {
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

    pub(super) fn take_without_effect(&mut self) -> Vec<String> {
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

    pub(super) fn check_nothing_left(mut self) -> Result<(), HyperparameterError> {
        self.known.sort_unstable();
        match self.values.pop_first() {
            None => Ok(()),
            Some((name, _)) => Err(HyperparameterError::Unknown(name, self.known.join(", "))),
        }
    }
}

impl HyperparameterError {
    pub(super) fn expecting(mut self, what: &str) -> Self {
        if let Self::Value { expected, .. } = &mut self {
            *expected = what.into();
        }
        self
    }
}

pub(super) fn wrong(
    name: &str,
    value: impl Into<String>,
    expected: impl Into<String>,
) -> HyperparameterError {
    HyperparameterError::Value {
        name: name.into(),
        value: value.into(),
        expected: expected.into(),
    }
}

pub(super) fn join(values: &[impl Display]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
