//! The Lambda Runtime API, version 2018-06-01, of one environment.
//!
//! The API only forwards: each request becomes a [`Call`] to the environment, which decides the
//! response. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::failure::{Failure, MAX_RESPONSE};

const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// A call from the runtime.
#[derive(Debug)]
pub(super) enum Call {
    /// The runtime is ready for an invocation, and waits for it.
    Next(oneshot::Sender<Event>),
    /// The runtime has the result, or the error, of the invocation with this id.
    Done {
        id: String,
        result: Result<Bytes, Failure>,
        verdict: oneshot::Sender<Verdict>,
    },
    /// The runtime could not start.
    InitError {
        failure: Failure,
        verdict: oneshot::Sender<Verdict>,
    },
}

/// An invocation on its way to the runtime.
#[derive(Debug)]
pub(super) struct Event {
    /// `Lambda-Runtime-…` headers.
    pub(super) headers: HeaderMap,
    /// The event itself.
    pub(super) payload: Bytes,
}

/// The environment's decision on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// The id is not that of the running invocation.
    InvalidRequestId,
    /// Nothing is running, or nothing is starting.
    InvalidStateTransition,
}

/// Answers on `listener` until the set is dropped.
pub(super) fn serve(listener: TcpListener, calls: mpsc::Sender<Call>) -> JoinSet<()> {
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => {
                    connections.spawn(connection(stream, calls.clone()));
                }
                Some(_) = connections.join_next() => {}
                else => return,
            }
        }
    });
    server
}

async fn connection(stream: TcpStream, calls: mpsc::Sender<Call>) {
    // Without it an answer may wait for the other side's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let calls = calls.clone();
        async move { Ok::<_, Infallible>(route(request, &calls).await) }
    });
    let io = TokioIo::new(stream);
    let served = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a runtime's connection broke");
    }
}

async fn route(request: Request<Incoming>, calls: &mpsc::Sender<Call>) -> Response<Full<Bytes>> {
    // A page could take the event that the function waits for.
    if let Err(refusal) = browser_guard::check(&request) {
        return refuse(refusal.status(), "AccessDenied", &refusal.to_string());
    }
    let path = request.uri().path().to_owned();
    let Some(route) = path.strip_prefix("/2018-06-01/runtime/") else {
        return not_found(&path);
    };
    let segments: Vec<&str> = route.split('/').collect();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(calls).await,
        (&Method::POST, ["invocation", id, "response"]) => {
            let result = read_result(request).await;
            complete(calls, id, result).await
        }
        (&Method::POST, ["invocation", id, "error"]) => match error(request).await {
            Ok(failure) => complete(calls, id, Ok(Err(failure))).await,
            Err(broken) => complete(calls, id, Err(broken)).await,
        },
        (&Method::POST, ["init", "error"]) => match error(request).await {
            Ok(failure) => send_call(calls, |verdict| Call::InitError { failure, verdict }).await,
            Err(broken) => refuse(
                StatusCode::BAD_REQUEST,
                "InvalidRequest",
                &broken.to_string(),
            ),
        },
        _ => not_found(&path),
    }
}

async fn next(calls: &mpsc::Sender<Call>) -> Response<Full<Bytes>> {
    let (sender, event) = oneshot::channel();
    let _ = calls.send(Call::Next(sender)).await;
    let Ok(event) = event.await else {
        return gone();
    };
    let mut response = Response::new(Full::new(event.payload));
    *response.headers_mut() = event.headers;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

async fn complete(
    calls: &mpsc::Sender<Call>,
    id: &str,
    result: Result<Result<Bytes, Failure>, hyper::Error>,
) -> Response<Full<Bytes>> {
    let result = match result {
        Ok(result) => result,
        Err(broken) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "InvalidRequest",
                &broken.to_string(),
            );
        }
    };
    let too_large = matches!(result, Err(Failure::TooLarge));
    let id = id.to_owned();
    let response = send_call(calls, |verdict| Call::Done {
        id,
        result,
        verdict,
    })
    .await;
    if too_large && response.status() == StatusCode::ACCEPTED {
        let text = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
        return refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            &text,
        );
    }
    response
}

