//! What every answer has: a request id, and in an error AWS's text and what it is about.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use s3s::HttpError;
use uuid::Uuid;

use super::error::text_of;

/// An answer in the making.
pub(super) struct Answer {
    request_id: String,
    /// The path of the request, as it came.
    resource: String,
}

/// Sixteen characters, as AWS's are.
pub(super) fn request_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string().to_uppercase();
    id.truncate(16);
    id
}

impl Answer {
    /// To a request for `resource`, the path as it came.
    pub(super) fn new(resource: &str) -> Self {
        Self {
            request_id: request_id(),
            resource: resource.to_owned(),
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The response to send.
    pub(super) fn finish(self, outcome: Result<Response<s3s::Body>, HttpError>) -> Response<Body> {
        let response = outcome.unwrap_or_else(|error| {
            tracing::error!(error = %s3s::StdError::from(error), "S3 could not answer");
            let mut response = Response::new(s3s::Body::from(INTERNAL_ERROR.to_owned()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        });
        let (mut parts, body) = response.into_parts();
        let failed = parts.status.is_client_error() || parts.status.is_server_error();
        let body = match body.bytes() {
            Some(xml) if failed && !xml.is_empty() => {
                parts
                    .headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
                Body::from(self.complete(&String::from_utf8_lossy(&xml)))
            }
            _ => Body::new(body),
        };
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            parts.headers.insert("x-amz-request-id", id.clone());
            parts.headers.insert("x-amz-id-2", id);
        }
        Response::from_parts(parts, body)
    }

    /// Adds to an error's XML what `s3s` leaves out.
    fn complete(&self, xml: &str) -> String {
        let code = between(xml, "<Code>", "</Code>").unwrap_or_default();
        let mut more = String::new();
        if let Some(text) = text_of(code)
            && !xml.contains("<Message>")
        {
            more += &element("Message", text);
        }
        more += &self.subject(code);
        more += &element("RequestId", &self.request_id);
        more += &element("HostId", &self.request_id);
        xml.replacen("</Error>", &format!("{more}</Error>"), 1)
    }

    /// What the error is about, in the element that AWS has for it.
    fn subject(&self, code: &str) -> String {
        let path = percent_encoding::percent_decode_str(&self.resource).decode_utf8_lossy();
        let path = path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        match code {
            "NoSuchBucket" | "BucketNotEmpty" | "InvalidBucketName" => {
                element("BucketName", bucket)
            }
            "NoSuchKey" | "NoSuchVersion" => element("Key", key),
            _ => element("Resource", &self.resource),
        }
    }
}

const INTERNAL_ERROR: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InternalError</Code></Error>";

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn element(name: &str, text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<{name}>{escaped}</{name}>")
}
