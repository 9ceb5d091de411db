//! Answers: a JSON body for whatever came of a request.
//!
//! A 4xx says what is wrong with the image and what to do. A 5xx names the error and the request,
//! and leaves to the log what is nobody else's business: names of endpoints and what AWS said.

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayProxyResponse;
use fit_image::UnusableImage;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::MAX_BYTES;
use crate::diagnostic::FunctionError;
use crate::event::Object;
use crate::{classify, filter};

/// The response to a request that gets no label.
#[derive(Debug)]
pub(super) struct ErrorResponse {
    pub(super) status: StatusCode,
    /// The name that the workflow has for the error too, where it has one.
    pub(super) error: &'static str,
    /// The message for the caller.
    message: String,
    /// The message for the log.
    pub(super) cause: String,
    /// Further members of the body.
    more: Vec<(&'static str, Value)>,
}

impl ErrorResponse {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            error,
            cause: message.clone(),
            message,
            more: vec![],
        }
    }

    /// Replaces the message for the caller, but not the one for the log.
    fn saying(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    pub(super) fn empty() -> Self {
        let how = "the request has no body: send the image itself, for example with curl \
                   --data-binary @image.jpg";
        Self::new(StatusCode::BAD_REQUEST, "EmptyBody", how)
    }

    pub(super) fn not_base64() -> Self {
        let how = "the body says that it is base64, and is not";
        Self::new(StatusCode::BAD_REQUEST, "InvalidBody", how)
    }

    pub(super) fn multipart() -> Self {
        let how = "forms are not read: send the image itself as the body, for example with curl \
                   --data-binary @image.jpg";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedBody", how)
    }

    pub(super) fn too_large(bytes: usize) -> Self {
        let how = format!(
            "the image has {bytes} bytes, and {MAX_BYTES} are taken here: send a smaller one, or \
             upload it under incoming/"
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge", how)
    }
}

impl From<UnusableImage> for ErrorResponse {
    fn from(unusable: UnusableImage) -> Self {
        let (status, error) = match unusable {
            UnusableImage::NotAnImage => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "NotAnImage"),
            UnusableImage::Unsupported(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedImage")
            }
            UnusableImage::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "ImageTooLarge"),
            UnusableImage::Truncated(_) => (StatusCode::UNPROCESSABLE_ENTITY, "TruncatedImage"),
            UnusableImage::Corrupt(..) => (StatusCode::UNPROCESSABLE_ENTITY, "CorruptImage"),
        };
        Self::new(status, error, unusable.to_string())
    }
}

impl From<classify::Error> for ErrorResponse {
    fn from(error: classify::Error) -> Self {
        use classify::Error::{
            EndpointThrottled, EndpointUnavailable, ImageRefused, ModelFailed, ModelUnavailable,
        };
        let name = error.name();
        let with_status = |status| Self::new(status, name, error.to_string());
        match &error {
            ImageRefused(_, why) => with_status(StatusCode::UNPROCESSABLE_ENTITY)
                .saying(&format!("the model can't take this image: {why}")),
            EndpointThrottled(..) => with_status(StatusCode::TOO_MANY_REQUESTS)
                .saying("there are too many requests at the moment: try again later"),
            EndpointUnavailable(..) | ModelUnavailable(..) => {
                with_status(StatusCode::SERVICE_UNAVAILABLE)
                    .saying("the model is not ready: try again later")
            }
            ModelFailed(..) => with_status(StatusCode::BAD_GATEWAY).saying("the model failed"),
            _ => with_status(StatusCode::INTERNAL_SERVER_ERROR)
                .saying("the image could not be classified: the function's log says why"),
        }
    }
}

impl From<filter::Error> for ErrorResponse {
    fn from(error: filter::Error) -> Self {
        let name = error.name();
        let cause = error.to_string();
        match error {
            filter::Error::ThresholdConfidenceNotMet {
                label,
                confidence,
                threshold,
                ..
            } => {
                let message = format!(
                    "{label} with confidence {confidence} is below the threshold {threshold}"
                );
                let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, name, message);
                error.more = vec![
                    ("label", label.into()),
                    ("confidence", confidence.into()),
                    ("threshold", threshold.as_f64().into()),
                ];
                error
            }
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, name, cause)
                .saying("the model's scores can't be used: the function's log says why"),
        }
    }
}

/// Returns 200, with the prediction.
pub(super) fn of_object(object: &Object) -> ApiGatewayProxyResponse {
    let body = json!({
        "label": object.label,
        "confidence": object.confidence,
        "inferences": object.inferences,
        "inference_id": object.inference_id,
    });
    response(StatusCode::OK, &body)
}

/// Returns the status and the body of an error.
pub(super) fn of_error(error: ErrorResponse, request_id: &str) -> ApiGatewayProxyResponse {
    let mut body = json!({
        "error": error.error,
        "message": error.message,
        "request_id": request_id,
    });
    for (name, value) in error.more {
        body[name] = value;
    }
    let mut response = response(error.status, &body);
    if matches!(error.status.as_u16(), 429 | 503) {
        let seconds = HeaderValue::from_static("5");
        response.headers.insert(RETRY_AFTER, seconds);
    }
    response
}

fn response(status: StatusCode, body: &Value) -> ApiGatewayProxyResponse {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = status.as_u16().into();
    response.body = Some(Body::Text(body.to_string()));
    let json = HeaderValue::from_static("application/json");
    response.headers.insert(CONTENT_TYPE, json);
    let no_store = HeaderValue::from_static("no-store");
    response.headers.insert(CACHE_CONTROL, no_store);
    response
}
