//! The model of an artifact, ready to score pictures: ONNX by `rten`, everything else from `config.json`.

use crate::artifact::{self, ArtifactError, Config, Input, MODEL};
use crate::data::{Picture, PictureError, Size};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::{NdTensorView, Tensor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A loaded model. Scoring needs no lock.
pub struct Predictor {
    config: Config,
    model: Model,
    input: NodeId,
    output: NodeId,
    /// A thread a core. Those that score wait while these work.
    threads: Arc<ThreadPool>,
}

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The config can't be read.
    #[error(transparent)]
    Config(#[from] ArtifactError),
    /// The ONNX file can't be served.
    #[error("{path} can't be served: {reason}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    #[error("the model failed: {0}")]
    Model(String),
}

impl Predictor {
    /// Loads the artifact in `folder`, makes it fast, and tries it once.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let config = artifact::read_config(folder)?;
        let path = folder.join(MODEL);
        let unusable = |reason: String| LoadError::Model {
            path: path.clone(),
            reason,
        };
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load_file(&path);
        let model = model.map_err(|error| unusable(error.to_string()))?;
        let (&[input], &[output, ..]) = (model.input_ids(), model.output_ids()) else {
            let inputs = model.input_ids().len();
            return Err(unusable(format!("it takes {inputs} inputs, not one image")));
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let predictor = Self {
            config,
            model,
            input,
            output,
            threads: Arc::new(ThreadPool::with_num_threads(cores)),
        };
        let blank = vec![0.0; predictor.config.input.shape.iter().product()];
        let scores = predictor.run(&blank).map_err(unusable)?;
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

    /// The scores for one image's values.
    fn run(&self, values: &[f32]) -> Result<Vec<f32>, String> {
        let [channels, height, width] = self.config.input.shape;
        let image = NdTensorView::from_data([1, channels, height, width], values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let inputs = vec![(self.input, ValueView::from(image).into())];
        let scores = self.model.run_n(inputs, [self.output], Some(options));
        let [scores] = scores.map_err(|error| error.to_string())?;
        let scores: Tensor<f32> = scores.try_into().map_err(|_| "its scores are not floats")?;
        Ok(scores.into_data())
    }
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
