//! Invoke: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{REQUEST_ID, Result, respond};
use crate::errors::{self, MAX_REQUEST};
use crate::handle::{InvokeOptions, Lambda};
use crate::name::LATEST;
use service::Invocation;
use service::protocol::Violations;

const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const LOG_TYPE: &str = "x-amz-log-type";
const CLIENT_CONTEXT: &str = "x-amz-client-context";
const TRACE_ID: &str = "x-amzn-trace-id";
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");

pub(super) async fn invoke(
    lambda: &Lambda,
    name: &str,
    request: Request<Body>,
) -> Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let name = match super::query(&head.uri).get("Qualifier") {
        Some(qualifier) => format!("{name}:{qualifier}"),
        None => name.to_owned(),
    };
    // A wrong name is reported before the body is read.
    lambda.slot(&name)?;
    let invocation_type = text(&head.headers, INVOCATION_TYPE);
    let log_type = text(&head.headers, LOG_TYPE);
    check(log_type, "logType", &["None", "Tail"])?;
    let types = ["Event", "RequestResponse", "DryRun"];
    check(invocation_type, "invocationType", &types)?;
    let payload = read(body).await?;
    match invocation_type {
        Some("Event") => {
            let id = lambda.enqueue_event(&name, payload).await?;
            Ok(respond(
                StatusCode::ACCEPTED,
                Bytes::new(),
                headers([(REQUEST_ID, id)]),
            ))
        }
        Some("DryRun") => Ok(respond(
            StatusCode::NO_CONTENT,
            Bytes::new(),
            HeaderMap::new(),
        )),
        _ => {
            let options = options(&head.headers)?;
            let invocation = lambda.invoke_with(&name, payload, options).await?;
            Ok(invocation_response(invocation, log_type == Some("Tail")))
        }
    }
}

fn invocation_response(invocation: Invocation, with_log: bool) -> Response<Body> {
    let log = with_log.then(|| BASE64_STANDARD.encode(invocation.log_tail));
    let values = [
        Some((REQUEST_ID, invocation.request_id)),
        Some((EXECUTED_VERSION, LATEST.to_owned())),
        invocation
            .function_error
            .map(|error| (FUNCTION_ERROR, error)),
        log.map(|log| (LOG_RESULT, log)),
    ];
    let headers = headers(values.into_iter().flatten());
    respond(StatusCode::OK, invocation.payload, headers)
}

async fn read(body: Body) -> Result<Bytes> {
    match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(errors::request_too_large()),
        Err(error) => Err(errors::broken_request(&error)),
    }
}

fn options(headers: &HeaderMap) -> Result<InvokeOptions> {
    let context = text(headers, CLIENT_CONTEXT);
    let context = context.map(|context| {
        let decoded = BASE64_STANDARD.decode(context).ok();
        let decoded = decoded.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        let constraint = "Member must be base64-encoded JSON in one line";
        decoded.ok_or_else(|| errors::invalid_value(context, "clientContext", constraint))
    });
    Ok(InvokeOptions {
        trace_id: text(headers, TRACE_ID).map(str::to_owned),
        client_context: context.transpose()?,
    })
}

fn check(value: Option<&str>, parameter: &str, known: &[&str]) -> Result<()> {
    match value {
        Some(value) => {
            let mut violations = Violations::default();
            violations.check_choice(parameter, value, known);
            violations.finish().map_err(errors::validation)
        }
        None => Ok(()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn headers(values: impl IntoIterator<Item = (HeaderName, String)>) -> HeaderMap {
    let values = values.into_iter();
    let valid =
        values.filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)));
    valid.collect()
}
