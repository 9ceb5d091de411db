//! classify-image: an image goes to the SageMaker endpoint; its scores, the best label and its confidence come back.

use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::error::SdkError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::error::ModelError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::Diagnostic;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::aws::{self, Failure};
use crate::diagnostic::FunctionError;
use crate::environment::{self, Environment};
use crate::event::{self, Call, Invalid, Location};
use crate::logging;
use crate::runtime::Handler;
use crate::scores::Scores;

/// What the built-in image classification takes any image file as.
const CONTENT_TYPE: &str = "application/x-image";

/// The function.
#[derive(Clone, Debug)]
pub struct ClassifyImage {
    sagemaker: Client,
    endpoint: String,
    labels: Vec<String>,
}

/// Why there is no answer. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event is not the workflow's object.
    #[error(transparent)]
    InvalidEvent(#[from] Invalid),
    /// `image_data` is missing or not base64.
    #[error("{0}: image_data {1}: serialize-image makes it")]
    InvalidImageData(Location, String),
    /// There is no such endpoint.
    #[error(
        "{location}: the endpoint {endpoint} does not exist: deploy it, or set ENDPOINT_NAME: {message}"
    )]
    EndpointNotFound {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// SageMaker's text.
        message: String,
    },
    /// SageMaker did not take the request.
    #[error("{location}: the endpoint {endpoint} refused the request: {reason}")]
    EndpointRefused {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// SageMaker's name and text.
        reason: String,
    },
    /// The endpoint did not answer, or is not ready. Retryable.
    #[error("{location}: the endpoint {endpoint} is unavailable: {reason}")]
    EndpointUnavailable {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// What came instead of an answer.
        reason: String,
    },
    /// The endpoint has too much to do. Retryable.
    #[error("{location}: the endpoint {endpoint} is throttled: {reason}")]
    EndpointThrottled {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// SageMaker's name and text.
        reason: String,
    },
    /// The model's container failed. Retryable.
    #[error("{location}: the model behind the endpoint {endpoint} failed: {reason}")]
    ModelFailed {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// The container's status and text.
        reason: String,
    },
    /// The model's container can't take this image.
    #[error("{location}: the model behind the endpoint {endpoint} refused the image: {reason}")]
    ImageRefused {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// The container's status and text.
        reason: String,
    },
    /// The model's answer is not scores.
    #[error("{location}: the answer of the endpoint {endpoint} can't be used: {problem}: {answer}")]
    InvalidPrediction {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// What is wrong with the answer.
        problem: String,
        /// How the answer begins.
        answer: String,
    },
    /// The model has another number of classes than `LABELS`.
    #[error(
        "{location}: the endpoint {endpoint} gave {scores} scores, and LABELS has {labels}: {names}"
    )]
    LabelsMismatch {
        /// The image.
        location: Location,
        /// The endpoint's name.
        endpoint: String,
        /// How many scores came.
        scores: usize,
        /// How many labels there are.
        labels: usize,
        /// The labels.
        names: String,
    },
}

impl FunctionError for Error {
    const RETRYABLE: &'static [&'static str] =
        &["EndpointThrottled", "EndpointUnavailable", "ModelFailed"];

    fn name(&self) -> &'static str {
        self.into()
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        error.diagnostic()
    }
}

impl Handler for ClassifyImage {
    const NAME: &'static str = "classify-image";
    type Output = event::Object;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let endpoint = environment.endpoint_name()?;
        let labels = environment.labels()?;
        let sagemaker = Client::new(&aws::config(environment).await);
        Ok(Self::new(sagemaker, endpoint, labels))
    }

    async fn handle(&self, event: Value) -> Result<event::Object, Error> {
        let call = Call::parse(event)?;
        logging::about(&call);
        let inference_id = inference_id(&call);
        let mut object = call.object;
        let location = object.location();
        let image = image(&object)?;
        let answer = self
            .invoke(&location, image, inference_id.as_deref())
            .await?;
        let (inferences, scores) = self.understand(&location, &answer)?;
        let (index, confidence) = scores.best();
        object.label = Some(self.label(&location, index, scores.len())?);
        object.confidence = Some(confidence);
        object.inferences = inferences;
        object.inference_id = inference_id;
        tracing::info!(label = object.label, confidence, "classified");
        Ok(object)
    }
}

impl ClassifyImage {
    /// The function over a client of its own. `labels` are in the order of the model's scores.
    pub fn new(sagemaker: Client, endpoint: String, labels: Vec<String>) -> Self {
        Self {
            sagemaker,
            endpoint,
            labels,
        }
    }

