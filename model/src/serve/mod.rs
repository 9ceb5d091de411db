//! Serves an image classifier: scores for `POST /invocations`.
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
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sagemaker_container::media_type;
use sagemaker_container::serve::{self, Cores, json};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// Content types that are taken.
const IMAGES: [&str; 3] = ["application/x-image", "image/jpeg", "image/png"];

/// A format of scores, as of the built-in image classification algorithm:
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html#IC-inference>
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    /// `[0.1, 0.9]`
    Json,
    /// `{"prediction": [0.1, 0.9]}`
    JsonLines,
}

impl Format {
    /// Returns the format of a media type that an Accept header names.
    fn accepted(media_type: &str) -> Option<Self> {
        match media_type {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "application/jsonlines" => Some(Self::JsonLines),
            _ => None,
        }
    }

    fn response(self, scores: &[f32]) -> Response {
        let line = Line { prediction: scores };
        let response = match self {
            Self::Json => json(StatusCode::OK, "application/json", &scores),
            Self::JsonLines => json(StatusCode::OK, "application/jsonlines", &line),
        };
        response.into_response()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    prediction: &'a [f32],
}

/// Returns the container's routes.
pub fn router(predictor: Predictor) -> Router {
    let endpoint = Endpoint {
        predictor: Arc::new(predictor),
        cores: Cores::default(),
    };
    serve::router(post(invoke), endpoint)
}

#[derive(Clone)]
struct Endpoint {
    predictor: Arc<Predictor>,
    cores: Cores,
}

/// A request that gets no scores.
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
        serve::error(self.status(), &self.to_string()).into_response()
    }
}

async fn invoke(
    State(endpoint): State<Endpoint>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let started = Instant::now();
    let format = check_types(&headers)?;
    let predictor = Arc::clone(&endpoint.predictor);
    let bytes = body.len();
    let work = move || predictor.predict(&body);
    let scores = endpoint.cores.compute(work).await??;
    // One label, not all scores: a classifier may have thousands.
    let labeled = endpoint.predictor.config().labels.iter().zip(&scores);
    if let Some((label, confidence)) = labeled.max_by(|a, b| a.1.total_cmp(b.1)) {
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        tracing::info!(bytes, milliseconds, label, confidence, "predicted");
    }
    Ok(format.response(&scores))
}

/// Checks the type of the image, and returns the first format that the client accepts.
fn check_types(headers: &HeaderMap) -> Result<Format, Refusal> {
    let content_type = media_type::essences(headers, &header::CONTENT_TYPE);
    if !content_type
        .iter()
        .any(|kind| IMAGES.contains(&kind.as_str()))
    {
        return Err(Refusal::ContentType(media_type::or_missing(&content_type)));
    }
    let accept = media_type::essences(headers, &header::ACCEPT);
    if accept.is_empty() {
        return Ok(Format::Json);
    }
    let format = accept.iter().find_map(|kind| Format::accepted(kind));
    format.ok_or_else(|| Refusal::Accept(accept.join(", ")))
}
