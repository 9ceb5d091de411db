//! The Lambda API on the wire: REST with JSON, version 2015-03-31.

mod functions;
mod invoke;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::handle::Lambda;
use crate::errors;
use service::InvokeError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

type Result<T> = std::result::Result<T, InvokeError>;

/// Routes a request; whatever goes wrong becomes AWS's error.
pub(super) async fn handle(lambda: &Lambda, request: Request<Body>) -> Response<Body> {
    route(lambda, request)
        .await
        .unwrap_or_else(|error| failed(&error))
}

async fn route(lambda: &Lambda, request: Request<Body>) -> Result<Response<Body>> {
    let path = request.uri().path().to_owned();
    let segments = path.trim_matches('/').split('/');
    let segments: Vec<String> = segments.map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => {
            invoke::invoke(lambda, name, request).await
        }
        (&Method::GET, ["2015-03-31", "functions"]) => {
            let query = request.uri().query().unwrap_or_default();
            Ok(json_response(&functions::list(lambda, query).await?))
        }
        (&Method::GET, ["2015-03-31", "functions", name]) => {
            check_qualifier(lambda, name, &request)?;
            Ok(json_response(&functions::get(lambda, name).await?))
        }
        (&Method::GET, ["2015-03-31", "functions", name, "configuration"]) => {
            check_qualifier(lambda, name, &request)?;
            Ok(json_response(
                &functions::configuration(lambda, name).await?,
            ))
        }
        (method, segments) => Err(errors::no_such_operation(&operation(method, segments))),
    }
}

/// `?Qualifier=` names a version as `NAME:QUALIFIER` does.
fn check_qualifier(lambda: &Lambda, name: &str, request: &Request<Body>) -> Result<()> {
    match parameter(request.uri().query().unwrap_or_default(), "Qualifier") {
        Some(qualifier) => lambda.slot(&format!("{name}:{qualifier}")).map(drop),
        None => Ok(()),
    }
}

/// The value of a query parameter.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name);
    values.next().map(|(_, value)| decode(value))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The operation's name where it is one that people try, or the request line.
fn operation(method: &Method, segments: &[&str]) -> String {
    let resource = segments.get(1..).unwrap_or_default();
    let name = match (method.as_str(), resource) {
        ("POST", ["functions"]) => "CreateFunction",
        ("DELETE", ["functions", _]) => "DeleteFunction",
        ("PUT", ["functions", _, "code"]) => "UpdateFunctionCode",
        ("PUT", ["functions", _, "configuration"]) => "UpdateFunctionConfiguration",
        ("POST", ["functions", _, "versions"]) => "PublishVersion",
        ("GET", ["functions", _, "versions"]) => "ListVersionsByFunction",
        ("POST", ["functions", _, "aliases"]) => "CreateAlias",
        ("GET", ["functions", _, "aliases"]) => "ListAliases",
        ("POST", ["functions", _, "policy"]) => "AddPermission",
        ("GET", ["functions", _, "policy"]) => "GetPolicy",
        ("POST", ["functions", _, "invoke-async"]) => "InvokeAsync",
        ("POST", ["functions", _, "response-streaming-invocations"]) => "InvokeWithResponseStream",
        ("PUT", ["functions", _, "concurrency"]) => "PutFunctionConcurrency",
        ("GET", ["functions", _, "concurrency"]) => "GetFunctionConcurrency",
        ("GET", ["event-source-mappings"]) => "ListEventSourceMappings",
        ("POST", ["event-source-mappings"]) => "CreateEventSourceMapping",
        ("GET", ["account-settings"]) => "GetAccountSettings",
        ("GET", ["layers"]) => "ListLayers",
        ("GET", ["tags", _]) => "ListTags",
        _ => return format!("{method} /{}", segments.join("/")),
    };
    name.to_owned()
}

fn json_response(body: &Value) -> Response<Body> {
    respond(
        StatusCode::OK,
        Bytes::from(body.to_string()),
        HeaderMap::new(),
    )
}

fn respond(status: StatusCode, body: Bytes, headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    response
}

fn failed(error: &InvokeError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let side = if status.is_server_error() {
        "Service"
    } else {
        "User"
    };
    let body = match error.code {
        "ResourceNotFoundException" => json!({ "Type": side, "Message": error.message }),
        "TooManyRequestsException" => json!({
            "Type": side,
            "message": error.message,
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        }),
        _ => json!({ "Type": side, "message": error.message }),
    };
    let headers = HeaderMap::from_iter([(ERROR_TYPE, HeaderValue::from_static(error.code))]);
    respond(status, Bytes::from(body.to_string()), headers)
}
