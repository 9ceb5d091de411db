//! A model inside the function: its artifact is read from S3 once an environment, and images are
//! scored in process.
//!
//! Its response is identical to the model container's, byte for byte: the same predictor scores,
//! and the scores are written as the container writes them.

use std::fmt;
use std::sync::Arc;

use aws_sdk_s3::Client;
use scones_model::serve::{PredictError, Predictor};
use tokio::sync::OnceCell;

use super::error::{Error, PredictionContext};
use crate::model::{self, LoadError};
use s3_uri::S3Uri;

/// A model that is read when the first image comes, so that what is wrong with it is an error with
/// a name, and a model that is put in place later is found.
#[derive(Clone)]
pub(super) struct Embedded {
    s3: Client,
    artifact: S3Uri,
    /// The names that its classes must have, where the environment says.
    labels: Option<Vec<String>>,
    loaded: Arc<OnceCell<Arc<Predictor>>>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embedded").field(&self.artifact).finish()
    }
}

impl Embedded {
    pub(super) fn new(s3: Client, artifact: S3Uri, labels: Option<Vec<String>>) -> Self {
        Self {
            s3,
            artifact,
            labels,
            loaded: Arc::default(),
        }
    }

    /// Returns the model's name for errors.
    pub(super) fn name(&self) -> String {
        format!("the model {}", self.artifact)
    }

    /// Returns the response of the model's container to an image, and the names of its classes.
    pub(super) async fn score(
        &self,
        context: &PredictionContext,
        image: Vec<u8>,
    ) -> Result<(Vec<u8>, &[String]), Error> {
        let model = self.model(context).await?;
        let failed = |reason: String| Error::ModelFailed(context.clone(), reason);
        let working = Arc::clone(model);
        let scores = tokio::task::spawn_blocking(move || working.predict(&image))
            .await
            .map_err(|panic| failed(panic.to_string()))?
            .map_err(|error| match error {
                PredictError::Image(reason) => {
                    Error::ImageRefused(context.clone(), reason.to_string())
                }
                PredictError::Model(reason) | PredictError::NoEmbedding(reason) => failed(reason),
            })?;
        let answer = serde_json::to_vec(&scores).map_err(|error| failed(error.to_string()))?;
        Ok((answer, &model.config().labels))
    }

    async fn model(&self, context: &PredictionContext) -> Result<&Arc<Predictor>, Error> {
        let loaded = self.loaded.get_or_try_init(|| self.load()).await;
        loaded.map_err(|not_loaded| match not_loaded {
            LoadError::Unavailable(reason) => Error::ModelUnavailable(context.clone(), reason),
            LoadError::Unusable(reason) => Error::ModelUnusable(context.clone(), reason),
        })
    }

    async fn load(&self) -> Result<Arc<Predictor>, LoadError> {
        let loaded = model::load(&self.s3, &self.artifact).await?;
        self.check_labels(&loaded.config().labels)?;
        Ok(Arc::new(loaded))
    }

    fn check_labels(&self, found: &[String]) -> Result<(), LoadError> {
        match &self.labels {
            Some(expected) if expected != found => Err(LoadError::Unusable(format!(
                "its labels are {}, and LABELS has {}",
                found.join(", "),
                expected.join(", ")
            ))),
            _ => Ok(()),
        }
    }
}
