//! A model in ONNX, run by `rten`.

use super::embedding::Nodes;
use crate::artifact::MAX_MODEL;
use crate::{file, proto};
use fit_image::Shape;
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensorView, Tensor};
use std::path::Path;
use std::sync::Arc;

/// A classifier of one image, which is one plane a color.
pub(super) struct OnnxModel {
    model: Model,
    shape: Shape,
    input: NodeId,
    output: NodeId,
    /// The input of the last linear layer; or the reason that it is not known.
    embedding: Result<NodeId, String>,
    /// A thread a core. Those that score wait while these work.
    threads: Arc<ThreadPool>,
}

impl OnnxModel {
    /// Loads a file, and optimizes the graph.
    ///
    /// # Errors
    /// It is no ONNX file that `rten` runs, or it takes more than one input.
    pub(super) fn load(path: &Path, shape: Shape) -> Result<Self, String> {
        let file = file::read(path, MAX_MODEL).map_err(|error| error.to_string())?;
        let nodes: Nodes = proto::decode(&file)?;
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load(file).map_err(|error| error.to_string())?;
        let embedding = nodes.embedding().and_then(|name| {
            let id = model.find_node(&name);
            id.ok_or_else(|| {
                format!(
                    "the model has no embedding: its value {name} went as the graph was optimized"
                )
            })
        });
        let (&[input], &[output, ..]) = (model.input_ids(), model.output_ids()) else {
            let inputs = model.input_ids().len();
            return Err(format!("it takes {inputs} inputs, not one image"));
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            model,
            shape,
            input,
            output,
            embedding,
            threads: Arc::new(ThreadPool::with_num_threads(cores)),
        })
    }

    /// Returns the scores of an image.
    pub(super) fn score(&self, image: &[f32]) -> Result<Vec<f32>, String> {
        Ok(self.run(image, self.output)?.into_data())
    }

    /// Returns the node whose values are the embedding, or the reason that there is none.
    pub(super) fn embedding(&self) -> Result<NodeId, String> {
        self.embedding.clone()
    }

    /// Returns the values of a node, and the length of their rows.
    pub(super) fn embed(&self, node: NodeId, image: &[f32]) -> Result<(Vec<f32>, usize), String> {
        let rows = self.run(image, node)?;
        let length = rows.shape().last().copied().unwrap_or(0);
        Ok((rows.into_data(), length))
    }

    fn run(&self, image: &[f32], node: NodeId) -> Result<Tensor<f32>, String> {
        let [channels, height, width] = self.shape.into();
        let image = NdTensorView::from_data([1, channels, height, width], image);
        let inputs = vec![(self.input, ValueView::from(image).into())];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let found = self.model.run_n(inputs, [node], Some(options));
        let [found] = found.map_err(|error| error.to_string())?;
        Ok(found.try_into().map_err(|_| "its values are not floats")?)
    }
}
