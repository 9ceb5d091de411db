//! evaluate-model: how good a model is, from what a transform job wrote for images whose classes
//! are known.
//!
//! ```json
//! {"bucket": "...", "lst": "test.lst", "prefix": "test/", "outputs": "evaluations/JOB/"}
//! ```
//!
//! `lst` is the key of a SageMaker `.lst` manifest, and `outputs` where the job wrote `<path in the
//! manifest>.out`: a prefix in the bucket, or an S3 URI. `prefix` is where the images are, for
//! texts. `threshold` and `labels` are asked for in the place of the function's own. The answer is
//! [`EvaluationResult`].

use aws_sdk_s3::Client;
use evaluation::{ClassReport, Evaluation, Scores, Threshold};
use futures::{StreamExt, TryStreamExt};
use lst::{Line, Manifest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::runtime::Handler;
use s3_objects::{Error as StorageError, Problem};
use s3_uri::S3Uri;

/// Predictions that are read at a time.
const READS: usize = 64;

/// The most bytes of a manifest: about half a million images.
const MAX_MANIFEST: u64 = 32 << 20;

/// The most bytes of a prediction: some tens of thousands of scores.
const MAX_PREDICTION: u64 = 1 << 20;

/// The function.
#[derive(Clone, Debug)]
pub struct EvaluateModel {
    s3: Client,
    labels: Vec<String>,
    threshold: Threshold,
}

/// The event of the function.
#[derive(Debug, Deserialize)]
struct Request {
    bucket: String,
    lst: String,
    outputs: String,
    #[serde(default)]
    prefix: String,
    threshold: Option<f64>,
    labels: Option<Vec<String>>,
}

/// Metrics of a model on images whose classes are known.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationResult {
    /// Number of images that the manifest names.
    pub images: usize,
    /// The part of them whose most probable class is the true one.
    pub accuracy: f32,
    /// The standard error of the accuracy: how far it lies, as a rule, from that on endless images
    /// of the same kind.
    pub accuracy_error: f32,
    /// Mean negative logarithm of the probability that the true class got.
    pub log_loss: f32,
    /// Expected calibration error, over 15 bins of confidence.
    pub ece: f32,
    /// The `ece` that a perfectly calibrated model with these scores would have by chance.
    pub ece_floor: f32,
    /// The score that passes the gate.
    pub threshold: f32,
    /// The part of the images that pass the gate.
    pub pass_rate: f32,
    /// The accuracy of those.
    pub precision: f32,
    /// The names of the classes.
    pub labels: Vec<String>,
    /// The confusion matrix: a row for each true class, a column for each label.
    pub confusion: Vec<Vec<usize>>,
    /// Metrics by class.
    pub classes: Vec<ClassReport>,
}

/// An error of evaluate-model. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event does not say what to evaluate.
    #[error("the event can't be used: {0}")]
    InvalidEvent(String),
    /// The manifest does not exist.
    #[error("{0}: lst is the key of the manifest")]
    ListMissing(StorageError),
    /// The manifest names no image, or is none.
    #[error("{0}: {1}")]
    ListInvalid(S3Uri, String),
    /// The transform job wrote nothing for an image.
    #[error("{0}: {1}")]
    PredictionsMissing(S3Uri, String),
    /// A prediction is not scores, or not as many as there are labels.
    #[error("{0}: {1}")]
    PredictionsInvalid(S3Uri, String),
    /// See [`Problem::AccessDenied`].
    #[error(transparent)]
    AccessDenied(StorageError),
    /// See [`Problem::Refused`].
    #[error(transparent)]
    StorageRefused(StorageError),
    /// See [`Problem::Unavailable`]. Retryable.
    #[error(transparent)]
    StorageUnavailable(StorageError),
}

function_error!(Error, retryable: ["StorageUnavailable"]);

impl Error {
    fn of_list(error: StorageError) -> Self {
        match error.problem {
            Problem::NoSuchKey | Problem::NoSuchBucket => Self::ListMissing(error),
            Problem::TooLarge { .. } => Self::ListInvalid(error.uri, error.problem.to_string()),
            _ => Self::of_s3(error),
        }
    }

    fn of_output(error: StorageError, image: &S3Uri) -> Self {
        let StorageError { uri, problem } = &error;
        match problem {
            Problem::NoSuchKey | Problem::NoSuchBucket => {
                let text = format!("{problem}: there is no prediction for {image}");
                Self::PredictionsMissing(uri.clone(), text)
            }
            Problem::TooLarge { .. } => Self::PredictionsInvalid(uri.clone(), problem.to_string()),
            _ => Self::of_s3(error),
        }
    }

    fn of_s3(error: StorageError) -> Self {
        match error.problem {
            Problem::AccessDenied(_) => Self::AccessDenied(error),
            Problem::Unavailable(..) => Self::StorageUnavailable(error),
            _ => Self::StorageRefused(error),
        }
    }
}

