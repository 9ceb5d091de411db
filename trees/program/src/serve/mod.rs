//! The endpoint's container: rows in, predictions out, in the shapes of SageMaker's XGBoost
//! container.
//!
//! <https://github.com/aws/sagemaker-xgboost-container>

mod request;
mod response;
#[cfg(test)]
mod tests;

pub use request::{Defaults, InvalidDefault};
pub use response::ResponseFormat;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sagemaker_container::serve::{self, Cores, ExecutionParameters};
use tables::UnsupportedContentType;

use crate::predictor::{PredictError, Predictor};

/// Bodies up to this many bytes are predicted at once: to hand them to another thread takes longer.
const INLINE_BYTES: usize = 32 << 10;

/// Returns the container's routes.
pub fn router(predictor: Predictor, defaults: Defaults) -> Router {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = ExecutionParameters {
        max_concurrent_transforms: cores,
        batch_strategy: "MultiRecord",
        max_payload_mb: 6,
    };
    let endpoint = Endpoint {
        predictor,
        defaults,
    };
    let state = (Arc::new(endpoint), Cores::default());
    serve::router(post(invoke), state).merge(serve::execution_parameters(&limits))
}

struct Endpoint {
    predictor: Predictor,
    defaults: Defaults,
}

/// A request without predictions.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    ContentType(#[from] UnsupportedContentType),
    #[error("the content type has {0}={1}; expected {2}")]
    Parameter(&'static str, String, &'static str),
    #[error(
        "the Accept header asks for {0}; the response is text/csv, application/json or \
         application/jsonlines"
    )]
    Accept(String),
    #[error(transparent)]
    Predict(#[from] PredictError),
    #[error("the model failed: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Accept(_) => StatusCode::NOT_ACCEPTABLE,
            Self::Predict(_) | Self::Parameter(..) => StatusCode::BAD_REQUEST,
            Self::Lost(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        serve::error(status, &self.to_string()).into_response()
    }
}

async fn invoke(
    State((endpoint, cores)): State<(Arc<Endpoint>, Cores)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if body.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let input = request::input(&headers, &endpoint.defaults)?;
    let format = request::response_format(&headers, &endpoint.defaults)?;
    let text = if body.len() <= INLINE_BYTES {
        predict(&endpoint, input, format, &body)?
    } else {
        let work = move || predict(&endpoint, input, format, &body);
        cores.compute(work).await??
    };
    Ok(([(header::CONTENT_TYPE, format.content_type())], text).into_response())
}

fn predict(
    endpoint: &Endpoint,
    input: crate::predictor::Input,
    format: ResponseFormat,
    body: &[u8],
) -> Result<String, PredictError> {
    let predictions = endpoint.predictor.predict(input, body)?;
    Ok(response::write(&endpoint.predictor, &predictions, format))
}
