//! The API of a service as state machines see it: an operation's name, with parameters and result
//! in JSON, and the member names of the AWS SDKs. `arn:aws:states:::aws-sdk:s3:getObject` is
//! `call("getObject", …)` of S3.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

mod parameters;

use async_trait::async_trait;
use serde_json::Value;

pub use parameters::{Parameters, blob};

/// A service that state machines call in process.
#[async_trait]
pub trait SdkService: Send + Sync {
    /// Performs `operation` (in camel case, `getObject`) with `parameters`, an object.
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError>;
}

/// An error of an SDK call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdkError {
    /// The service here does not have the operation.
    #[error("the operation is not available in the local stack")]
    NoOperation,
    /// The parameters are not those of the operation: Step Functions itself refuses them.
    #[error("{0}")]
    Parameters(String),
    /// The service returned an error.
    #[error("{0:?}")]
    Exception(ServiceException),
}

/// A service's error, as an SDK sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceException {
    /// The error's code, for example `NoSuchKey`.
    pub code: String,
    /// True if the service's API model has a shape for the error. SDKs map all others to the
    /// service's base exception.
    pub modeled: bool,
    /// The HTTP status.
    pub status: u16,
    /// The service's message; a response to HEAD has none.
    pub message: Option<String>,
    /// `x-amz-request-id`
    pub request_id: String,
    /// `x-amz-id-2`: only S3 has it.
    pub extended_request_id: Option<String>,
}

/// A service whose jobs state machines wait for:
/// `arn:aws:states:::sagemaker:createTrainingJob.sync`.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Performs a creating operation for `task`. Repeating it for the same task is no error and
    /// changes nothing.
    async fn create(
        &self,
        operation: &str,
        parameters: &Value,
        task: &str,
    ) -> Result<Value, SdkError>;

    /// Waits for the end of the job that the operation has created. Dropping the future is fine.
    async fn wait(&self, operation: &str, parameters: &Value) -> Result<JobOutcome, SdkError>;

    /// Stops the job, if it still runs.
    async fn stop(&self, operation: &str, parameters: &Value);
}

/// The outcome of a finished job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobOutcome {
    /// The service's description of the job, with times in milliseconds since 1970.
    pub description: Value,
    /// True if the job completed.
    pub succeeded: bool,
}

/// Returns a name with a capital first letter: the API's `InvokeEndpoint` for the SDK's
/// `invokeEndpoint`.
pub fn capitalize(name: &str) -> String {
    with_first(name, char::to_ascii_uppercase)
}

/// Returns a name with a small first letter.
pub fn uncapitalize(name: &str) -> String {
    with_first(name, char::to_ascii_lowercase)
}

fn with_first(name: &str, change: fn(&char) -> char) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| change(&first));
    first.into_iter().chain(letters).collect()
}
