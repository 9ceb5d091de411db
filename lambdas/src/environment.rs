//! The configuration of a function: environment variables, read once at start and lifted into
//! values that need no further checks.

use std::collections::BTreeMap;

use evaluation::{InvalidThreshold, Threshold};
use fit_image::Shape;

use s3_uri::S3Uri;

/// The environment variables of a process, or of a test.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

/// A variable is missing or has a value that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is missing or empty.
    #[error("the environment variable {variable} is not set: set it to {expected}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// The expected value, with an example.
        expected: &'static str,
    },
    /// It has the wrong form.
    #[error("the environment variable {variable} is {value:?}: {problem}; set it to {expected}")]
    Invalid {
        /// Its name.
        variable: &'static str,
        /// Its value.
        value: String,
        /// The problem with the value.
        problem: String,
        /// The expected value, with an example.
        expected: &'static str,
    },
    /// Nothing says which model to ask.
    #[error(
        "neither ENDPOINT_NAME nor MODEL_S3_URI is set: set one of them, to {ENDPOINT}, or to \
         {MODEL}"
    )]
    NoModel,
    /// Both an endpoint and a model are set.
    #[error(
        "ENDPOINT_NAME is {endpoint:?} and MODEL_S3_URI is {artifact:?}: images are scored by an \
         endpoint or by a model in the function, so set only one of them"
    )]
    TwoModels {
        /// `ENDPOINT_NAME`
        endpoint: String,
        /// `MODEL_S3_URI`
        artifact: String,
    },
    /// The program can't score images by itself.
    #[error(
        "MODEL_S3_URI is set, and this program was built without a predictor: build it with \
         --features embedded-model, or set ENDPOINT_NAME instead"
    )]
    NoEmbeddedModel,
}

/// The model that scores images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSource {
    /// The name of a SageMaker endpoint.
    Endpoint(String),
    /// A `model.tar.gz`, to be loaded by the function.
    Artifact(S3Uri),
}

/// The most bytes of a PNG that Step Functions carries: 262,144 for the whole payload, of which
/// base64 takes four for three, and a few KB are for the object's other fields.
const MAX_PNG: u64 = (262_144 - 12_288) / 4 * 3;

const ENDPOINT: &str = "the name of the SageMaker endpoint";
const MODEL: &str =
    "the model.tar.gz that this function scores with, for example s3://bucket/models/model.tar.gz";
const BUCKET: &str =
    "the bucket of the captured traffic, where the baseline and the reports are too";
const STATE_MACHINE: &str = "the ARN of the state machine to start, for example \
    arn:aws:states:us-east-1:123456789012:stateMachine:classify";
const LABELS: &str = "the model's labels in the order of its scores, for example \
                      bicycle,motorcycle or [\"bicycle\",\"motorcycle\"]";
