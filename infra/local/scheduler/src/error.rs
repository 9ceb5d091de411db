//! The errors of EventBridge Scheduler's API, by AWS's names, statuses and texts.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html>

use axum::body::Body;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

/// An error of an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    /// The request does not fit.
    #[error("{0}")]
    Validation(String),
    /// The schedule does not exist.
    #[error("Schedule {0} does not exist.")]
    NoSchedule(String),
    /// Groups are not here, but for the one that always is.
    #[error("Schedule group {0} does not exist. The local stack has the group default only.")]
    NoGroup(String),
    /// The schedule exists already.
    #[error("Schedule {0} already exists.")]
    Exists(String),
    /// An operation of AWS that is not here.
    #[error("EventBridge Scheduler's {0} is not in the local stack")]
    Unknown(String),
    /// The service itself failed: the disk, nearly always.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// Returns the error for an invalid member of the request.
    pub(super) fn invalid(member: &str, problem: &str) -> Self {
        Self::Validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: {problem}"
        ))
    }

    fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Validation(_) => ("ValidationException", StatusCode::BAD_REQUEST),
            Self::NoSchedule(_) | Self::NoGroup(_) => {
                ("ResourceNotFoundException", StatusCode::NOT_FOUND)
            }
            Self::Exists(_) => ("ConflictException", StatusCode::CONFLICT),
            Self::Unknown(_) => ("UnknownOperationException", StatusCode::NOT_FOUND),
            Self::Internal(_) => ("InternalServerException", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (code, status) = self.code();
        let mut response = respond(status, &json!({ "Message": self.to_string() }));
        let code = http::HeaderValue::from_static(code);
        response.headers_mut().insert("x-amzn-errortype", code);
        response
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(format!("scheduler.db: {error}"))
    }
}

/// An answer in JSON.
pub(super) fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
