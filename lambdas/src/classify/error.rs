//! Errors of classify-image.

use std::fmt;

use crate::diagnostic::function_error;
use crate::event::InvalidEvent;

/// The image and the model of a prediction; texts of errors begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictionContext {
    /// The image.
    pub image: String,
    /// The model: `the endpoint NAME`, or `the model s3://BUCKET/KEY`.
    pub model: String,
}

impl fmt::Display for PredictionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.image, self.model)
    }
}

/// An error of classify-image. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event is not the workflow's object.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// `image_data` is missing or not base64.
    #[error("{0}: image_data {1}: serialize-image makes it")]
    InvalidImageData(String, String),
    /// There is no such endpoint; with SageMaker's message.
    #[error("{0} does not exist: deploy it, or set ENDPOINT_NAME: {1}")]
    EndpointNotFound(PredictionContext, String),
    /// SageMaker did not take the request. With its name and text.
    #[error("{0} refused the request: {1}")]
    EndpointRefused(PredictionContext, String),
    /// The endpoint did not answer, or is not ready. With what came instead. Retryable.
    #[error("{0} is unavailable: {1}")]
    EndpointUnavailable(PredictionContext, String),
    /// The endpoint has too much to do. With SageMaker's name and text. Retryable.
    #[error("{0} is throttled: {1}")]
    EndpointThrottled(PredictionContext, String),
    /// The function's own model could not be read from S3, but may be later. Retryable.
    #[error("{0} can't be read: {1}")]
    ModelUnavailable(PredictionContext, String),
    /// The function's own model is not there, or is none.
    #[error("{0} can't be used: {1}")]
    ModelUnusable(PredictionContext, String),
    /// The model, or its container, failed. With the container's status and text. Retryable.
    #[error("{0} failed: {1}")]
    ModelFailed(PredictionContext, String),
    /// The model, or its container, can't take this image. With the container's status and text.
    #[error("{0} refused the image: {1}")]
    ImageRefused(PredictionContext, String),
    /// The model's answer is not scores. With what is wrong with it, and how it begins.
    #[error("{0} gave an answer that can't be used: {1}")]
    InvalidPrediction(PredictionContext, String),
    /// The model has another number of classes than `LABELS`.
    #[error("{context} gave {scores} scores, and LABELS has {labels}: {names}")]
    LabelsMismatch {
        /// The image and the model.
        context: PredictionContext,
        /// Number of scores that came.
        scores: usize,
        /// Number of labels.
        labels: usize,
        /// The labels.
        names: String,
    },
}

function_error!(Error, retryable: ["EndpointThrottled", "EndpointUnavailable", "ModelFailed", "ModelUnavailable"]);
