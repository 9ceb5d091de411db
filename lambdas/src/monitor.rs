//! monitor-endpoint: what an endpoint's captured traffic says of its model.
//!
//! ```json
//! {"to": "2026-03-01T08:00:00Z", "hours": 24}
//! ```
//!
//! `to` is the moment after the last that is looked at, now where it is not there; a schedule gives
//! its own time, so that a run that is repeated looks at the same hours. Statistics, violations and
//! the report go to `monitoring/{endpoint}/runs/`, metrics to the log in CloudWatch's embedded
//! metric format, and the answer is [`MonitoringResult`].

use aws_sdk_s3::Client;
use evaluation::Threshold;
use jiff::{SignedDuration, Timestamp};
use monitor::Window;
use monitor::capture::Source;
use monitor::findings::{Status, Violation};
use monitor::job::{self, Job};
use monitor::metrics;
use monitor::observed::Embed;
use monitor::report::Report;
use s3_objects::{Bucket, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
#[cfg(feature = "embedded-model")]
use crate::model::{self, LoadError};
use crate::runtime::Handler;
#[cfg(feature = "embedded-model")]
use s3_uri::S3Uri;

/// The hours that are looked at where the event does not say.
const HOURS: u32 = 24;

/// The most hours: a year.
const MAX_HOURS: u32 = 366 * 24;

/// The reason why embeddings are not compared.
#[cfg(feature = "embedded-model")]
const NO_MODEL: &str =
    "the baseline names no model: make it with `scones monitor baseline --model s3://BUCKET/KEY`";

/// The function.
#[derive(Clone, Debug)]
pub struct MonitorEndpoint {
    #[cfg(feature = "embedded-model")]
    s3: Client,
    job: Job,
    threshold: Threshold,
}

/// The event of the function.
#[derive(Debug, Deserialize)]
struct Request {
    to: Option<Timestamp>,
    hours: Option<u32>,
}

/// The result.
#[derive(Debug, Serialize)]
pub struct MonitoringResult {
    /// `Completed`, `CompletedWithViolations` or `NothingToTest`.
    pub status: Status,
    /// The endpoint's name.
    pub endpoint: String,
    /// The first moment that was looked at.
    pub from: Timestamp,
    /// The moment after the last.
    pub to: Timestamp,
    /// Number of answers.
    pub answers: u64,
    /// The differences from the baseline that matter.
    pub violations: Vec<Violation>,
    /// The S3 URI of the report.
    pub report: String,
}

/// An error of monitor-endpoint. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event does not say what to look at.
    #[error("the event can't be used: {0}")]
    InvalidEvent(String),
    /// There is no baseline.
    #[error("{0}")]
    BaselineMissing(String),
    /// The baseline can't be used.
    #[error("{0}")]
    BaselineInvalid(String),
    /// The role lacks a permission.
    #[error("{0}")]
    AccessDenied(String),
    /// S3 refuses for another reason.
    #[error("{0}")]
    StorageRefused(String),
    /// S3 did not answer. Retryable.
    #[error("{0}")]
    StorageUnavailable(String),
    /// The comparison did not end. It is a fault of this function.
    #[error("the comparison was lost: {0}")]
    ComparisonLost(String),
}

function_error!(Error, retryable: ["StorageUnavailable"]);

impl From<s3_objects::Error> for Error {
    fn from(error: s3_objects::Error) -> Self {
        let text = error.to_string();
        match error.problem {
            Problem::AccessDenied(_) => Self::AccessDenied(text),
            Problem::Unavailable(..) => Self::StorageUnavailable(text),
            _ => Self::StorageRefused(text),
        }
    }
}

impl From<job::Error> for Error {
    fn from(error: job::Error) -> Self {
        match error {
            job::Error::Bucket(error) => error.into(),
            job::Error::NoBaseline(_) => Self::BaselineMissing(error.to_string()),
            job::Error::Baseline(..) => Self::BaselineInvalid(error.to_string()),
        }
    }
}

