//! The model of an artifact, ready to score pictures: ONNX by `rten`, or where it has the form of the networks that are
//! trained here, by their own kernels; everything else from `config.json`.

use super::embedding::Nodes;
use crate::artifact::{self, ArtifactError, Config, Input, MAX_MODEL, MODEL};
use crate::data::{Picture, PictureError, Size};
use crate::file;
use crate::network::{Frozen, Tensor as Image, softmax};
use crate::proto;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensorView, Tensor};
use std::iter::once;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A loaded model. Scoring needs no lock.
pub struct Predictor {
    config: Config,
    model: Model,
    input: NodeId,
    output: NodeId,
    /// What the last linear layer sees; or why that is not known.
    embedding: Result<NodeId, String>,
    /// A thread a core. Those that score wait while these work.
    threads: Arc<ThreadPool>,
    /// The network, if it is one of those that are trained here.
    frozen: Option<Frozen>,
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
    /// The model did not pass its trial, as the text says.
    #[error("{0}")]
    Refused(String),
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
    /// The model has no view of a picture that could be asked for.
    #[error("{0}")]
    NoEmbedding(String),
}

impl Predictor {
    /// Loads the artifact in `folder`, makes it fast, and tries it once. What the model does with this process is its own
    /// affair: [`trial::load`](crate::trial::load) tries it in another one first.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let config = artifact::read_config(folder)?;
        let path = folder.join(MODEL);
        let unusable = |reason: String| LoadError::Model {
            path: path.clone(),
            reason,
        };
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let file = file::read(&path, MAX_MODEL).map_err(|error| unusable(error.to_string()))?;
        let nodes: Nodes = proto::decode(&file).map_err(unusable)?;
        let embedding = nodes.embedding();
        let frozen = artifact::frozen(&file);
        let model = options.load(file);
        let model = model.map_err(|error| unusable(error.to_string()))?;
        let embedding = embedding.and_then(|name| {
            let id = model.find_node(&name);
            id.ok_or_else(|| {
                format!(
                    "the model has no embedding: its value {name} went as the model was made fast"
                )
            })
        });
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
            embedding,
            threads: Arc::new(ThreadPool::with_num_threads(cores)),
            frozen,
        };
        let blank = vec![0.0; predictor.config.input.shape.iter().product()];
        let scores = predictor.run(&blank, predictor.output).map_err(unusable)?;
        let scores = scores.into_data();
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
        let input = &self.config.input;
        match &self.frozen {
            Some(frozen) => Ok(frozen_scores(frozen, input.batch(once(picture)))),
            None => {
                let scores = self.run(&planes(picture, input), self.output);
                Ok(scores.map_err(PredictError::Model)?.into_data())
            }
        }
    }

    /// The model's view of an image file: what its last linear layer (`Gemm` or `MatMul`) sees. Where the model looks at
    /// several versions of an image, as those trained here do, it is their mean.
    ///
    /// # Errors
    /// The file is no picture, or the model does not end in a linear layer.
    pub fn embed(&self, file: &[u8]) -> Result<Vec<f32>, PredictError> {
        let none = |reason: &String| PredictError::NoEmbedding(reason.clone());
        let embedding = *self.embedding.as_ref().map_err(none)?;
        let picture = Picture::decode(file, self.config.input.size())?;
        let seen = self.run(&planes(&picture, &self.config.input), embedding);
        let seen = seen.map_err(PredictError::Model)?;
        let length = seen.shape().last().copied().unwrap_or(0).max(1);
        Ok(mean_of_rows(&seen.into_data(), length))
    }

    /// The value of a node for one image's values.
    fn run(&self, values: &[f32], node: NodeId) -> Result<Tensor<f32>, String> {
        let [channels, height, width] = self.config.input.shape;
        let image = NdTensorView::from_data([1, channels, height, width], values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let inputs = vec![(self.input, ValueView::from(image).into())];
        let found = self.model.run_n(inputs, [node], Some(options));
        let [found] = found.map_err(|error| error.to_string())?;
        Ok(found.try_into().map_err(|_| "its values are not floats")?)
    }
}

/// The scores of one image and its mirror image.
fn frozen_scores(frozen: &Frozen, image: Image) -> Vec<f32> {
    let mirrored = image.mirrored();
    let mut pair = image;
    pair.images = 2;
    pair.data.extend(mirrored.data);
    let logits = frozen.infer(pair).data;
    let (plain, mirrored) = logits.split_at(logits.len() / 2);
    let logits = plain.iter().zip(mirrored);
    let mut scores: Vec<f32> = logits.map(|(a, b)| (a + b) / 2.0).collect();
    softmax(&mut scores);
    scores
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;
    use crate::network::Network;
    use crate::proto::{GraphProto, ModelProto, NodeProto};
    use prost::Message;
    use tempfile::TempDir;

    fn model(widths: &[usize], shape: [usize; 3]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let input = Input {
            shape,
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
    fn the_networks_own_kernels_and_the_onnx_runtime_give_the_same_scores() {
        for (widths, shape) in [
            (&[4][..], [3, 8, 8]),
            (&[8, 16], [3, 17, 10]),
            (&[32, 64, 9], [3, 32, 32]),
        ] {
            let predictor = Predictor::load(model(widths, shape).path()).unwrap();
            let size = predictor.config.input.size();
            let picture = Picture::decode(&drawn::png(0, 1), size).unwrap();
            assert!(predictor.frozen.is_some(), "{widths:?}");
            let own = predictor.score(&picture).unwrap();
            let planes = planes(&picture, &predictor.config.input);
            let onnx = predictor.run(&planes, predictor.output);
            for (own, onnx) in own.iter().zip(onnx.unwrap().into_data()) {
                assert!((own - onnx).abs() < 1e-6, "{widths:?}: {own} and {onnx}");
            }
        }
    }

    /// The file of a model whose graph is changed is not taken for one of the trainer's.
    fn check_other(change: impl FnOnce(&mut GraphProto)) {
        let folder = model(&[8, 8], [3, 16, 16]);
        let file = std::fs::read(folder.path().join(MODEL)).unwrap();
        let mut model = ModelProto::decode(&file[..]).unwrap();
        assert!(artifact::frozen(&model.encode_to_vec()).is_some());
        change(model.graph.as_mut().unwrap());
        assert!(artifact::frozen(&model.encode_to_vec()).is_none());
    }

    fn node<'a>(graph: &'a mut GraphProto, kind: &str) -> &'a mut NodeProto {
        let mut nodes = graph.node.iter_mut();
        nodes.find(|node| node.op_type == kind).unwrap()
    }

    #[test]
    fn another_graph_is_left_to_the_runtime() {
        check_other(|graph| node(graph, "Conv").attribute[1].ints[0] = 0);
        check_other(|graph| node(graph, "Softmax").attribute[0].i = Some(0));
        check_other(|graph| node(graph, "Relu").op_type = "Sigmoid".into());
        check_other(|graph| node(graph, "Gather").attribute.clear());
        check_other(|graph| node(graph, "Reshape").input[0] = "image".into());
        check_other(|graph| node(graph, "MaxPool").input[0] = "image".into());
        check_other(|graph| graph.initializer.retain(|tensor| tensor.name != "pairs"));
        check_other(|graph| drop(graph.node.pop()));
    }
}
