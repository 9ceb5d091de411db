//! The Lambda API on the wire: REST with JSON, version 2015-03-31.

mod functions;
mod invoke;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use service::protocol::{self, Query, REST_JSON};

use super::handle::Lambda;
use crate::errors;
use service::InvokeError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

type Result<T> = std::result::Result<T, InvokeError>;

/// Routes a request; whatever goes wrong becomes AWS's error.
pub(super) async fn handle(lambda: &Lambda, request: Request<Body>) -> Response<Body> {
    route(lambda, request)
        .await
        .unwrap_or_else(|error| failed(&error))
}

async fn route(lambda: &Lambda, request: Request<Body>) -> Result<Response<Body>> {
    let segments = protocol::segments(request.uri().path());
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => {
            invoke::invoke(lambda, name, request).await
        }
        (&Method::GET, ["2015-03-31", "functions"]) => {
            let functions = functions::list(lambda, query(request.uri())).await?;
            Ok(json_response(&functions))
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
    match query(request.uri()).get("Qualifier") {
        Some(qualifier) => lambda.slot(&format!("{name}:{qualifier}")).map(drop),
        None => Ok(()),
    }
}

fn query(uri: &http::Uri) -> Query<'_> {
    Query(uri.query().unwrap_or_default())
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
    protocol::respond(StatusCode::OK, REST_JSON, body.to_string())
}

fn respond(status: StatusCode, body: Bytes, headers: HeaderMap) -> Response<Body> {
    let mut response = protocol::respond(status, REST_JSON, body);
    response.headers_mut().extend(headers);
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
    protocol::respond_error(status, REST_JSON, error.code, &body)
}
