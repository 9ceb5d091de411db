//! The response to the caller: the function's, or API Gateway's own if that is malformed.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use service::Invocation;

/// The response format of a function; `body` is optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyResponse {
    status_code: Status,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The status code: API Gateway accepts `200` and `"200"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Number(u16),
    Text(String),
}

/// Returns the response for an invocation.
pub(super) fn from_invocation(invocation: &Invocation) -> Response<Body> {
    let succeeded = invocation.function_error.is_none();
    let response = succeeded.then(|| parse(&invocation.payload)).flatten();
    response.unwrap_or_else(|| {
        let payload = String::from_utf8_lossy(&invocation.payload);
        let payload: String = payload.chars().take(500).collect();
        let request_id = &invocation.request_id;
        tracing::error!(request_id, payload, "the function's answer is no response");
        message(StatusCode::BAD_GATEWAY, "Internal server error")
    })
}

/// Returns the function's response, or `None` if it is malformed.
fn parse(payload: &[u8]) -> Option<Response<Body>> {
    let proxy: ProxyResponse = serde_json::from_slice(payload).ok()?;
    let status = match proxy.status_code {
        Status::Number(number) => number,
        Status::Text(text) => text.parse().ok()?,
    };
    let body = proxy.body.unwrap_or_default();
    let body = if proxy.is_base64_encoded {
        Bytes::from(BASE64_STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body)
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    let single = proxy.headers.unwrap_or_default();
    let multiple = proxy.multi_value_headers.unwrap_or_default();
    for (name, value) in &single {
        // API Gateway merges both maps; a value in both counts once.
        if !multiple
            .keys()
            .any(|other| other.eq_ignore_ascii_case(name))
        {
            append(headers, name, value)?;
        }
    }
    for (name, values) in &multiple {
        for value in values.as_array()? {
            append(headers, name, value)?;
        }
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    Some(response)
}

fn append(headers: &mut http::HeaderMap, name: &str, value: &Value) -> Option<()> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => return None,
    };
    let name: HeaderName = name.parse().ok()?;
    headers.append(name, HeaderValue::from_str(&text).ok()?);
    Some(())
}

/// Returns a response of API Gateway itself.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body = json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
