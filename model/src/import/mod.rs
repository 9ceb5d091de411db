//! Any image classifier in ONNX, made into an artifact that is served as those that were trained
//! here are.
//!
//! The graph is taken as it is but for its ends: weights that lie in files of their own are taken
//! in, an input that has the colors last gets a transpose before it, and logits a softmax after
//! them. Whether the result can be served is found out by serving it.

mod error;
mod graph;
mod labels;
mod normalization;
mod rewrite;
#[cfg(test)]
mod tests;
mod trial;
mod weights;
mod wire;

pub use error::ImportError;
pub use graph::Graph;
pub use labels::{LabelError, labels};
pub use normalization::Normalization;

use crate::artifact::{self, CONFIG, Config, Input, MAX_MODEL, MODEL};
use crate::serve::Predictor;
use crate::{file, proto};
use fit_image::Shape;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use trial::Scores;

/// Pictures that are scored to find the latency, after the first few.
const TIMED: usize = 20;
const UNTIMED: usize = 3;

/// A request for an import.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The ONNX file.
    pub model: &'a Path,
    /// Names of the classes, in the order of the scores.
    pub labels: &'a [String],
    /// The normalization of pictures.
    pub normalization: Normalization,
    /// Height and width, for a model that takes any.
    pub shape: Option<Shape>,
    /// Bytes of an image file to try it on; a drawn one otherwise.
    pub picture: Option<&'a [u8]>,
}

/// A model that was imported, with what its trial found.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Input and labels.
    pub config: Config,
    /// True if the model gave logits, so that a softmax was added.
    pub added_softmax: bool,
    /// True if the model takes the colors last, so that a transpose was added.
    pub added_transpose: bool,
    /// Scores of the test picture.
    pub scores: Vec<f32>,
    /// Median time of one picture on one core.
    pub latency: Duration,
}

/// Checks a model and writes it to the archive `out`, which appears only if it can be served.
pub fn import(request: &Request<'_>, out: &Path) -> Result<Imported, ImportError> {
    let bytes = file::read(request.model, MAX_MODEL).map_err(|source| ImportError::File {
        path: request.model.to_owned(),
        source,
    })?;
    let (graph, model) = read_graph(&bytes, request.model, request.shape)?;
    let classes = request.labels.len();
    let kind = trial::kind_of_scores(model.clone(), &graph, classes)?;
    let model = rewrite::with_output(&model, &graph, kind, classes)?;

    let folder = tempfile::tempdir().map_err(ImportError::Temporary)?;
    let config = config(request, graph.shape);
    let files = [(MODEL, model), (CONFIG, config.to_json().into_bytes())];
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).map_err(ImportError::Temporary)?;
    }
    let predictor = Predictor::load(folder.path())?;
    let drawn = crate::trial::picture();
    let picture = request.picture.unwrap_or(&drawn);
    let scores = predictor.predict(picture)?;
    let latency = latency(&predictor, picture)?;
    artifact::pack(folder.path(), out)?;
    Ok(Imported {
        config,
        added_softmax: matches!(kind, Scores::Logits { .. }),
        added_transpose: graph.colors_last,
        scores,
        latency,
    })
}

/// Reads the graph of the model at `path`, and returns it with the model whose input is `[N, 3,
/// height, width]` and which has all its weights. Nothing of it has run by then.
///
/// # Errors
/// The bytes are no ONNX file of an image classifier, or its weights are not beside it.
pub fn read_graph(
    bytes: &[u8],
    path: &Path,
    shape: Option<Shape>,
) -> Result<(Graph, Vec<u8>), ImportError> {
    let graph = proto::decode(bytes).map_err(ImportError::NotOnnx)?;
    let graph = Graph::read(&graph, shape)?;
    let model = rewrite::with_input(bytes, &graph, path)?;
    Ok((graph, model))
}

fn config(request: &Request<'_>, shape: Shape) -> Config {
    let input = Input {
        shape,
        mean: request.normalization.mean,
        std: request.normalization.std,
    };
    Config::new(input, request.labels.to_vec(), Vec::new())
}

fn latency(predictor: &Predictor, picture: &[u8]) -> Result<Duration, ImportError> {
    let mut times = Vec::with_capacity(TIMED);
    for _ in 0..UNTIMED + TIMED {
        let started = Instant::now();
        predictor.predict(picture)?;
        times.push(started.elapsed());
    }
    let mut timed = times.split_off(UNTIMED);
    timed.sort_unstable();
    Ok(timed[TIMED / 2])
}