async fn send_call(
    calls: &mpsc::Sender<Call>,
    call: impl FnOnce(oneshot::Sender<Verdict>) -> Call,
) -> Response<Full<Bytes>> {
    let (sender, verdict) = oneshot::channel();
    let _ = calls.send(call(sender)).await;
    match verdict.await {
        Ok(Verdict::Accepted) => json_response(StatusCode::ACCEPTED, &json!({ "status": "OK" })),
        Ok(Verdict::InvalidRequestId) => refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "Invalid request ID",
        ),
        Ok(Verdict::InvalidStateTransition) => {
            let text = "State transition is not allowed";
            refuse(StatusCode::FORBIDDEN, "InvalidStateTransition", text)
        }
        Err(_) => gone(),
    }
}

/// Reads the result of an invocation. A streamed one may turn out to be an error at its end, in its
/// trailers.
async fn read_result(request: Request<Incoming>) -> Result<Result<Bytes, Failure>, hyper::Error> {
    let (bytes, trailers) = read(request.into_body()).await?;
    if let Some(error_type) = trailers.get(ERROR_TYPE) {
        let body = trailers.get(ERROR_BODY).map(HeaderValue::as_bytes);
        let body = BASE64_STANDARD.decode(body.unwrap_or_default());
        return Ok(Err(Failure::Reported {
            error_type: text(error_type),
            body: body.unwrap_or_default().into(),
        }));
    }
    Ok(bytes.ok_or(Failure::TooLarge))
}

async fn error(request: Request<Incoming>) -> Result<Failure, hyper::Error> {
    let error_type = request.headers().get(ERROR_TYPE).map(text);
    let (bytes, _) = read(request.into_body()).await?;
    Ok(match bytes {
        Some(body) => Failure::Reported {
            error_type: error_type_of(error_type, &body),
            body,
        },
        None => Failure::TooLarge,
    })
}

