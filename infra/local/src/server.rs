//! Serves the one port: accepts requests, routes each to its service, checks access, and responds
//! for services that the stack does not have.
//!
//! With a key, a request's signature decides access. Without one, every program of this machine has
//! access, but no web page ([`browser_guard`]). Objects are served from the same origin as the
//! APIs, so a page stored as an object could call every API: all responses tell browsers not to run
//! their content.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::serve::ListenerExt;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use service::signature::{self, Rules, SignatureError};
use service::{ErrorResponse, RequestHead};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::route::{Destination, route};
use crate::stack::Stack;
use crate::{gc, listen};

/// The header `x-amzn-RequestId`, which SDKs expose.
const REQUEST_ID: &str = "x-amzn-requestid";

/// Serves `stack` on `listener` until `shutdown` resolves and the requests under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    stack: Stack,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let service = tower::service_fn(move |request| {
        let stack = stack.clone();
        async move { Ok::<_, Infallible>(respond(&stack, request).await) }
    });
    // Small answers follow small requests here: waiting for a full segment would cost 40 ms each.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let app = axum::Router::new().fallback_service(service);
    let served = axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the stack no longer answers");
    }
}

async fn respond(stack: &Stack, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let destination = route(stack.services(), &parts);
    let head = RequestHead::of(&parts);
    let request = Request::from_parts(parts, body);
    let mut response = match check_sender(stack, &request) {
        Ok(()) => verify_and_dispatch(stack, &destination, &head, request).await,
        Err(refusal) => sender_error_response(&destination, &head, &refusal),
    };
    add_containment_headers(response.headers_mut());
    add_request_id(response.headers_mut());
    response
}

/// Checks that no web page sent the request, if no signature identifies the sender.
fn check_sender(stack: &Stack, request: &Request<Body>) -> Result<(), browser_guard::Refusal> {
    if stack.verifies() {
        browser_guard::host(request).map(drop)
    } else {
        browser_guard::check(request)
    }
}

/// Adds headers that stop a browser from running a response's content: it gets an opaque origin
/// (`null`), and its `Content-Type` is not guessed.
fn add_containment_headers(headers: &mut HeaderMap) {
    // Beside a policy that the answer has: a browser holds it to both.
    let sandbox = HeaderValue::from_static("sandbox");
    headers.append(header::CONTENT_SECURITY_POLICY, sandbox);
    let no_sniffing = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, no_sniffing);
}

/// Gives an answer the request id that every AWS service gives; S3's answers and invocations have
/// one.
fn add_request_id(headers: &mut HeaderMap) {
    if headers.contains_key(REQUEST_ID) || headers.contains_key("x-amz-request-id") {
        return;
    }
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Carries out a request whose signature, where the stack verifies, is right.
async fn verify_and_dispatch(
    stack: &Stack,
    destination: &Destination<'_>,
    head: &RequestHead,
    request: Request<Body>,
) -> Response<Body> {
    let Some(verifier) = stack.verifier() else {
        return dispatch(stack, destination, request).await;
    };
    let (name, rules) = match destination {
        Destination::Service(service) => (service.signing_name(), service.signature_rules()),
        Destination::Stack => (signature::STACK, Rules::Others),
        Destination::Unknown(name) => (&**name, Rules::Others),
    };
    let now = Timestamp::now();
    let admitted = match verifier.admit(name, rules, request, now).await {
        Ok(admitted) => admitted,
        Err(error) => return signature_error_response(destination, head, &error),
    };
    let response = dispatch(stack, destination, admitted.request).await;
    match admitted.outcome.error() {
        Some(error) => signature_error_response(destination, head, error),
        None => response,
    }
}

/// A hint for clients that reach the stack under another name, or from a web page.
const WITH_A_KEY: &str = "a stack with a key (SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY) \
                          answers whoever signs with it";

/// Returns the response to a request whose signature is not valid.
fn signature_error_response(
    destination: &Destination<'_>,
    head: &RequestHead,
    error: &SignatureError,
) -> Response<Body> {
    match destination {
        Destination::Service(service) => service.error(head, service.signature_error(head, error)),
        _ => error.by_json(head.error_status()).into_json(),
    }
}

/// Returns the response to a request from a web page or for another host.
fn sender_error_response(
    destination: &Destination<'_>,
    head: &RequestHead,
    refusal: &browser_guard::Refusal,
) -> Response<Body> {
    let rules = match destination {
        Destination::Service(service) => service.signature_rules(),
        _ => Rules::Others,
    };
    let (code, text) = match (refusal, rules) {
        (browser_guard::Refusal::NoHost, _) => ("BadRequest", refusal.to_string()),
        (_, Rules::S3) => ("AccessDenied", format!("{refusal}; {WITH_A_KEY}")),
        (_, Rules::Others) => ("AccessDeniedException", format!("{refusal}; {WITH_A_KEY}")),
    };
    let error = ErrorResponse::new(refusal.status(), code, text);
    match destination {
        Destination::Service(service) => service.error(head, error),
        _ => error.into_json(),
    }
}

async fn dispatch(
    stack: &Stack,
    destination: &Destination<'_>,
    request: Request<Body>,
) -> Response<Body> {
    match destination {
        Destination::Service(service) => service.handle(request).await,
        Destination::Stack => handle_stack_request(stack, &request.into_parts().0).await,
        Destination::Unknown(name) => not_here(stack, name),
    }
}

async fn handle_stack_request(stack: &Stack, request: &Parts) -> Response<Body> {
    match request.uri.path() {
        listen::STACK_INFO_PATH => who_holds(stack),
        gc::PATH => delete_old(stack, request).await,
        _ => plain(StatusCode::NOT_FOUND, "the stack has no such path"),
    }
}

fn who_holds(stack: &Stack) -> Response<Body> {
    let info = serde_json::to_string(stack.info()).unwrap_or_default();
    Response::new(Body::from(info))
}

/// Deletes old executions, for `scones gc`.
async fn delete_old(stack: &Stack, request: &Parts) -> Response<Body> {
    let older_than = match age(request) {
        Ok(age) => age,
        Err((status, text)) => return plain(status, text),
    };
    let swept = stack.states().gc(older_than).await;
    let swept = swept.map_err(|error| error.to_string());
    match swept.and_then(|swept| serde_json::to_string(&swept).map_err(|error| error.to_string())) {
        Ok(swept) => Response::new(Body::from(swept)),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

/// Returns the age in a request to delete older executions.
fn age(request: &Parts) -> Result<Duration, (StatusCode, &'static str)> {
    if request.method != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "only POST deletes"));
    }
    let query = request.uri.query().unwrap_or_default();
    let seconds = query
        .strip_prefix("older_than=")
        .and_then(|seconds| seconds.parse().ok());
    seconds.map(Duration::from_secs).ok_or((
        StatusCode::BAD_REQUEST,
        "older_than is missing: an age in seconds",
    ))
}

fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
}

/// Returns the answer for a service that the stack does not have.
fn not_here(stack: &Stack, name: &str) -> Response<Body> {
    let here: Vec<&str> = stack
        .services()
        .iter()
        .map(|service| service.signing_name())
        .collect();
    let here = here.join(", ");
    let message = format!(
        "The local stack has no service {name:?}; it has: {here}. Send this request to AWS: unset \
         AWS_ENDPOINT_URL for it."
    );
    ErrorResponse::new(
        StatusCode::NOT_IMPLEMENTED,
        "UnknownServiceException",
        message,
    )
    .into_json()
}
