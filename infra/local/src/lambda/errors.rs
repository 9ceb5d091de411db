//! The Lambda service's own errors, with AWS's names, statuses and texts.

use super::InvokeError;

/// The largest event of a synchronous invocation, in bytes.
pub(super) const MAX_REQUEST: usize = 6 * 1024 * 1024;
/// The largest event of an asynchronous invocation, in bytes.
pub(super) const MAX_EVENT: usize = 1024 * 1024;

/// The pattern that AWS shows when a name does not match it.
const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

impl InvokeError {
    fn new(code: &'static str, status: u16, message: String) -> Self {
        Self {
            code,
            status,
            message,
        }
    }

    /// No such function, or no such version of it.
    pub(super) fn function_not_found(arn: &str) -> Self {
        Self::new(
            "ResourceNotFoundException",
            404,
            format!("Function not found: {arn}"),
        )
    }

    /// The qualifier is a name, and there are no aliases here.
    pub(super) fn alias_not_found(arn: &str) -> Self {
        Self::new(
            "ResourceNotFoundException",
            404,
            format!("Cannot find alias arn: {arn}"),
        )
    }

    /// The function's name can't be one.
    pub(super) fn bad_name(name: &str) -> Self {
        Self::invalid_value(
            name,
            "functionName",
            &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
        )
    }

    /// A parameter has a value that it can't have.
    pub(super) fn invalid_value(value: &str, parameter: &str, constraint: &str) -> Self {
        Self::new(
            "ValidationException",
            400,
            format!(
                "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
            ),
        )
    }

    /// The event is not JSON.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        Self::new(
            "InvalidRequestContentException",
            400,
            format!(
                "Could not parse request body into json: Could not parse payload into json: {error}"
            ),
        )
    }

    /// A synchronous event is over [`MAX_REQUEST`]. (The SDKs' models say `RequestTooLargeException`; this is the
    /// name that AWS puts on the wire.)
    pub(super) fn request_too_large() -> Self {
        Self::new(
            "RequestEntityTooLargeException",
            413,
            format!(
                "Request must be smaller than {MAX_REQUEST} bytes for the InvokeFunction operation"
            ),
        )
    }

    /// An asynchronous event is over [`MAX_EVENT`].
    pub(super) fn event_too_large(size: usize) -> Self {
        Self::new(
            "RequestEntityTooLargeException",
            413,
            format!(
                "{size} byte payload is too large for the Event invocation type (limit {MAX_EVENT} bytes)"
            ),
        )
    }

    /// Every environment stayed busy for as long as an invocation may wait.
    pub(crate) fn throttled() -> Self {
        Self::new("TooManyRequestsException", 429, "Rate Exceeded.".into())
    }

    /// The request did not arrive whole.
    pub(super) fn broken_request(error: &dyn std::fmt::Display) -> Self {
        Self::new(
            "InvalidRequestContentException",
            400,
            format!("Could not read the request body: {error}"),
        )
    }

    /// The stack stopped while the invocation ran or waited.
    pub(super) fn stopping() -> Self {
        Self::new(
            "ServiceException",
            500,
            "The local Lambda service is shutting down; the invocation was not completed.".into(),
        )
    }

    /// The queue's database failed.
    pub(super) fn queue(error: &rusqlite::Error) -> Self {
        Self::new(
            "ServiceException",
            500,
            format!("The event could not be written to the queue (lambda.db): {error}"),
        )
    }

    /// The function's program is not there, or is not for us to read.
    pub(super) fn unreadable(program: &std::path::Path, error: &std::io::Error) -> Self {
        let program = program.display();
        let text = format!("The function's program {program} can't be read: {error}");
        Self::new("ServiceException", 500, text)
    }

    /// An operation that the local service does not have.
    pub(super) fn no_such_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            404,
            format!(
                "{operation} is not an operation of the local Lambda service: functions come from the template. \
                 It has Invoke, ListFunctions, GetFunction and GetFunctionConfiguration."
            ),
        )
    }
}
