//! What the caller gets: the function's answer, or API Gateway's own where that is none.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use service::Invocation;

/// The format that a function answers in; `body` may be left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
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

/// API Gateway takes `200` and `"200"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Number(u16),
    Text(String),
}

/// The response that an invocation stands for.
pub(super) fn of(invocation: &Invocation) -> Response<Body> {
    let told = invocation.function_error.is_none();
    let answer = told.then(|| response(&invocation.payload)).flatten();
    answer.unwrap_or_else(|| {
        let payload = String::from_utf8_lossy(&invocation.payload);
        let payload: String = payload.chars().take(500).collect();
        let request_id = &invocation.request_id;
        tracing::error!(request_id, payload, "the function's answer is no response");
        message(StatusCode::BAD_GATEWAY, "Internal server error")
    })
}

/// None where the answer is malformed.
fn response(payload: &[u8]) -> Option<Response<Body>> {
    let answer: Answer = serde_json::from_slice(payload).ok()?;
    let status = match answer.status_code {
        Status::Number(number) => number,
        Status::Text(text) => text.parse().ok()?,
    };
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        true => Bytes::from(BASE64_STANDARD.decode(body).ok()?),
        false => Bytes::from(body),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    let single = answer.headers.unwrap_or_default();
    let multiple = answer.multi_value_headers.unwrap_or_default();
    for (name, value) in &single {
        // Where both maps have a name, API Gateway merges them, and what is in both counts once.
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

/// API Gateway's own answer.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body = json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
