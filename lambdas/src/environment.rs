//! The configuration of a function: environment variables, read once at start and lifted into values that need no
//! further checks.

use std::collections::BTreeMap;

use crate::image::Shape;

/// The environment variables of a process, or of a test.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

/// A variable is missing or has a value that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It isn't there, or is empty.
    #[error("the environment variable {variable} is not set: set it to {expected}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What it should be, with an example.
        expected: &'static str,
    },
    /// It has another form than the one expected.
    #[error("the environment variable {variable} is {value:?}: {problem}; set it to {expected}")]
    Invalid {
        /// Its name.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with the value.
        problem: String,
        /// What it should be, with an example.
        expected: &'static str,
    },
}

/// The threshold where neither `CONFIDENCE_THRESHOLD` nor the event has one: the course's.
pub const DEFAULT_THRESHOLD: f64 = 0.93;

const ENDPOINT: &str = "the name of the SageMaker endpoint";
const STATE_MACHINE: &str = "the ARN of the state machine to start, for example \
    arn:aws:states:us-east-1:123456789012:stateMachine:classify";
const LABELS: &str = "the model's labels in the order of its scores, for example bicycle,motorcycle or \
    [\"bicycle\",\"motorcycle\"]";
const THRESHOLD: &str = "a number above 0 and up to 1, for example 0.93";
const IMAGE_SHAPE: &str = "channels, height and width of the model's input as its hyperparameter image_shape has them, \
    for example 3,32,32";

