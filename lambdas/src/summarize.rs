//! summarize-batch: what came of the images of a map run, counted from the files that its
//! `ResultWriter` wrote.
//!
//! ```json
//! {"bucket": "...", "key": "batches/EXECUTION/UUID/manifest.json"}
//! ```
//!
//! The files may be as long as they like: they are read line by line, and only counts are kept. The
//! [`Summary`] is written beside them as `summary.json`, and is the answer.

mod files;
mod summary;
#[cfg(test)]
mod tests;

use aws_sdk_s3::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::aws;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::runtime::Handler;
use s3_objects::{Error as StorageError, Line, Problem};
use s3_uri::S3Uri;

use files::Manifest;
use summary::SummaryBuilder;
pub use summary::{Counts, ResultLocations, Summary};

/// The most bytes of a manifest: it names each file of results, of some megabytes each.
const MAX_MANIFEST: u64 = 16 << 20;

/// The longest line. A failed batch is described with its input, of up to 262,144 bytes, as JSON in
/// JSON.
pub const MAX_LINE: usize = 4 << 20;

/// The function.
#[derive(Clone, Debug)]
pub struct SummarizeBatch {
    s3: Client,
}

/// Location of the results' manifest, as `ResultWriterDetails` says.
#[derive(Debug, Deserialize)]
struct Request {
    bucket: String,
    key: String,
}

/// An error of summarize-batch. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event does not name a manifest.
    #[error("the event can't be used: {0}")]
    InvalidEvent(String),
    /// The manifest, or a file that it names, is not there.
    #[error(transparent)]
    ResultsMissing(StorageError),
    /// A file does not have the format of `ResultWriter`.
    #[error("{0}: {1}")]
    ResultsInvalid(S3Uri, String),
    /// See [`Problem::AccessDenied`].
    #[error(transparent)]
    AccessDenied(StorageError),
    /// S3 refused to read a file, or to take the summary.
    #[error(transparent)]
    StorageRefused(StorageError),
    /// S3 did not answer, or asks to come back later. Retryable.
    #[error(transparent)]
    StorageUnavailable(StorageError),
}

function_error!(Error, retryable: ["StorageUnavailable"]);

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error.problem {
            Problem::NoSuchBucket | Problem::NoSuchKey => Self::ResultsMissing(error),
            Problem::AccessDenied(_) => Self::AccessDenied(error),
            Problem::TooLarge { .. } => Self::ResultsInvalid(error.uri, error.problem.to_string()),
            Problem::Refused(..) => Self::StorageRefused(error),
            Problem::Unavailable(..) => Self::StorageUnavailable(error),
        }
    }
}

impl Handler for SummarizeBatch {
    const NAME: &'static str = "summarize-batch";
    type Output = Summary;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let s3 = aws::s3(&aws::config(environment).await, environment);
        Ok(Self::new(s3))
    }

    async fn handle(&self, event: Value) -> Result<Summary, Error> {
        let Request { bucket, key } = serde_json::from_value(event)
            .map_err(|error| Error::InvalidEvent(error.to_string()))?;
        let manifest_location = S3Uri { bucket, key };
        let manifest = self.manifest(&manifest_location).await?;
        let mut builder = SummaryBuilder::default();
        for file in &manifest.classified {
            self.read(file, |line| builder.image(line)).await?;
        }
        for file in manifest.failed.iter().chain(&manifest.pending) {
            self.read(file, |line| builder.batch(line)).await?;
        }
        let summary = builder.finish(&manifest, &sibling(&manifest_location, "summary.json"));
        self.write(&summary).await?;
        let (images, failed) = (summary.images, summary.failed);
        tracing::info!(images, failed, "summarized");
        Ok(summary)
    }
}

impl SummarizeBatch {
    /// The function over a client of its own.
    pub fn new(s3: Client) -> Self {
        Self { s3 }
    }

    async fn manifest(&self, location: &S3Uri) -> Result<Manifest, Error> {
        let bytes = s3_objects::get_at_most(&self.s3, location, MAX_MANIFEST).await?;
        Manifest::parse(&bytes).map_err(|problem| Error::ResultsInvalid(location.clone(), problem))
    }

    /// Hands each line of a file to `count`, which says what is wrong with one.
    async fn read(
        &self,
        file: &S3Uri,
        mut count: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), Error> {
        let body = s3_objects::open(&self.s3, file).await?;
        let each = |number: u64, line: Line<'_>| {
            let counted = match line {
                Line::Whole(line) => count(line),
                Line::TooLong => Err(format!("it has more than {MAX_LINE} bytes")),
            };
            counted.map_err(|problem| {
                Error::ResultsInvalid(file.clone(), format!("line {number}: {problem}"))
            })
        };
        body.each_line(MAX_LINE, each).await
    }

    async fn write(&self, summary: &Summary) -> Result<(), Error> {
        let ResultLocations {
            bucket,
            summary: key,
            ..
        } = summary.results.clone();
        let location = S3Uri { bucket, key };
        let bytes = serde_json::to_vec_pretty(summary)
            .map_err(|error| Error::ResultsInvalid(location.clone(), error.to_string()))?;
        Ok(s3_objects::put(&self.s3, &location, "application/json", bytes).await?)
    }
}

/// A file in the folder of another.
fn sibling(location: &S3Uri, name: &str) -> S3Uri {
    let folder = location
        .key
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let key = match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    S3Uri {
        bucket: location.bucket.clone(),
        key,
    }
}
