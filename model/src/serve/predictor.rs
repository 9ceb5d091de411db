//! The model of an artifact, ready to score images.

use super::onnx::OnnxModel;
use crate::artifact::{self, ArtifactError, Config, MODEL};
use crate::network::{Frozen, Tensor, softmax};
use fit_image::UnusableImage;
use image::RgbImage;
use std::iter::once;
use std::path::{Path, PathBuf};

/// A loaded model. Scoring needs no lock.
pub struct Predictor {
    config: Config,
    model: Model,
}

enum Model {
    /// A network that was trained here, on the kernels that it was trained with.
    Trained(Frozen),
    /// Any other.
    Onnx(Box<OnnxModel>),
}

/// An artifact that can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The config or the weights can't be read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The ONNX file can't be served.
    #[error("{path} can't be served: {reason}")]
    Model {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// The model did not pass its trial, as the text says.
    #[error("{0}")]
    Refused(String),
    /// Model and labels don't belong together.
    #[error("{path} gives {scores} scores, but config.json names {labels} labels")]
    Labels {
        /// The file.
        path: PathBuf,
        /// The number of its scores.
        scores: usize,
        /// The number of labels.
        labels: usize,
    },
}

/// A reason for which an image gets no scores.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// The bytes are no image that can be decoded.
    #[error(transparent)]
    Image(#[from] UnusableImage),
    /// The model failed.
    #[error("the model failed: {0}")]
    Model(String),
    /// The model has no embedding of an image.
    #[error("{0}")]
    NoEmbedding(String),
}

impl Predictor {
    /// Loads the artifact in `folder` and tries it once. Nothing limits what the model takes of
    /// this process: [`trial::load`](crate::trial::load) tries it in another one first.
    ///
    /// # Errors
    /// A file is missing or wrong, or the model does not fit the config.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let config = artifact::read_config(folder)?;
        if let Some(network) = artifact::read_network(folder, &config)? {
            let model = Model::Trained(Frozen::new(&network, config.temperature));
            return Ok(Self { config, model });
        }
        let path = folder.join(MODEL);
        let unusable = |reason: String| LoadError::Model {
            path: path.clone(),
            reason,
        };
        let model = OnnxModel::load(&path, config.input.shape).map_err(unusable)?;
        let blank = RgbImage::new(
            config.input.shape.width() as u32,
            config.input.shape.height() as u32,
        );
        let scores = model.score(&planes(config.input.batch(once(&blank))));
        let scores = scores.map_err(unusable)?.len();
        let labels = config.labels.len();
        if scores != labels {
            return Err(LoadError::Labels {
                path,
                scores,
                labels,
            });
        }
        let model = Model::Onnx(Box::new(model));
        Ok(Self { config, model })
    }

    /// Returns the input and the labels of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the probabilities of the classes for an image file.
    ///
    /// # Errors
    /// The file has no image that can be decoded, or the model fails.
    pub fn predict(&self, file: &[u8]) -> Result<Vec<f32>, PredictError> {
        self.score(&fit_image::pixels(file, self.config.input.shape)?)
    }

    /// Returns the probabilities of the classes for an image of the model's shape.
    ///
    /// # Errors
    /// The model fails.
    pub fn score(&self, image: &RgbImage) -> Result<Vec<f32>, PredictError> {
        let image = self.config.input.batch(once(image));
        match &self.model {
            Model::Trained(network) => {
                let logits = network.infer(with_mirror_image(image));
                let mut scores = mean_of_rows(&logits.data, self.config.labels.len());
                softmax(&mut scores);
                Ok(scores)
            }
            Model::Onnx(model) => model.score(&planes(image)).map_err(PredictError::Model),
        }
    }

    /// Returns the embedding of an image file: the input of the model's last linear layer (`Gemm`
    /// or `MatMul`). Where the model looks at several versions of an image, as those trained here
    /// do, it is their mean.
    ///
    /// # Errors
    /// The file has no image that can be decoded, or the model does not end in a linear layer.
    pub fn embed(&self, file: &[u8]) -> Result<Vec<f32>, PredictError> {
        let input = &self.config.input;
        let image = || fit_image::pixels(file, input.shape).map(|image| input.batch(once(&image)));
        let rows = match &self.model {
            Model::Trained(network) => {
                let rows = network.embed(with_mirror_image(image()?));
                (rows.data, rows.channels)
            }
            Model::Onnx(model) => {
                let embedding = model.embedding().map_err(PredictError::NoEmbedding)?;
                model
                    .embed(embedding, &planes(image()?))
                    .map_err(PredictError::Model)?
            }
        };
        Ok(mean_of_rows(&rows.0, rows.1.max(1)))
    }
}

/// Returns an image and its mirror image.
fn with_mirror_image(mut image: Tensor) -> Tensor {
    let mirrored = image.mirrored();
    image.images = 2;
    image.data.extend(mirrored.data);
    image
}

fn mean_of_rows(values: &[f32], length: usize) -> Vec<f32> {
    let rows = (values.len() / length).max(1) as f32;
    let mut mean = vec![0.0; length];
    for row in values.chunks_exact(length) {
        mean.iter_mut()
            .zip(row)
            .for_each(|(mean, value)| *mean += value / rows);
    }
    mean
}

/// Returns an image as ONNX takes it: one plane a color.
fn planes(image: Tensor) -> Vec<f32> {
    let pixels = image.height * image.width;
    let mut planes = vec![0.0; 3 * pixels];
    for (index, value) in image.data.into_iter().enumerate() {
        planes[index % 3 * pixels + index / 3] = value;
    }
    planes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Input;
    use crate::drawn;
    use crate::network::Network;
    use fit_image::Shape;
    use tempfile::TempDir;

    fn artifact_of(widths: &[usize], shape: [usize; 3]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let input = Input {
            shape: Shape::try_from(shape).unwrap(),
            mean: [0.4, 0.5, 0.6],
            std: [0.25; 3],
        };
        let labels = ["stripes", "disc", "star"].map(String::from).to_vec();
        let mut config = Config::new(input, labels, widths.to_vec());
        config.temperature = 0.5;
        artifact::write(folder.path(), &config, &Network::new(widths, 3, 1)).unwrap();
        folder
    }

    #[test]
    fn the_networks_own_kernels_and_the_onnx_runtime_give_the_same_scores_and_embeddings() {
        for (widths, shape) in [
            (&[4][..], [3, 8, 8]),
            (&[8, 16], [3, 17, 10]),
            (&[32, 64, 9], [3, 32, 32]),
        ] {
            let folder = artifact_of(widths, shape);
            let trained = Predictor::load(folder.path()).unwrap();
            assert!(matches!(trained.model, Model::Trained(_)), "{widths:?}");
            // Without its weights it is as any other model.
            std::fs::remove_file(folder.path().join(artifact::WEIGHTS)).unwrap();
            let other = Predictor::load(folder.path()).unwrap();
            assert!(matches!(other.model, Model::Onnx(_)), "{widths:?}");
            let png = drawn::png(0, 1);
            for call in [Predictor::predict, Predictor::embed] {
                let (trained, other) = (call(&trained, &png).unwrap(), call(&other, &png).unwrap());
                assert_eq!(trained.len(), other.len());
                for (a, b) in trained.iter().zip(other) {
                    assert!(
                        (a - b).abs() < 1e-5 * (1.0 + a.abs()),
                        "{widths:?}: {a} and {b}"
                    );
                }
            }
        }
    }
}
