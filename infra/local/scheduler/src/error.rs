//! The errors of EventBridge Scheduler's API, by AWS's names, statuses and texts.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html>

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::json;
use service::protocol::{self, Violations};

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
        let mut violations = Violations::default();
        violations.add_sensitive(member, problem);
        Self::Validation(violations.finish().err().unwrap_or_default())
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
        let body = json!({ "Message": self.to_string() });
        protocol::respond_error(status, protocol::REST_JSON, code, &body)
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(format!("scheduler.db: {error}"))
    }
}
