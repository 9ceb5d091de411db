//! The endpoint's container: `GET /ping` and `POST /invocations`.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html>

mod embedding;
mod onnx;
mod predictor;
#[cfg(test)]
mod tests;

pub use predictor::{LoadError, PredictError, Predictor};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The largest request: what InvokeEndpoint takes.
const MAX_BODY: usize = 25 << 20;

/// Content types that are taken.
const IMAGES: [&str; 3] = ["application/x-image", "image/jpeg", "image/png"];

/// How scores are written, as the built-in image classification algorithm does:
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html#IC-inference>
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    /// `[0.1, 0.9]`
    Json,
    /// `{"prediction": [0.1, 0.9]}`
    JsonLines,
}

impl Format {
    /// The format of a media type that an Accept header names.
    fn accepted(media_type: &str) -> Option<Self> {
        match media_type {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "application/jsonlines" => Some(Self::JsonLines),
            _ => None,
        }
    }

    fn answer(self, scores: &[f32]) -> Response {
        match self {
            Self::Json => json(StatusCode::OK, "application/json", &scores),
            Self::JsonLines => json(
                StatusCode::OK,
                "application/jsonlines",
                &Line { prediction: scores },
            ),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    prediction: &'a [f32],
}

/// Answers requests on `listener` until `shutdown` is done, and then those that are under way.
///
/// On a loopback address web pages are refused; in a container, which has none, clients may call it
/// by any name.
pub async fn run(
    listener: TcpListener,
    predictor: Predictor,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let mut routes = router(predictor);
    if listener.local_addr()?.ip().is_loopback() {
        routes = routes.layer(middleware::from_fn(refuse_pages));
    }
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown)
        .await
}

async fn refuse_pages(request: Request, next: Next) -> Response {
    match browser_guard::check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (refusal.status(), refusal.to_string()).into_response(),
    }
}

/// The container's routes. The model is loaded: `/ping` is healthy from the first request on.
pub fn router(predictor: Predictor) -> Router {
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let state = Arc::new(Endpoint {
        predictor: Arc::new(predictor),
        cores: Semaphore::new(at_once),
    });
    Router::new()
        .route("/ping", get(StatusCode::OK))
        .route("/invocations", post(invoke))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}

struct Endpoint {
    predictor: Arc<Predictor>,
    /// As many images are worked on as there are cores; the others wait here instead of in threads.
    cores: Semaphore,
}

/// Why a request gets no scores.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the content type is {0}; expected one of {images}", images = IMAGES.join(", "))]
    ContentType(String),
    #[error(
        "the Accept header asks for {0}; the answer is application/json or application/jsonlines"
    )]
    Accept(String),
    #[error(transparent)]
    Predict(#[from] PredictError),
    #[error("the model did not answer: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Accept(_) => StatusCode::NOT_ACCEPTABLE,
            Self::Predict(PredictError::Image(_)) => StatusCode::BAD_REQUEST,
            Self::Predict(PredictError::Model(_) | PredictError::NoEmbedding(_))
            | Self::Lost(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        tracing::warn!(status = self.status().as_u16(), error = %self, "refused");
        json(
            self.status(),
            "application/json",
            &serde_json::json!({ "error": self.to_string() }),
        )
    }
}

async fn invoke(
    State(endpoint): State<Arc<Endpoint>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let started = Instant::now();
    let format = check_types(&headers)?;
    // The semaphore is never closed, so a failure to acquire can only mean that no limit applies.
    let _core = endpoint.cores.acquire().await.ok();
    let predictor = Arc::clone(&endpoint.predictor);
    let bytes = body.len();
    let scores = tokio::task::spawn_blocking(move || predictor.predict(&body)).await??;
    // One label, not all scores: a classifier may have thousands.
    let labeled = endpoint.predictor.config().labels.iter().zip(&scores);
    if let Some((label, confidence)) = labeled.max_by(|a, b| a.1.total_cmp(b.1)) {
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        tracing::info!(bytes, milliseconds, label, confidence, "answered");
    }
    Ok(format.answer(&scores))
}

fn json(status: StatusCode, kind: &'static str, value: &impl Serialize) -> Response {
    let body = serde_json::to_string(value).expect("strings and numbers are always JSON");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Checks the type of the image, and returns the first format that the client accepts.
fn check_types(headers: &HeaderMap) -> Result<Format, Refusal> {
    let content_type = media_types(headers, &header::CONTENT_TYPE);
    if !content_type
        .iter()
        .any(|kind| IMAGES.contains(&kind.as_str()))
    {
        return Err(Refusal::ContentType(or_missing(&content_type)));
    }
    let accept = media_types(headers, &header::ACCEPT);
    if accept.is_empty() {
        return Ok(Format::Json);
    }
    let format = accept.iter().find_map(|kind| Format::accepted(kind));
    format.ok_or_else(|| Refusal::Accept(accept.join(", ")))
}

/// The media types in a header, in lower case and without their parameters.
fn media_types(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let types = values
        .flat_map(|value| value.split(','))
        .filter_map(|kind| kind.split(';').next());
    types
        .map(|kind| kind.trim().to_lowercase())
        .filter(|kind| !kind.is_empty())
        .collect()
}

fn or_missing(types: &[String]) -> String {
    if types.is_empty() {
        "missing".into()
    } else {
        types.join(", ")
    }
}
