//! The event that a function gets for a request, in payload format 1.0.
//!
//! Source:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use sam_template::{Api, Route};
use service::Identity;

/// A request and the route that it matched.
pub(super) struct Event<'e> {
    pub(super) api: &'e Api,
    pub(super) route: &'e Route,
    /// The path without the stage.
    pub(super) path: &'e str,
    pub(super) identity: &'e Identity,
    pub(super) request: &'e Parts,
    pub(super) body: &'e [u8],
}

impl Event<'_> {
    /// The event's text.
    pub(super) fn to_json(&self) -> String {
        let Parts {
            method, headers, ..
        } = self.request;
        let query = self.request.uri.query().unwrap_or_default();
        let (body, is_base64) = self.encoded_body();
        json!({
            "resource": self.route.path,
            "path": self.path,
            "httpMethod": method.as_str(),
            "headers": last_of_each(headers_of(headers)),
            "multiValueHeaders": all_of_each(headers_of(headers)),
            "queryStringParameters": last_of_each(query_of(query)),
            "multiValueQueryStringParameters": all_of_each(query_of(query)),
            "pathParameters": null,
            "stageVariables": null,
            "requestContext": self.context(),
            "body": body,
            "isBase64Encoded": is_base64,
        })
        .to_string()
    }

    /// Null where there is none; base64 where the API takes the media type as binary, or the bytes
    /// are no text.
    fn encoded_body(&self) -> (Value, bool) {
        if self.body.is_empty() {
            return (Value::Null, false);
        }
        let content_type = self.header(header::CONTENT_TYPE);
        let binary = self.api.binary_media_types.iter();
        let binary = binary
            .map(String::as_str)
            .any(|taken| taken == "*/*" || content_type.split(';').next() == Some(taken));
        match std::str::from_utf8(self.body) {
            Ok(text) if !binary => (text.into(), false),
            _ => (BASE64_STANDARD.encode(self.body).into(), true),
        }
    }

    fn context(&self) -> Value {
        let now = jiff::Timestamp::now();
        let stage = &self.api.stage;
        json!({
            "accountId": self.identity.account,
            "apiId": self.api.logical_id,
            "domainName": self.header(header::HOST),
            "extendedRequestId": uuid::Uuid::new_v4().to_string(),
            "httpMethod": self.request.method.as_str(),
            "identity": {
                "sourceIp": "127.0.0.1",
                "userAgent": self.header(header::USER_AGENT),
            },
            "path": format!("/{stage}{}", self.path),
            "protocol": "HTTP/1.1",
            "requestId": uuid::Uuid::new_v4().to_string(),
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "requestTimeEpoch": now.as_millisecond(),
            "resourceId": self.route.path.trim_matches('/'),
            "resourcePath": self.route.path,
            "stage": stage,
        })
    }

    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.request.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

fn headers_of(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    })
}

fn query_of(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Null where there are none, as API Gateway has it.
fn last_of_each(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let map: Map<String, Value> = pairs.map(|(name, value)| (name, value.into())).collect();
    none_if_empty(map)
}

fn all_of_each(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        let values = map.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.into());
        }
    }
    none_if_empty(map)
}

fn none_if_empty(map: Map<String, Value>) -> Value {
    if map.is_empty() {
        Value::Null
    } else {
        map.into()
    }
}
