//! `hyperparameters.json`: an object of texts, which is taken apart name by name, so that what is
//! left over at the end is a mistake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A hyperparameter, or a file of them, that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum HyperparameterError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is not an object of strings.
    #[error("{path} is not a JSON object of strings: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// The reason.
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
        /// The values that are allowed.
        expected: String,
    },
    /// A name that means nothing here.
    #[error("unknown hyperparameter `{0}`; known are: {1}")]
    Unknown(String, String),
}

impl HyperparameterError {
    /// Returns the error of a value that is not as expected.
    pub fn value(name: &str, value: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Value {
            name: name.into(),
            value: value.into(),
            expected: expected.into(),
        }
    }

    /// Returns the error with other words for what is expected.
    #[must_use]
    pub fn expecting(mut self, what: &str) -> Self {
        if let Self::Value { expected, .. } = &mut self {
            *expected = what.into();
        }
        self
    }
}

/// Reads `<root>/input/config/hyperparameters.json`.
///
/// # Errors
/// The file can't be read, or is no JSON object of strings.
pub fn read(root: &Path) -> Result<BTreeMap<String, String>, HyperparameterError> {
    let path = root.join("input/config/hyperparameters.json");
    let text = std::fs::read(&path).map_err(|source| HyperparameterError::File {
        path: path.clone(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| HyperparameterError::Json { path, source })
}

/// Hyperparameters that are not taken yet, and the names that were looked for.
#[derive(Debug, Default)]
pub struct Values {
    values: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl From<BTreeMap<String, String>> for Values {
    /// Leaves out what SageMaker itself adds for tuning jobs and its own frameworks.
    fn from(mut values: BTreeMap<String, String>) -> Self {
        values.retain(|name, _| !name.starts_with("sagemaker_") && !name.starts_with("_tuning"));
        let known = Vec::new();
        Self { values, known }
    }
}

impl Values {
    /// Takes the text of a hyperparameter.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.values.remove(name)
    }

    /// Takes a value, if it is there.
    ///
    /// # Errors
    /// It can't be parsed, or is not allowed.
    pub fn optional<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &str,
        is_allowed: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, HyperparameterError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match value.trim().parse().ok().filter(is_allowed) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(HyperparameterError::value(name, value, expected)),
        }
    }

    /// Takes a value, or the default.
    ///
    /// # Errors
    /// As of [`optional`](Self::optional).
    pub fn or<T: FromStr>(
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

    /// Takes values with commas between them.
    pub fn list<T: FromStr>(
        &mut self,
        name: &'static str,
    ) -> Option<Result<Vec<T>, HyperparameterError>> {
        let value = self.take(name)?;
        let items: Result<_, _> = value.split(',').map(|item| item.trim().parse()).collect();
        let expected = "values with commas between them";
        Some(items.map_err(|_| HyperparameterError::value(name, value, expected)))
    }

    /// Takes true or false, also as Python prints them.
    ///
    /// # Errors
    /// It is neither.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, HyperparameterError> {
        if let Some(value) = self.values.get_mut(name) {
            *value = value.to_lowercase();
        }
        self.or(name, false, "true or false", |_| true)
    }

    /// Returns those that are left, for a parser of its own.
    pub fn into_rest(self) -> BTreeMap<String, String> {
        self.values
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn finish(mut self) -> Result<(), HyperparameterError> {
        self.known.sort_unstable();
        match self.values.pop_first() {
            None => Ok(()),
            Some((name, _)) => Err(HyperparameterError::Unknown(name, self.known.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Values::from(pairs.collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn what_nothing_takes_is_unknown() {
        let mut values = values(&[("seed", "1"), ("sede", "2"), ("sagemaker_program", "x")]);
        assert_eq!(values.or("seed", 0, "a whole number", |_| true).unwrap(), 1);
        assert_eq!(values.or("eta", 0.3, "a number", |_| true).unwrap(), 0.3);
        let error = values.finish().unwrap_err().to_string();
        assert_eq!(error, "unknown hyperparameter `sede`; known are: eta, seed");
    }

    #[test]
    fn flags_are_taken_as_python_prints_them() {
        assert!(
            values(&[("early_stopping", "True")])
                .flag("early_stopping")
                .unwrap()
        );
        let error = values(&[("x", "yes")]).flag("x").unwrap_err().to_string();
        assert_eq!(
            error,
            "the hyperparameter `x` is `yes`; expected true or false"
        );
    }

    #[test]
    fn files_that_are_no_object_of_strings_are_named() {
        let root = tempfile::tempdir().unwrap();
        let text = |root: &Path| read(root).unwrap_err().to_string();
        assert!(
            text(root.path())
                .ends_with("hyperparameters.json: No such file or directory (os error 2)")
        );
        let config = root.path().join("input/config");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("hyperparameters.json"), r#"{"eta": 1}"#).unwrap();
        assert!(text(root.path()).contains("hyperparameters.json is not a JSON object of strings"));
    }
}