    async fn invoke(
        &self,
        location: &Location,
        image: Vec<u8>,
        inference_id: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        let answer = self
            .sagemaker
            .invoke_endpoint()
            .endpoint_name(&self.endpoint)
            .content_type(CONTENT_TYPE)
            .accept("application/json")
            .set_inference_id(inference_id.map(str::to_owned))
            .body(Blob::new(image))
            .send()
            .await
            .map_err(|error| self.failed(location, &error))?;
        Ok(answer.body.map(Blob::into_inner).unwrap_or_default())
    }

    /// The answer as it is to be kept, and as checked scores.
    fn understand(&self, location: &Location, answer: &[u8]) -> Result<(Value, Scores), Error> {
        let invalid = |problem: String| Error::InvalidPrediction {
            location: location.clone(),
            endpoint: self.endpoint.clone(),
            problem,
            answer: beginning(answer),
        };
        let answer: Value = serde_json::from_slice(answer)
            .map_err(|error| invalid(format!("not JSON: {error}")))?;
        let inferences = match answer {
            // The built-in algorithm answers so where it is asked for application/jsonlines.
            Value::Object(mut line) if line.contains_key("prediction") => {
                line.remove("prediction").unwrap_or_default()
            }
            other => other,
        };
        let scores = Scores::parse(&inferences).map_err(|error| invalid(error.to_string()))?;
        Ok((inferences, scores))
    }

    fn label(&self, location: &Location, index: usize, scores: usize) -> Result<String, Error> {
        match self.labels.get(index) {
            Some(label) if scores == self.labels.len() => Ok(label.clone()),
            _ => Err(Error::LabelsMismatch {
                location: location.clone(),
                endpoint: self.endpoint.clone(),
                scores,
                labels: self.labels.len(),
                names: self.labels.join(", "),
            }),
        }
    }

    fn failed(
        &self,
        location: &Location,
        error: &SdkError<InvokeEndpointError, HttpResponse>,
    ) -> Error {
        let location = location.clone();
        let endpoint = self.endpoint.clone();
        if let Some(InvokeEndpointError::ModelError(error)) = error.as_service_error() {
            return model_failed(location, endpoint, error);
        }
        match Failure::of(error) {
            Failure::Unavailable(reason) => Error::EndpointUnavailable {
                location,
                endpoint,
                reason,
            },
            Failure::Throttled(reason) => Error::EndpointThrottled {
                location,
                endpoint,
                reason,
            },
            // SageMaker has no error of its own for it: "Endpoint NAME of account 123456789012 not found."
            Failure::Refused { code, message }
                if code == "ValidationError" && message.contains("not found") =>
            {
                Error::EndpointNotFound {
                    location,
                    endpoint,
                    message,
                }
            }
            refused @ Failure::Refused { .. } => Error::EndpointRefused {
                location,
                endpoint,
                reason: refused.to_string(),
            },
        }
    }
}

/// The container answered with an error: its 4xx is about the image, except for those that ask to come back.
fn model_failed(location: Location, endpoint: String, error: &ModelError) -> Error {
    let status = error.original_status_code().unwrap_or_default();
    let text = error.original_message().or(error.message());
    let reason = format!("HTTP {status}: {}", text.unwrap_or("no message"));
    match status {
        408 | 429 => Error::ModelFailed {
            location,
            endpoint,
            reason,
        },
        400..=499 => Error::ImageRefused {
            location,
            endpoint,
            reason,
        },
        _ => Error::ModelFailed {
            location,
            endpoint,
            reason,
        },
    }
}

fn image(object: &event::Object) -> Result<Vec<u8>, Error> {
    let invalid = |problem: String| Error::InvalidImageData(object.location(), problem);
    if object.image_data.is_empty() {
        return Err(invalid("is missing".into()));
    }
    STANDARD
        .decode(&object.image_data)
        .map_err(|error| invalid(format!("is not base64 ({error})")))
}

/// One prediction has one name, however often it is retried: up to 64 printable characters, says SageMaker.
fn inference_id(call: &Call) -> Option<String> {
    let Location { bucket, key } = call.object.location();
    let parts = (call.execution.as_ref()?, bucket, key);
    // A JSON array, so that no two different triples are the same text.
    let text = serde_json::to_vec(&parts).ok()?;
    Some(hex::encode(Sha256::digest(text)))
}

fn beginning(answer: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(answer);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests;
