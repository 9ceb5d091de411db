//! Errors as AWS services answer them.

use axum::body::Body;
use http::{Response, StatusCode};

use crate::protocol;

/// An error's HTTP status, code and message, before a protocol gives them a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// AWS's name for the error, for example `AccessDeniedException`.
    pub code: &'static str,
    /// The text for people.
    pub message: String,
}

impl ErrorResponse {
    /// Returns an error of these parts.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// Returns the error in the form that the JSON and REST-JSON protocols of the SDKs read.
    pub fn into_json(self) -> Response<Body> {
        let Self {
            status,
            code,
            message,
        } = self;
        let body = serde_json::json!({ "__type": code, "message": message });
        protocol::respond_error(status, protocol::JSON_1_1, code, &body)
    }
}