impl Handler for MonitorEndpoint {
    const NAME: &'static str = "monitor-endpoint";
    type Output = MonitoringResult;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let endpoint = environment.endpoint_name()?;
        let bucket = environment.monitoring_bucket()?;
        let threshold = environment.confidence_threshold()?;
        let s3 = aws::s3(&aws::config(environment).await, environment);
        Ok(Self::new(s3, bucket, endpoint, threshold))
    }

    async fn handle(&self, event: Value) -> Result<MonitoringResult, Error> {
        let now = Timestamp::now();
        let window = window(event, now)?;
        let endpoint = self.job.captured.endpoint.clone();
        let baseline = self.job.baseline().await?;
        let own = &baseline.statistics.image_classification;
        let embed = self.embed(own.model.as_deref()).await?;
        let observation = self
            .job
            .observe(window, now, &own.labels, self.threshold, embed)
            .await?;
        let comparing = tokio::task::spawn_blocking(move || {
            let (observed, findings) = observation.compare(&baseline);
            (baseline, observed, findings)
        });
        let (baseline, observed, findings) = comparing
            .await
            .map_err(|lost| Error::ComparisonLost(lost.to_string()))?;
        let report = Report {
            endpoint: &endpoint,
            window,
            baseline: &baseline,
            observed: &observed,
            findings: &findings,
        };
        let folder = self.job.publish(&report).await?;
        // CloudWatch makes metrics of such a line wherever it is in the log.
        println!("{}", metrics::line(&endpoint, window.to(), &findings));
        Ok(MonitoringResult {
            status: findings.status(),
            from: window.from(),
            to: window.to(),
            answers: observed.answers,
            report: self
                .job
                .bucket
                .uri(&format!("{folder}report.html"))
                .to_string(),
            violations: findings.violations,
            endpoint,
        })
    }
}

impl MonitorEndpoint {
    /// The function over a client of its own.
    pub fn new(s3: Client, bucket: String, endpoint: String, threshold: Threshold) -> Self {
        Self {
            #[cfg(feature = "embedded-model")]
            s3: s3.clone(),
            job: Job {
                bucket: Bucket::new(s3, bucket),
                captured: Source {
                    prefix: job::CAPTURED.to_owned(),
                    endpoint,
                    variant: None,
                },
                ground_truth: job::GROUND_TRUTH.to_owned(),
                prefix: job::RESULTS.to_owned(),
            },
            threshold,
        }
    }

    /// Returns the embedding function of the baseline's model; or why there is none.
    #[cfg(feature = "embedded-model")]
    async fn embed(&self, model: Option<&str>) -> Result<Result<Embed, String>, Error> {
        let Some(uri) = model else {
            return Ok(Err(NO_MODEL.to_owned()));
        };
        let Ok(artifact) = uri.parse::<S3Uri>() else {
            return Ok(Err(format!("the baseline's model, {uri:?}, is no S3 URI")));
        };
        match model::load(&self.s3, &artifact).await {
            Ok(model) => Ok(Ok(Box::new(move |image| {
                model.embed(image).map_err(|error| error.to_string())
            }))),
            Err(LoadError::Unavailable(reason)) => {
                Err(Error::StorageUnavailable(format!("{uri}: {reason}")))
            }
            Err(LoadError::Unusable(reason)) => {
                Ok(Err(format!("the baseline's model, {uri}: {reason}")))
            }
        }
    }

    #[cfg(not(feature = "embedded-model"))]
    #[expect(clippy::unused_async, reason = "the one with a model waits for it")]
    async fn embed(&self, _: Option<&str>) -> Result<Result<Embed, String>, Error> {
        let reason = "monitor-endpoint was built without a predictor: build it with --features \
                      embedded-model";
        Ok(Err(reason.to_owned()))
    }
}

fn window(event: Value, now: Timestamp) -> Result<Window, Error> {
    let request: Request =
        serde_json::from_value(event).map_err(|error| Error::InvalidEvent(error.to_string()))?;
    let hours = request.hours.unwrap_or(HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        return Err(Error::InvalidEvent(format!(
            "hours is {hours}, and may be 1 to {MAX_HOURS}"
        )));
    }
    let to = request.to.unwrap_or(now);
    let from = to
        .saturating_sub(SignedDuration::from_hours(i64::from(hours)))
        .unwrap_or(Timestamp::MIN);
    Window::new(from, to).map_err(|error| Error::InvalidEvent(error.to_string()))
}

#[cfg(test)]
mod tests;
