//! A SageMaker endpoint, which scores images.

use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::error::SdkError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::error::ModelError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::error::{Error, PredictionContext};
use aws_failure::Failure;

/// The content type of any image file, as the built-in image classification takes it.
const CONTENT_TYPE: &str = "application/x-image";

/// An endpoint, and the labels of its model in the order of its scores.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) sagemaker: Client,
    pub(super) name: String,
    pub(super) labels: Vec<String>,
}

impl Endpoint {
    /// Returns the model's response to an image, as it came. Data capture records it under
    /// `inference_id`.
    pub(super) async fn score(
        &self,
        context: &PredictionContext,
        image: Vec<u8>,
        inference_id: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        let answer = self
            .sagemaker
            .invoke_endpoint()
            .endpoint_name(&self.name)
            .content_type(CONTENT_TYPE)
            .accept("application/json")
            .set_inference_id(inference_id.map(str::to_owned))
            .body(Blob::new(image))
            .send()
            .await
            .map_err(|error| failed(context.clone(), &error))?;
        Ok(answer.body.map(Blob::into_inner).unwrap_or_default())
    }
}

fn failed(
    context: PredictionContext,
    error: &SdkError<InvokeEndpointError, HttpResponse>,
) -> Error {
    if let Some(InvokeEndpointError::ModelError(error)) = error.as_service_error() {
        return model_failed(context, error);
    }
    match Failure::of(error) {
        Failure::Unavailable(reason) => Error::EndpointUnavailable(context, reason),
        Failure::Throttled(reason) => Error::EndpointThrottled(context, reason),
        // SageMaker has no error of its own for it: "Endpoint NAME of account 123456789012 not
        // found."
        Failure::Refused { code, message }
            if code == "ValidationError" && message.contains("not found") =>
        {
            Error::EndpointNotFound(context, message)
        }
        refused @ Failure::Refused { .. } => Error::EndpointRefused(context, refused.to_string()),
    }
}

/// The container answered with an error: its 4xx is about the image, except for those that ask to
/// come back.
fn model_failed(context: PredictionContext, error: &ModelError) -> Error {
    let status = error.original_status_code().unwrap_or_default();
    let text = error.original_message().or(error.message());
    let reason = format!("HTTP {status}: {}", text.unwrap_or("no message"));
    match status {
        408 | 429 => Error::ModelFailed(context, reason),
        400..=499 => Error::ImageRefused(context, reason),
        _ => Error::ModelFailed(context, reason),
    }
}