const THRESHOLD: &str = "a number above 0 and up to 1, for example 0.93";
const IMAGE_SHAPE: &str = "channels, height and width of the model's input as its hyperparameter \
                           image_shape has them, for example 3,32,32";

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

    /// `ENDPOINT_NAME` or `MODEL_S3_URI`: exactly one of them.
    pub fn model(&self) -> Result<ModelSource, Error> {
        let variable = "MODEL_S3_URI";
        match (self.get("ENDPOINT_NAME"), self.get(variable)) {
            (None, None) => Err(Error::NoModel),
            (Some(endpoint), None) => Ok(ModelSource::Endpoint(endpoint.to_owned())),
            (None, Some(uri)) => match uri.parse::<S3Uri>() {
                Ok(artifact) if artifact.key.ends_with(".tar.gz") => {
                    Ok(ModelSource::Artifact(artifact))
                }
                _ => Err(invalid(
                    variable,
                    uri,
                    "not the S3 URI of a .tar.gz file",
                    MODEL,
                )),
            },
            (Some(endpoint), Some(artifact)) => Err(Error::TwoModels {
                endpoint: endpoint.to_owned(),
                artifact: artifact.to_owned(),
            }),
        }
    }

    /// `ENDPOINT_NAME`, of a function that has no other source of answers.
    pub fn endpoint_name(&self) -> Result<String, Error> {
        self.required("ENDPOINT_NAME", ENDPOINT).map(str::to_owned)
    }

    /// `MONITORING_BUCKET`
    pub fn monitoring_bucket(&self) -> Result<String, Error> {
        self.required("MONITORING_BUCKET", BUCKET)
            .map(str::to_owned)
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

    /// `CONFIDENCE_THRESHOLD`, or [`Threshold::DEFAULT`].
    pub fn confidence_threshold(&self) -> Result<Threshold, Error> {
        let variable = "CONFIDENCE_THRESHOLD";
        let Some(text) = self.get(variable) else {
            return Ok(Threshold::DEFAULT);
        };
        text.parse().map_err(|error: InvalidThreshold| {
            invalid(variable, text, &error.to_string(), THRESHOLD)
        })
    }

    /// `LABELS`: the model's labels in the order of its scores, separated by commas or as a JSON
    /// array.
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
        if labels.iter().any(String::is_empty) {
            Err(wrong("one label is empty"))
        } else if distinct.len() < labels.len() {
            Err(wrong("one label is there twice"))
        } else if labels.len() < 2 {
            Err(wrong("a model tells at least two classes apart"))
        } else {
            Ok(labels)
        }
    }

    /// `IMAGE_SHAPE`: the model's input, written as the built-in algorithm's hyperparameter
    /// `image_shape`.
    pub fn image_shape(&self) -> Result<Shape, Error> {
        let variable = "IMAGE_SHAPE";
        let text = self.required(variable, IMAGE_SHAPE)?;
        let wrong = |problem: String| invalid(variable, text, &problem, IMAGE_SHAPE);
        let shape: Shape = text
            .parse()
            .map_err(|error: fit_image::InvalidShape| wrong(error.to_string()))?;
        if shape.max_png_bytes() > MAX_PNG {
            let problem = "its images may be over Step Functions' payload quota of 262,144 bytes";
            return Err(wrong(problem.to_owned()));
        }
        Ok(shape)
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
            Environment::default().state_machine_arn(),
            "the environment variable STATE_MACHINE_ARN is not set: set it to the ARN of the \
             state machine to start, for example \
             arn:aws:states:us-east-1:123456789012:stateMachine:classify",
        );
        check_error(
            with("LABELS", " ").labels(),
            "the environment variable LABELS is not set: set it to the model's labels in the \
             order of its scores, for example bicycle,motorcycle or [\"bicycle\",\"motorcycle\"]",
        );
    }

    #[test]
    fn one_model_is_asked() {
        let (bucket, key) = ("b".into(), "models/m.tar.gz".into());
        let artifact = ModelSource::Artifact(S3Uri { bucket, key });
        let endpoint = ModelSource::Endpoint("scones".into());
        let uri = "s3://b/models/m.tar.gz";
        assert_eq!(with("ENDPOINT_NAME", "scones").model(), Ok(endpoint));
        assert_eq!(with("MODEL_S3_URI", uri).model(), Ok(artifact));
        check_error(
            Environment::default().model(),
            "neither ENDPOINT_NAME nor MODEL_S3_URI is set: set one of them, to the name of the \
             SageMaker endpoint, or to the model.tar.gz that this function scores with, for \
             example s3://bucket/models/model.tar.gz",
        );
        check_error(
            Environment::from_iter([("ENDPOINT_NAME", "scones"), ("MODEL_S3_URI", uri)]).model(),
            "ENDPOINT_NAME is \"scones\" and MODEL_S3_URI is \"s3://b/models/m.tar.gz\": images \
             are scored by an endpoint or by a model in the function, so set only one of them",
        );
        for uri in [
            "models/m.tar.gz",
            "s3://b",
            "s3:///m.tar.gz",
            "s3://b/model",
        ] {
            let error = with("MODEL_S3_URI", uri).model().unwrap_err().to_string();
            assert!(
                error.contains("not the S3 URI of a .tar.gz file"),
                "{error}"
            );
        }
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
        assert_eq!(
            Environment::default().confidence_threshold(),
            Ok(Threshold::DEFAULT)
        );
        assert_eq!(
            with("CONFIDENCE_THRESHOLD", "1").confidence_threshold(),
            Ok(Threshold::MAX)
        );
        for text in ["0", "-0.5", "1.01", "NaN", "inf"] {
            check_error(
                with("CONFIDENCE_THRESHOLD", text).confidence_threshold(),
                &format!(
                    "the environment variable CONFIDENCE_THRESHOLD is {text:?}: not above 0 and \
                     up to 1; set it to a number above 0 and up to 1, for example 0.93"
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
    fn a_shape_is_one_whose_images_step_functions_carries() {
        assert!(with("IMAGE_SHAPE", "3,224,224").image_shape().is_ok());
        let problem = |text: &str| with("IMAGE_SHAPE", text).image_shape().unwrap_err();
        let large = problem("3,299,299").to_string();
        assert!(
            large.contains("over Step Functions' payload quota"),
            "{large}"
        );
        let form = problem("32,32").to_string();
        assert!(form.contains("not channels,height,width"), "{form}");
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