impl Environment {
    /// The variables of this process; one that isn't UTF-8 counts as not set.
    pub fn of_this_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// A variable; one that is empty counts as not set.
    pub fn get(&self, variable: &str) -> Option<&str> {
        let value = self.0.get(variable)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The variables whose names begin with `prefix`.
    pub(crate) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let of_interest = move |(name, _): &(&String, _)| name.starts_with(prefix);
        self.0
            .iter()
            .filter(of_interest)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn required(
        &self,
        variable: &'static str,
        expected: &'static str,
    ) -> Result<&str, Error> {
        self.get(variable)
            .ok_or(Error::Missing { variable, expected })
    }

    /// `ENDPOINT_NAME`
    pub fn endpoint_name(&self) -> Result<String, Error> {
        self.required("ENDPOINT_NAME", ENDPOINT).map(str::to_owned)
    }

    /// `STATE_MACHINE_ARN`
    pub fn state_machine_arn(&self) -> Result<String, Error> {
        let variable = "STATE_MACHINE_ARN";
        let arn = self.required(variable, STATE_MACHINE)?;
        if !arn.starts_with("arn:") || !arn.contains(":stateMachine:") {
            return Err(invalid(
                variable,
                arn,
                "not the ARN of a state machine",
                STATE_MACHINE,
            ));
        }
        Ok(arn.to_owned())
    }

    /// `CONFIDENCE_THRESHOLD`, or [`DEFAULT_THRESHOLD`].
    pub fn confidence_threshold(&self) -> Result<f64, Error> {
        let variable = "CONFIDENCE_THRESHOLD";
        let Some(text) = self.get(variable) else {
            return Ok(DEFAULT_THRESHOLD);
        };
        let wrong = |problem: &str| invalid(variable, text, problem, THRESHOLD);
        let threshold = text.parse().map_err(|_| wrong("not a number"))?;
        if crate::filter::is_threshold(threshold) {
            Ok(threshold)
        } else {
            Err(wrong("not above 0 and up to 1"))
        }
    }

    /// `LABELS`: the model's labels in the order of its scores, separated by commas or as a JSON array.
    pub fn labels(&self) -> Result<Vec<String>, Error> {
        let variable = "LABELS";
        let text = self.required(variable, LABELS)?;
        let wrong = |problem: &str| invalid(variable, text, problem, LABELS);
        let labels: Vec<String> = if text.starts_with('[') {
            serde_json::from_str(text).map_err(|_| wrong("not a JSON array of strings"))?
        } else {
            text.split(',')
                .map(|label| label.trim().to_owned())
                .collect()
        };
        let distinct: std::collections::BTreeSet<_> = labels.iter().collect();
        match () {
            () if labels.iter().any(String::is_empty) => Err(wrong("one label is empty")),
            () if distinct.len() < labels.len() => Err(wrong("one label is there twice")),
            () if labels.len() < 2 => Err(wrong("a model tells at least two classes apart")),
            () => Ok(labels),
        }
    }

    /// `IMAGE_SHAPE`: the model's input, written as the built-in algorithm's hyperparameter `image_shape`.
    pub fn image_shape(&self) -> Result<Shape, Error> {
        let variable = "IMAGE_SHAPE";
        let text = self.required(variable, IMAGE_SHAPE)?;
        let wrong = |problem: String| invalid(variable, text, &problem, IMAGE_SHAPE);
        text.parse::<Shape>()
            .map_err(|error| wrong(error.to_string()))
    }
}

fn invalid(variable: &'static str, value: &str, problem: &str, expected: &'static str) -> Error {
    Error::Invalid {
        variable,
        value: value.to_owned(),
        problem: problem.to_owned(),
        expected,
    }
}

impl<Name: Into<String>, Text: Into<String>> FromIterator<(Name, Text)> for Environment {
    fn from_iter<I: IntoIterator<Item = (Name, Text)>>(variables: I) -> Self {
        let owned = |(name, value): (Name, Text)| (name.into(), value.into());
        Self(variables.into_iter().map(owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variable: &str, value: &str) -> Environment {
        Environment::from_iter([(variable, value)])
    }

    #[track_caller]
    fn check_error<T: std::fmt::Debug>(result: Result<T, Error>, text: &str) {
        assert_eq!(result.unwrap_err().to_string(), text);
    }

    #[test]
    fn a_missing_variable_is_named_with_the_way_out() {
        check_error(
            Environment::default().endpoint_name(),
            "the environment variable ENDPOINT_NAME is not set: set it to the name of the SageMaker endpoint",
        );
        check_error(
            with("LABELS", " ").labels(),
            "the environment variable LABELS is not set: set it to the model's labels in the order of its scores, \
             for example bicycle,motorcycle or [\"bicycle\",\"motorcycle\"]",
        );
    }

    #[test]
    fn labels_are_a_list_with_commas_or_a_json_array() {
        for text in ["bicycle, motorcycle", r#"["bicycle","motorcycle"]"#] {
            assert_eq!(
                with("LABELS", text).labels().unwrap(),
                ["bicycle", "motorcycle"]
            );
        }
        let commas = with("LABELS", r#"["car, small","car"]"#);
        assert_eq!(commas.labels().unwrap(), ["car, small", "car"]);
    }

    #[test]
    fn labels_that_cant_name_classes_are_refused() {
        for (text, problem) in [
            ("bicycle", "a model tells at least two classes apart"),
            ("bicycle,", "one label is empty"),
            ("bicycle,bicycle", "one label is there twice"),
            ("[bicycle]", "not a JSON array of strings"),
            ("[1,2]", "not a JSON array of strings"),
        ] {
            let error = with("LABELS", text).labels().unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn the_threshold_has_a_default_and_bounds() {
        assert_eq!(Environment::default().confidence_threshold(), Ok(0.93));
        assert_eq!(
            with("CONFIDENCE_THRESHOLD", "1").confidence_threshold(),
            Ok(1.0)
        );
        for text in ["0", "-0.5", "1.01", "NaN", "inf"] {
            check_error(
                with("CONFIDENCE_THRESHOLD", text).confidence_threshold(),
                &format!(
                    "the environment variable CONFIDENCE_THRESHOLD is {text:?}: not above 0 and up to 1; \
                     set it to a number above 0 and up to 1, for example 0.93"
                ),
            );
        }
        check_error(
            with("CONFIDENCE_THRESHOLD", "93%").confidence_threshold(),
            "the environment variable CONFIDENCE_THRESHOLD is \"93%\": not a number; \
             set it to a number above 0 and up to 1, for example 0.93",
        );
    }

    #[test]
    fn a_state_machine_is_named_by_its_arn() {
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:classify";
        assert_eq!(
            with("STATE_MACHINE_ARN", arn).state_machine_arn().unwrap(),
            arn
        );
        let error = with("STATE_MACHINE_ARN", "classify").state_machine_arn();
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("not the ARN of a state machine")
        );
    }
}
