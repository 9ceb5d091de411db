//! The one port: accepts requests, finds the service of each, has its signature verified where the stack has a key, and
//! answers for services that are not there.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::serve::ListenerExt;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::route::{Service, route};
use crate::signature::{Refusal, Told};
use crate::stack::Stack;
use crate::{apigateway, gc, listen, s3};

/// Serves `stack` on `listener` until `shutdown` resolves and the requests under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    stack: Stack,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let service = tower::service_fn(move |request| {
        let stack = stack.clone();
        async move { Ok::<_, Infallible>(answer(&stack, request).await) }
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

async fn answer(stack: &Stack, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let service = route(&parts);
    let asked = Asked::of(&parts);
    let request = Request::from_parts(parts, body);
    let Some(verifier) = stack.verifier() else {
        return dispatch(stack, &service, request).await;
    };
    let admitted = match verifier.admit(&service, request, Timestamp::now()).await {
        Ok(admitted) => admitted,
        Err(refusal) => return asked.refused(&service, &refusal),
    };
    let answer = dispatch(stack, &service, admitted.request).await;
    match admitted.outcome.refusal() {
        Some(refusal) => asked.refused(&service, refusal),
        None => answer,
    }
}

/// What an error's form depends on.
struct Asked {
    path: String,
    /// Whether it is the JSON protocol, whose errors have the status 400, or REST.
    has_target: bool,
}

impl Asked {
    fn of(request: &Parts) -> Self {
        Self {
            path: request.uri.path().to_owned(),
            has_target: request.headers.contains_key("x-amz-target"),
        }
    }

    /// The answer to who may not come in.
    fn refused(&self, service: &Service, refusal: &Refusal) -> Response<Body> {
        let status = match self.has_target {
            true => StatusCode::BAD_REQUEST,
            false => StatusCode::FORBIDDEN,
        };
        match service {
            Service::S3 => s3::refused(&self.path, refusal.by_s3()),
            Service::ApiGateway => {
                let (status, _, text) = refusal.by_json(StatusCode::FORBIDDEN);
                apigateway::message(status, &text)
            }
            _ => error(refusal.by_json(status)),
        }
    }
}

async fn dispatch(stack: &Stack, service: &Service, request: Request<Body>) -> Response<Body> {
    match service {
        Service::S3 => stack.s3().handle(request).await,
        Service::Lambda => stack.lambda().handle(request).await,
        Service::States => stack.states().handle(request).await,
        Service::SageMaker => stack.sagemaker().handle(request).await,
        Service::Scheduler => stack.scheduler().handle(request).await,
        Service::ApiGateway => stack.apigateway().handle(request).await,
        Service::Own => own(stack, &request.into_parts().0).await,
        Service::Other(name) => not_here(name),
    }
}

async fn own(stack: &Stack, request: &Parts) -> Response<Body> {
    match request.uri.path() {
        listen::HOLDER_PATH => who_holds(stack),
        gc::PATH => delete_old(stack, request).await,
        _ => plain(StatusCode::NOT_FOUND, "the stack has no such path"),
    }
}

fn who_holds(stack: &Stack) -> Response<Body> {
    let holder = serde_json::to_string(stack.holder()).unwrap_or_default();
    Response::new(Body::from(holder))
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

/// The age in a request to delete what is older.
///
/// A page that someone has open in a browser can send requests here too, which AWS's own APIs need not fear: no page can
/// give them their headers. A browser sends every POST with an `Origin`, and no other program does.
fn age(request: &Parts) -> Result<Duration, (StatusCode, &'static str)> {
    if request.method != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "only POST deletes"));
    }
    if request.headers.contains_key(header::ORIGIN) {
        return Err((StatusCode::FORBIDDEN, "not from a web page: use scones gc"));
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

/// The answer for a service that the stack does not have.
fn not_here(service: &str) -> Response<Body> {
    let message = format!(
        "The local stack has no service {service:?}: it has s3, lambda, states, sagemaker and scheduler. \
         Send this request to AWS: unset AWS_ENDPOINT_URL for it."
    );
    let code = "UnknownServiceException";
    error((StatusCode::NOT_IMPLEMENTED, code, message))
}

/// An error in the form that the JSON and REST protocols of the SDKs read.
fn error((status, code, message): Told) -> Response<Body> {
    let body = serde_json::json!({ "__type": code, "message": message });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    headers.insert("x-amzn-errortype", http::HeaderValue::from_static(code));
    response
}
