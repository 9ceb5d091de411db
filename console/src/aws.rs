//! The console's interface to AWS. The composing program implements it: within the process, for the
//! local stack.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use s3_uri::S3Uri;
use serde_json::Value;

/// The services that the pages show.
#[async_trait]
pub trait Aws: Send + Sync + 'static {
    /// Performs an operation as an AWS SDK does: `service` is `sfn`, `s3` or `sagemaker`,
    /// `operation` is in camel case (`listExecutions`), members have the SDK's names
    /// (`StateMachineArn`), and times are RFC 3339 text.
    async fn call(
        &self,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError>;

    /// At most `max_bytes` bytes of an object from the byte `from` on; `None` where there is no
    /// such object.
    async fn object(
        &self,
        uri: &S3Uri,
        from: u64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, ApiError>;

    /// Stores an object.
    async fn put_object(
        &self,
        uri: &S3Uri,
        body: Bytes,
        content_type: &str,
    ) -> Result<(), ApiError>;

    /// The names of the logs: a function's name, or `training-job/NAME`.
    async fn logs(&self) -> Result<Vec<String>, ApiError>;

    /// The last `limit` lines of a log; none where there is no such log.
    async fn log(&self, name: &str, limit: usize) -> Result<Vec<LogLine>, ApiError>;

    /// Streams the lines that are written to a log from now on.
    fn follow(&self, name: &str) -> BoxStream<'static, Result<Vec<LogLine>, ApiError>>;
}

/// An operation that was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The service's name for it, for example `ExecutionDoesNotExist`.
    pub code: String,
    /// The service's text.
    pub message: String,
    /// The HTTP status that goes with it.
    pub status: u16,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The time of the line: RFC 3339, UTC.
    pub time: String,
    /// The process that wrote it.
    pub stream: String,
    /// The text of the line.
    pub message: String,
}

/// The application that the pages show. All of it may be missing: a stack may start with nothing
/// declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Application {
    /// The bucket of images, models and captured data.
    pub bucket: Option<String>,
    /// The prefix under which an upload starts an execution: `incoming/`.
    pub incoming: Option<String>,
    /// The ARN of the state machine that classifies an image.
    pub state_machine: Option<String>,
    /// The classes, in the order of the scores.
    pub labels: Vec<String>,
    /// The score that passes the gate, where an execution does not say its own.
    pub threshold: Option<f64>,
    /// The folders of captured traffic: one for each endpoint, with a folder for each variant.
    pub captured: Vec<S3Uri>,
    /// Below which ground truth is: a folder for each endpoint.
    pub ground_truth: Option<S3Uri>,
    /// Below which monitoring runs keep what they find.
    pub monitoring: Option<S3Uri>,
}
