//! classify-image: what an image shows, by a SageMaker endpoint or by a model inside the function.
//!
//! The image goes to the model; its scores, the best label and its confidence come back. Which
//! model it is makes no difference to the answer: the payload is the same, and so are the scores of
//! the same model.

#[cfg(feature = "embedded-model")]
mod embedded;
mod endpoint;
mod error;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evaluation::Scores;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::aws;
use crate::environment::{self, Environment, ModelSource};
use crate::event::{Invocation, Object};
use crate::logging;
use crate::runtime::Handler;
use s3_uri::S3Uri;

use endpoint::Endpoint;
pub use error::{Error, PredictionContext};

/// The function.
#[derive(Clone, Debug)]
pub struct ClassifyImage {
    model: Model,
}

/// The model that scores images.
#[derive(Clone, Debug)]
enum Model {
    Endpoint(Endpoint),
    #[cfg(feature = "embedded-model")]
    Embedded(embedded::Embedded),
}

impl Handler for ClassifyImage {
    const NAME: &'static str = "classify-image";
    type Output = Object;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let model = Model::of(environment).await?;
        Ok(Self { model })
    }

    async fn handle(&self, event: Value) -> Result<Object, Error> {
        let invocation = Invocation::parse(event)?;
        logging::record_event(&invocation);
        let execution = invocation.execution.as_deref();
        let object = self.classify(invocation.object, execution).await?;
        let (label, confidence) = (&object.label, object.confidence);
        tracing::info!(label, confidence, "classified");
        Ok(object)
    }
}

impl ClassifyImage {
    /// The function over an endpoint and a client of its own. `labels` are in the order of the
    /// model's scores.
    pub fn new(
        sagemaker: aws_sdk_sagemakerruntime::Client,
        endpoint: String,
        labels: Vec<String>,
    ) -> Self {
        let model = Model::Endpoint(Endpoint {
            sagemaker,
            name: endpoint,
            labels,
        });
        Self { model }
    }

    /// Adds to the object what the model says of its image.
    pub(crate) async fn classify(
        &self,
        mut object: Object,
        execution: Option<&str>,
    ) -> Result<Object, Error> {
        let uri = object.uri();
        let inference_id = execution.and_then(|execution| inference_id(execution, &uri));
        let context = self.model.context(object.name());
        let image = image(&object)?;
        let id = inference_id.as_deref();
        let (answer, labels) = self.model.score(&context, image, id).await?;
        let (inferences, scores) = Scores::from_response(&answer)
            .map_err(|error| Error::InvalidPrediction(context.clone(), error.to_string()))?;
        let (index, confidence) = scores.best();
        object.label = Some(label(&context, labels, index, scores.len())?);
        object.confidence = Some(confidence);
        object.inferences = inferences;
        object.inference_id = inference_id;
        Ok(object)
    }
}

impl Model {
    async fn of(environment: &Environment) -> Result<Self, environment::Error> {
        match environment.model()? {
            ModelSource::Endpoint(name) => {
                let labels = environment.labels()?;
                let config = aws::config(environment).await;
                Ok(Self::Endpoint(Endpoint {
                    sagemaker: aws_sdk_sagemakerruntime::Client::new(&config),
                    name,
                    labels,
                }))
            }
            #[cfg(feature = "embedded-model")]
            ModelSource::Artifact(artifact) => {
                let labels = match environment.get("LABELS") {
                    Some(_) => Some(environment.labels()?),
                    None => None,
                };
                let s3 = aws::s3(&aws::config(environment).await, environment);
                Ok(Self::Embedded(embedded::Embedded::new(
                    s3, artifact, labels,
                )))
            }
            #[cfg(not(feature = "embedded-model"))]
            ModelSource::Artifact(_) => Err(environment::Error::NoEmbeddedModel),
        }
    }

    fn context(&self, image: String) -> PredictionContext {
        let model = match self {
            Self::Endpoint(endpoint) => format!("the endpoint {}", endpoint.name),
            #[cfg(feature = "embedded-model")]
            Self::Embedded(model) => model.name(),
        };
        PredictionContext { image, model }
    }

    /// Returns the model's response to an image, and the names of its classes.
    async fn score(
        &self,
        context: &PredictionContext,
        image: Vec<u8>,
        inference_id: Option<&str>,
    ) -> Result<(Vec<u8>, &[String]), Error> {
        match self {
            Self::Endpoint(endpoint) => {
                let answer = endpoint.score(context, image, inference_id).await?;
                Ok((answer, &endpoint.labels))
            }
            #[cfg(feature = "embedded-model")]
            Self::Embedded(model) => model.score(context, image).await,
        }
    }
}

fn label(
    context: &PredictionContext,
    labels: &[String],
    index: usize,
    scores: usize,
) -> Result<String, Error> {
    match labels.get(index) {
        Some(label) if scores == labels.len() => Ok(label.clone()),
        _ => Err(Error::LabelsMismatch {
            context: context.clone(),
            scores,
            labels: labels.len(),
            names: labels.join(", "),
        }),
    }
}

fn image(object: &Object) -> Result<Vec<u8>, Error> {
    let invalid = |problem: String| Error::InvalidImageData(object.name(), problem);
    if object.image_data.is_empty() {
        return Err(invalid("is missing".into()));
    }
    STANDARD
        .decode(&object.image_data)
        .map_err(|error| invalid(format!("is not base64 ({error})")))
}

/// Returns the inference ID of a prediction, the same for every retry: up to 64 printable
/// characters, as SageMaker requires.
fn inference_id(execution: &str, S3Uri { bucket, key }: &S3Uri) -> Option<String> {
    let parts = (execution, bucket, key);
    // A JSON array, so that no two different triples are the same text.
    let text = serde_json::to_vec(&parts).ok()?;
    Some(hex::encode(Sha256::digest(text)))
}