/// Returns the error type from the header; if it is missing or only `Unhandled`, from the error
/// object.
fn error_type_of(header: Option<String>, body: &[u8]) -> String {
    let telling = header.filter(|header| !header.eq_ignore_ascii_case("unhandled"));
    let object = || serde_json::from_slice::<serde_json::Value>(body).ok();
    let named = || Some(object()?.get("errorType")?.as_str()?.to_owned());
    telling.or_else(named).unwrap_or_else(|| "Unhandled".into())
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Reads to the end; `None` for more than [`MAX_RESPONSE`] bytes, of which the rest is not kept but
/// is read, so that the runtime comes to read the answer.
async fn read(mut body: Incoming) -> Result<(Option<Bytes>, HeaderMap), hyper::Error> {
    let mut kept = BytesMut::new();
    let mut fits = true;
    let mut trailers = HeaderMap::new();
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                fits = fits && kept.len() + data.len() <= MAX_RESPONSE;
                if fits {
                    kept.extend_from_slice(&data);
                }
            }
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Ok((fits.then(|| kept.freeze()), trailers))
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn refuse(status: StatusCode, kind: &str, text: &str) -> Response<Full<Bytes>> {
    json_response(status, &json!({ "errorType": kind, "errorMessage": text }))
}

fn not_found(path: &str) -> Response<Full<Bytes>> {
    refuse(
        StatusCode::NOT_FOUND,
        "NotFound",
        &format!("The Runtime API has no {path}"),
    )
}

/// The environment ended while the runtime waited.
fn gone() -> Response<Full<Bytes>> {
    refuse(
        StatusCode::GONE,
        "Gone",
        "The execution environment is shutting down",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Sends `request` to an environment that answers as `environment` does; gives the status and
    /// the body.
    async fn exchange(request: &str, environment: impl FnOnce(Call)) -> (u16, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut calls) = mpsc::channel(4);
        let _server = serve(listener, sender);
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).await.unwrap();
            response
        };
        tokio::pin!(client);
        let response = tokio::select! {
            response = &mut client => response,
            Some(call) = calls.recv() => {
                environment(call);
                client.await
            }
        };
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    fn post(path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
    }

    async fn check(verdict: Verdict, status: u16, body: &str) {
        let request = post("invocation/id-1/response", "", "42");
        let found = exchange(&request, |call| {
            let Call::Done {
                id,
                result,
                verdict: response,
            } = call
            else {
                panic!("{call:?}");
            };
            assert_eq!((id.as_str(), &result.unwrap()[..]), ("id-1", &b"42"[..]));
            response.send(verdict).unwrap();
        });
        assert_eq!(found.await, (status, body.to_owned()));
    }

    #[tokio::test]
    async fn a_verdict_is_a_status() {
        check(Verdict::Accepted, 202, r#"{"status":"OK"}"#).await;
        check(
            Verdict::InvalidRequestId,
            400,
            r#"{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#,
        )
        .await;
        check(
            Verdict::InvalidStateTransition,
            403,
            r#"{"errorType":"InvalidStateTransition","errorMessage":"State transition is not allowed"}"#,
        )
        .await;
    }

    #[tokio::test]
    async fn what_the_api_does_not_have_is_named() {
        let request = post("invocation/next", "", "");
        let (status, body) = exchange(&request, |call| panic!("{call:?}")).await;
        assert_eq!(status, 404);
        assert!(
            body.contains("The Runtime API has no /2018-06-01/runtime/invocation/next"),
            "{body}"
        );
    }

    /// The event goes to the function alone.
    #[tokio::test]
    async fn a_web_page_is_refused() {
        for (host, page) in [
            ("rebound.example", ""),
            ("127.0.0.1", "Sec-Fetch-Site: cross-site\r\n"),
            ("127.0.0.1", "Origin: http://localhost:3000\r\n"),
        ] {
            let next = "/2018-06-01/runtime/invocation/next";
            let request =
                format!("GET {next} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{page}\r\n");
            let (status, body) = exchange(&request, |call| panic!("{call:?}")).await;
            assert_eq!(status, 403, "{host} {page}: {body}");
        }
    }

    async fn reported(request: &str) -> (String, Bytes) {
        let mut seen = None;
        let call = |call| {
            let (Call::Done {
                result: Err(failure),
                verdict,
                ..
            }
            | Call::InitError { failure, verdict }) = call
            else {
                panic!("{call:?}");
            };
            verdict.send(Verdict::Accepted).unwrap();
            seen = Some(failure);
        };
        assert_eq!(exchange(request, call).await.0, 202);
        match seen {
            Some(Failure::Reported { error_type, body }) => (error_type, body),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_error_has_the_most_telling_type_there_is() {
        let header = |kind| format!("Lambda-Runtime-Function-Error-Type: {kind}\r\n");
        let object = r#"{"errorType":"Inner"}"#;
        for (path, headers, body, expect) in [
            ("invocation/id-1/error", header("Outer"), object, "Outer"),
            (
                "invocation/id-1/error",
                header("unhandled"),
                object,
                "Inner",
            ),
            ("init/error", String::new(), object, "Inner"),
            ("init/error", String::new(), "not JSON", "Unhandled"),
        ] {
            let found = reported(&post(path, &headers, body)).await;
            assert_eq!(found, (expect.to_owned(), Bytes::from(body)));
        }
    }

    #[tokio::test]
    async fn a_streamed_answer_may_end_as_an_error() {
        let request = "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: \
                       localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: \
                       Lambda-Runtime-Function-Error-Type, \
                       Lambda-Runtime-Function-Error-Body\r\n\r\n4\r\npart\r\n0\r\nLambda-Runtime-Function-Error-Type: \
                       Midway\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n";
        let found = reported(request).await;
        assert_eq!(found, ("Midway".to_owned(), Bytes::from_static(b"{}")));
    }
}
