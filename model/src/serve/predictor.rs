//! The model of an artifact, ready to score pictures: ONNX by `tract`, everything else from `config.json`.

use crate::artifact::{self, ArtifactError, Config, Input, MODEL};
use crate::data::{Picture, PictureError, Size};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tract_onnx::prelude::*;

/// A loaded model. Scoring needs no lock.
pub struct Predictor {
    config: Config,
    plan: Arc<TypedRunnableModel>,
}

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The config can't be read.
    #[error(transparent)]
    Config(#[from] ArtifactError),
    /// The ONNX file can't be served.
    #[error("{path} can't be served: {source:#}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What tract says.
        source: TractError,
    },
    /// Model and labels don't belong together.
    #[error("{path} gives {scores} scores, but config.json names {labels} labels")]
    Labels {
        /// The file.
        path: PathBuf,
        /// How many scores it gives.
        scores: usize,
        /// How many labels there are.
        labels: usize,
    },
}

/// Why bytes get no scores.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// They are not a picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The model failed.
    #[error("the model failed: {0:#}")]
    Model(TractError),
}

impl Predictor {
    /// Loads the artifact in `folder`, makes it fast, and tries it once.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let config = artifact::read_config(folder)?;
        let path = folder.join(MODEL);
        let plan = plan(&path, &config.input).map_err(|source| LoadError::Model {
            path: path.clone(),
            source,
        })?;
        let predictor = Self { config, plan };
        let blank = vec![0.0; predictor.config.input.shape.iter().product()];
        let scores = predictor.run(&blank).map_err(|source| LoadError::Model {
            path: path.clone(),
            source,
        })?;
        match (scores.len(), predictor.config.labels.len()) {
            (scores, labels) if scores == labels => Ok(predictor),
            (scores, labels) => Err(LoadError::Labels {
                path,
                scores,
                labels,
            }),
        }
    }

    /// Input and labels of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Probabilities of the classes for an image file.
    pub fn predict(&self, file: &[u8]) -> Result<Vec<f32>, PredictError> {
        self.score(&Picture::decode(file, self.config.input.size())?)
    }

    /// Probabilities of the classes for a picture of the model's size.
    pub fn score(&self, picture: &Picture) -> Result<Vec<f32>, PredictError> {
        self.run(&planes(picture, &self.config.input))
            .map_err(PredictError::Model)
    }

    fn run(&self, values: &[f32]) -> TractResult<Vec<f32>> {
        let [channels, height, width] = self.config.input.shape;
        let input = Tensor::from_shape(&[1, channels, height, width], values)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        Ok(outputs[0]
            .to_plain_array_view::<f32>()?
            .iter()
            .copied()
            .collect())
    }
}

fn plan(path: &Path, input: &Input) -> TractResult<Arc<TypedRunnableModel>> {
    let [channels, height, width] = input.shape;
    tract_onnx::onnx()
        .model_for_path(path)?
        .with_input_fact(0, f32::fact([1, channels, height, width]).into())?
        .into_optimized()?
        .into_runnable()
}

/// A picture as ONNX takes it: one plane a colour.
fn planes(picture: &Picture, input: &Input) -> Vec<f32> {
    let Size { height, width } = input.size();
    let pixels = height * width;
    let mut planes = vec![0.0; 3 * pixels];
    for (index, value) in input.normalise(picture).enumerate() {
        planes[index % 3 * pixels + index / 3] = value;
    }
    planes
}
