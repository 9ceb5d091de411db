//! AWS's JSON protocols on the wire: requests read, and responses written.
//!
//! AWS JSON 1.0 and 1.1 name the operation in `X-Amz-Target` and have all members in the body. REST
//! JSON has a method and a path instead, with members in the path, the query, headers and the body.
//! <https://smithy.io/2.0/aws/protocols/index.html>

pub mod page_token;
mod path;
mod violations;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};

pub use path::{Query, segments};
pub use violations::Violations;

/// The content type of AWS JSON 1.0.
pub const JSON_1_0: &str = "application/x-amz-json-1.0";
/// The content type of AWS JSON 1.1.
pub const JSON_1_1: &str = "application/x-amz-json-1.1";
/// The content type of REST JSON.
pub const REST_JSON: &str = "application/json";

/// Collects a request's body, of at most `limit` bytes.
///
/// # Errors
/// Returns a text if the body is longer or does not arrive whole.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, String> {
    let body = Limited::new(body, limit).collect().await;
    let body = body.map_err(|error| format!("The request can't be read: {error}"))?;
    Ok(body.to_bytes())
}

/// Parses a body as the object of a request's members. An empty body has none: the AWS CLI and
/// some SDKs send it.
///
/// # Errors
/// Returns a text if the body is not a JSON object.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| format!("The request is not a JSON object: {error}"))
}

/// Returns a response with a JSON body.
pub fn respond(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// Returns an error's response. SDKs read the error's code from the header `x-amzn-errortype`, or
/// from the member `__type` of an AWS JSON body.
pub fn respond_error(
    status: StatusCode,
    content_type: &'static str,
    code: &'static str,
    body: &Value,
) -> Response<Body> {
    let mut response = respond(status, content_type, body.to_string());
    let code = HeaderValue::from_static(code);
    response.headers_mut().insert("x-amzn-errortype", code);
    response
}

/// Returns a time as the protocols write it: seconds since the Unix epoch, with milliseconds.
pub fn epoch_seconds(milliseconds: i64) -> Value {
    Value::from(milliseconds as f64 / 1000.0)
}