impl Handler for EvaluateModel {
    const NAME: &'static str = "evaluate-model";
    type Output = EvaluationResult;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let labels = environment.labels()?;
        let threshold = environment.confidence_threshold()?;
        let s3 = aws::s3(&aws::config(environment).await, environment);
        Ok(Self::new(s3, labels, threshold))
    }

    async fn handle(&self, event: Value) -> Result<EvaluationResult, Error> {
        let request = self.request(event)?;
        let labels = request.labels.as_ref().unwrap_or(&self.labels);
        let lines = self.lines(&request, labels.len()).await?;
        let predictions = lines.into_iter().map(|line| {
            let request = &request;
            async move { self.prediction(request, line, labels.len()).await }
        });
        let answers: Vec<(usize, Vec<f32>)> = futures::stream::iter(predictions)
            .buffered(READS)
            .try_collect()
            .await?;
        let (classes, scores): (Vec<usize>, Vec<Vec<f32>>) = answers.into_iter().unzip();
        let threshold = self.threshold(&request)?;
        let metrics = metrics(&Evaluation::new(scores, &classes), labels, threshold);
        let (images, accuracy, ece) = (metrics.images, metrics.accuracy, metrics.ece);
        tracing::info!(images, accuracy, ece, "evaluated");
        Ok(metrics)
    }
}

impl EvaluateModel {
    /// The function over a client of its own; labels and threshold are for events that bring none.
    pub fn new(s3: Client, labels: Vec<String>, threshold: Threshold) -> Self {
        Self {
            s3,
            labels,
            threshold,
        }
    }

    fn request(&self, event: Value) -> Result<Request, Error> {
        let invalid = |problem: String| Error::InvalidEvent(problem);
        let request: Request =
            serde_json::from_value(event).map_err(|error| invalid(error.to_string()))?;
        self.threshold(&request)?;
        if request
            .labels
            .as_ref()
            .is_some_and(|labels| labels.len() < 2)
        {
            return Err(invalid("labels names less than two classes".into()));
        }
        Ok(request)
    }

    fn threshold(&self, request: &Request) -> Result<Threshold, Error> {
        let Some(value) = request.threshold else {
            return Ok(self.threshold);
        };
        Threshold::new(value).map_err(|_| {
            let problem = format!("the threshold {value} is not a number above 0 and up to 1");
            Error::InvalidEvent(problem)
        })
    }

    /// The manifest's images, each of one of `classes` classes.
    async fn lines(&self, request: &Request, classes: usize) -> Result<Vec<Line>, Error> {
        let location = request.in_bucket(&request.lst);
        let text = s3_objects::get_at_most(&self.s3, &location, MAX_MANIFEST)
            .await
            .map_err(Error::of_list)?;
        let invalid = |problem: String| Error::ListInvalid(location.clone(), problem);
        let text = String::from_utf8(text).map_err(|error| invalid(error.to_string()))?;
        let manifest: Manifest = text
            .parse()
            .map_err(|error: lst::Error| invalid(error.to_string()))?;
        let lines = manifest.lines();
        if let Some(line) = lines.iter().find(|line| line.class >= classes) {
            let (path, class) = (&line.path, line.class);
            return Err(invalid(format!(
                "{path} has the class {class}, but there are {classes} classes, numbered from 0"
            )));
        }
        match lines {
            [] => Err(invalid("it names no image".into())),
            lines => Ok(lines.to_vec()),
        }
    }

    /// The true class of an image, and the scores that the model gave it.
    async fn prediction(
        &self,
        request: &Request,
        line: Line,
        classes: usize,
    ) -> Result<(usize, Vec<f32>), Error> {
        let location = request.output(&line.path);
        let answer = s3_objects::get_at_most(&self.s3, &location, MAX_PREDICTION)
            .await
            .map_err(|error| Error::of_output(error, &request.image(&line)))?;
        let invalid = |problem: String| Error::PredictionsInvalid(location.clone(), problem);
        let (_, scores) =
            Scores::from_response(&answer).map_err(|error| invalid(error.to_string()))?;
        if scores.len() != classes {
            let found = scores.len();
            return Err(invalid(format!(
                "it has {found} scores, and there are {classes} labels"
            )));
        }
        Ok((line.class, scores.to_f32()))
    }
}

impl Request {
    fn in_bucket(&self, key: &str) -> S3Uri {
        S3Uri {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
        }
    }

    fn image(&self, line: &Line) -> S3Uri {
        self.in_bucket(&below(&self.prefix, &line.path))
    }

    fn output(&self, path: &str) -> S3Uri {
        let mut location: S3Uri = self
            .outputs
            .parse()
            .unwrap_or_else(|_| self.in_bucket(&self.outputs));
        location.key = below(&location.key, &format!("{path}.out"));
        location
    }
}

/// A path below a prefix, which may have its last slash or not.
fn below(prefix: &str, path: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => path.to_owned(),
        prefix => format!("{prefix}/{path}"),
    }
}

fn metrics(evaluation: &Evaluation, labels: &[String], threshold: Threshold) -> EvaluationResult {
    let report = evaluation.report(labels, threshold);
    EvaluationResult {
        images: report.images,
        accuracy: report.accuracy,
        accuracy_error: report.accuracy_error,
        log_loss: report.log_loss,
        ece: report.ece,
        ece_floor: report.ece_floor,
        threshold: report.gate.threshold,
        pass_rate: report.gate.pass_rate,
        precision: report.gate.precision,
        labels: labels.to_vec(),
        confusion: report.confusion,
        classes: report.classes,
    }
}

#[cfg(test)]
mod tests;
