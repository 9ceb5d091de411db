//! The interface through which services call Lambda functions.

use async_trait::async_trait;
use bytes::Bytes;

/// Invokes a Lambda function on behalf of another service.
#[async_trait]
pub trait Invoke: Send + Sync {
    /// Runs the function and waits for its answer (`InvocationType: RequestResponse`).
    /// `function` is a name, a name with a qualifier, or an ARN.
    async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError>;

    /// Accepts an event for later (`InvocationType: Event`): when this returns, the event is on
    /// disk; it is delivered at least once, and tried twice more after a function error, as AWS
    /// does.
    async fn enqueue(&self, function: &str, payload: Bytes) -> Result<(), InvokeError>;

    /// Returns true if the function exists. An implementation that accepts any name keeps the
    /// default.
    fn has_function(&self, _function: &str) -> bool {
        true
    }
}

/// The result of an invocation that reached the function.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The invocation's id, as the function and its log saw it.
    pub request_id: String,
    /// The function's answer, or the error object (`errorType`, `errorMessage`, ...) where
    /// `function_error` is set.
    pub payload: Bytes,
    /// `Unhandled` where the function failed, crashed or ran out of time.
    pub function_error: Option<String>,
    /// The last 4 KB of the invocation's log output.
    pub log_tail: String,
    /// The trace header that the function saw (`X-Amzn-Trace-Id`).
    pub trace_id: String,
}

/// An error of the Lambda service itself: the invocation did not reach the function.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct InvokeError {
    /// AWS's name, for example `ResourceNotFoundException` or `TooManyRequestsException`.
    pub code: &'static str,
    /// The HTTP status that AWS sends with it.
    pub status: u16,
    /// AWS's text.
    pub message: String,
}

/// A trace header of the form that X-Ray gives, not sampled.
pub fn trace_id() -> String {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let seconds = jiff::Timestamp::now().as_second();
    format!(
        "Root=1-{seconds:08x}-{};Parent={};Sampled=0",
        &unique[..24],
        &unique[16..]
    )
}
