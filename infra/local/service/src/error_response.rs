//! Errors as AWS services answer them.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};

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
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/x-amz-json-1.1");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
        response
    }
}
