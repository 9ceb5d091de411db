//! The Lambda service's own errors, with AWS's names, statuses and texts.

use service::InvokeError;
use service::protocol::Violations;

/// The largest event of a synchronous invocation, in bytes.
pub(super) const MAX_REQUEST: usize = 6 * 1024 * 1024;
/// The largest event of an asynchronous invocation, in bytes.
pub(super) const MAX_EVENT: usize = 1024 * 1024;

/// The pattern that AWS shows when a name does not match it.
const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

fn new(code: &'static str, status: u16, message: String) -> InvokeError {
    InvokeError {
        code,
        status,
        message,
    }
}

/// The function, or its version, does not exist.
pub(crate) fn function_not_found(arn: &str) -> InvokeError {
    new(
        "ResourceNotFoundException",
        404,
        format!("Function not found: {arn}"),
    )
}

/// The qualifier is a name, and there are no aliases here.
pub(crate) fn alias_not_found(arn: &str) -> InvokeError {
    new(
        "ResourceNotFoundException",
        404,
        format!("Cannot find alias arn: {arn}"),
    )
}

/// The function's name can't be one.
pub(crate) fn bad_name(name: &str) -> InvokeError {
    invalid_value(
        name,
        "functionName",
        &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
    )
}

/// The request breaks constraints of the service model.
pub(crate) fn validation(violations: String) -> InvokeError {
    new("ValidationException", 400, violations)
}

/// A parameter has a value that it can't have.
pub(crate) fn invalid_value(value: &str, parameter: &str, constraint: &str) -> InvokeError {
    let mut violations = Violations::default();
    violations.add(parameter, value, constraint);
    validation(violations.finish().err().unwrap_or_default())
}

/// The event is not JSON.
pub(crate) fn not_json(error: &serde_json::Error) -> InvokeError {
    new(
        "InvalidRequestContentException",
        400,
        format!(
            "Could not parse request body into json: Could not parse payload into json: {error}"
        ),
    )
}

/// A synchronous event exceeds [`MAX_REQUEST`]. (The SDKs' models say `RequestTooLargeException`;
/// this is the name on AWS's wire.)
pub(crate) fn request_too_large() -> InvokeError {
    new(
        "RequestEntityTooLargeException",
        413,
        format!(
            "Request must be smaller than {MAX_REQUEST} bytes for the InvokeFunction operation"
        ),
    )
}

/// An asynchronous event is over [`MAX_EVENT`].
pub(crate) fn event_too_large(size: usize) -> InvokeError {
    new(
        "RequestEntityTooLargeException",
        413,
        format!(
            "{size} byte payload is too large for the Event invocation type (limit {MAX_EVENT} \
             bytes)"
        ),
    )
}

/// Every environment stayed busy for as long as an invocation may wait.
pub(crate) fn throttled() -> InvokeError {
    new("TooManyRequestsException", 429, "Rate Exceeded.".into())
}

/// The request did not arrive whole.
pub(crate) fn broken_request(error: &dyn std::fmt::Display) -> InvokeError {
    new(
        "InvalidRequestContentException",
        400,
        format!("Could not read the request body: {error}"),
    )
}

/// The stack stopped while the invocation ran or waited.
pub(crate) fn stopping() -> InvokeError {
    new(
        "ServiceException",
        500,
        "The local Lambda service is shutting down; the invocation was not completed.".into(),
    )
}

/// The queue's database failed.
pub(crate) fn queue(error: &rusqlite::Error) -> InvokeError {
    new(
        "ServiceException",
        500,
        format!("The event could not be written to the queue (lambda.db): {error}"),
    )
}

/// The function's program is not there, or is not for us to read.
pub(crate) fn unreadable(program: &std::path::Path, error: &std::io::Error) -> InvokeError {
    let program = program.display();
    let text = format!("The function's program {program} can't be read: {error}");
    new("ServiceException", 500, text)
}

/// An operation that the local service does not have.
pub(crate) fn no_such_operation(operation: &str) -> InvokeError {
    new(
        "UnknownOperationException",
        404,
        format!(
            "{operation} is not an operation of the local Lambda service: functions come from the \
             template. It has Invoke, ListFunctions, GetFunction and GetFunctionConfiguration."
        ),
    )
}
