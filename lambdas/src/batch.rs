//! classify-batch: a batch of a Distributed Map's items, each of which goes the way of
//! `classify.asl.json` in one function.
//!
//! The answer is a [`Line`] an image, in the order of the items. An image that can't be used is a
//! line, and so is one that the gate refuses. The batch as a whole fails, by the name of an error
//! that the state machine knows, where going on makes no sense: S3 or the endpoint is not there or
//! is throttled, or the model answered for no image at all. A batch whose execution is retried
//! gives the same lines again.

mod error;
mod failed_batch;
mod item;
mod line;
mod retry;
#[cfg(test)]
mod tests;

use evaluation::{Threshold, json_type};
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use crate::classify::ClassifyImage;
use crate::diagnostic::FunctionError;
use crate::environment::{self, Environment};
use crate::event::Object;
use crate::filter::{self, FilterInferences};
use crate::runtime::Handler;
use crate::serialize::SerializeImage;
use s3_uri::S3Uri;

pub use error::Error;
use error::ImageError;
pub use failed_batch::FailedBatch;
use item::{Batch, BatchInput};
pub use line::{Line, Status};
use retry::retry;

/// The most items of a batch, as `classify-batch.asl.json` has it (`MaxItemsPerBatch`).
///
/// A state's result may have 262,144 bytes. The items' own keys are up to [`MAX_BYTES`] of them;
/// what is said of each image beside its key is up to 1,600 bytes: 200 characters of cause that all
/// take 6 bytes in JSON, a bucket's 63 bytes, an inference id's 64, a label, and the names of the
/// fields.
pub const MAX_ITEMS: usize = 100;

/// The most bytes of a batch's input, as `classify-batch.asl.json` has it
/// (`MaxInputBytesPerBatch`).
pub const MAX_BYTES: usize = 90_000;

/// Images that are worked on at a time: they mostly wait for S3 and the endpoint. Each may hold 32
/// MiB of an image file, beside those that are being decoded.
const CONCURRENCY: usize = 8;

/// The function: the three functions of `classify.asl.json`.
#[derive(Clone, Debug)]
pub struct ClassifyBatch {
    serialize: SerializeImage,
    classify: ClassifyImage,
    filter: FilterInferences,
}

/// The result of one image: a line, and the fault behind it where the image itself may not be to
/// blame.
struct Outcome {
    line: Line,
    suspect: Option<ImageError>,
}

impl Handler for ClassifyBatch {
    const NAME: &'static str = "classify-batch";
    type Output = Vec<Line>;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        Ok(Self {
            serialize: SerializeImage::start(environment).await?,
            classify: ClassifyImage::start(environment).await?,
            filter: FilterInferences::start(environment).await?,
        })
    }

    async fn handle(&self, event: Value) -> Result<Vec<Line>, Error> {
        let Batch { shared, items } = batch(event)?;
        if let Some(execution) = &shared.execution {
            tracing::Span::current().record("execution", execution);
        }
        let outcomes: Vec<Outcome> = futures::stream::iter(&items)
            .map(|item| self.outcome(item, &shared))
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        let lines = lines(outcomes)?;
        let of = |status| lines.iter().filter(|line| line.status == status).count();
        let (passed, refused) = (of(Status::Passed), of(Status::Refused));
        tracing::info!(passed, refused, failed = of(Status::Failed), "classified");
        Ok(lines)
    }
}

impl ClassifyBatch {
    /// The function of its parts.
    pub fn new(
        serialize: SerializeImage,
        classify: ClassifyImage,
        filter: FilterInferences,
    ) -> Self {
        Self {
            serialize,
            classify,
            filter,
        }
    }

    async fn outcome(&self, item: &Value, shared: &BatchInput) -> Result<Outcome, Error> {
        let location = match item::location(item, &shared.bucket) {
            Ok(location) => location,
            Err(problem) => return Ok(Line::unnamed(item, &problem).into()),
        };
        let is_retryable = |fault: &ImageError| fault.is_retryable();
        let classified = retry(is_retryable, async || {
            self.classified(&location, shared).await
        });
        match classified.await {
            Ok(object) => Ok(self.judged(object)),
            Err(fault) if fault.is_image_fault() => Ok(failed(location, &fault).into()),
            Err(fault) if fault.fails_batch() => Err(Error::ImageError(fault)),
            Err(fault) => Ok(Outcome {
                line: failed(location, &fault),
                suspect: Some(fault),
            }),
        }
    }

    async fn classified(
        &self,
        location: &S3Uri,
        shared: &BatchInput,
    ) -> Result<Object, ImageError> {
        let object = Object {
            s3_bucket: location.bucket.clone(),
            s3_key: location.key.clone(),
            threshold: shared.threshold.clone(),
            ..Object::default()
        };
        let object = self.serialize.serialize(object).await?;
        let execution = shared.execution.as_deref();
        Ok(self.classify.classify(object, execution).await?)
    }

    fn judged(&self, object: Object) -> Outcome {
        let known = Object {
            image_data: String::new(),
            ..object.clone()
        };
        let line = match self.filter.judge(object) {
            Ok(object) => Line::passed(object),
            Err(error @ filter::Error::ThresholdConfidenceNotMet { .. }) => {
                Line::refused(known, error.name(), &error.to_string())
            }
            Err(error) => Line::failed(known.uri(), error.name(), &error.to_string()),
        };
        line.into()
    }
}

impl From<Line> for Outcome {
    fn from(line: Line) -> Self {
        Self {
            line,
            suspect: None,
        }
    }
}

fn failed(location: S3Uri, fault: &ImageError) -> Line {
    Line::failed(location, fault.name(), &fault.to_string())
}

fn batch(event: Value) -> Result<Batch, Error> {
    let found = json_type(&event);
    let batch: Batch = serde_json::from_value(event)
        .map_err(|error| Error::InvalidBatch(format!("{found}: {error}")))?;
    let is_threshold = |value: &Value| value.as_f64().is_some_and(|it| Threshold::new(it).is_ok());
    match &batch.shared.threshold {
        Some(threshold) if !is_threshold(threshold) => {
            Err(Error::InvalidThreshold(threshold.clone()))
        }
        _ => Ok(batch),
    }
}

/// The lines, unless something is wrong that is not of single images: then no image was answered.
fn lines(outcomes: Vec<Outcome>) -> Result<Vec<Line>, Error> {
    let answered = outcomes
        .iter()
        .any(|outcome| outcome.line.status != Status::Failed);
    let mut lines = Vec::with_capacity(outcomes.len());
    for Outcome { line, suspect } in outcomes {
        match suspect {
            Some(fault) if !answered => return Err(Error::ImageError(fault)),
            _ => lines.push(line),
        }
    }
    Ok(lines)
}
