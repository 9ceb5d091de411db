//! The failures of an import.

use crate::artifact::PackError;
use crate::serve::{LoadError, PredictError};
use std::io;
use std::path::PathBuf;

/// A model that can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file can't be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Nothing can be written to a temporary folder.
    #[error("the temporary folder: {0}")]
    Temporary(io::Error),
    /// The file is no protocol buffer of the right kind.
    #[error("this is not an ONNX file: {0}")]
    NotOnnx(String),
    /// Weights that lie in another file are not where the model says.
    #[error("the weights of tensor `{tensor}`, {location}: {reason}")]
    Weights {
        /// The tensor.
        tensor: String,
        /// The place that was expected.
        location: String,
        /// The problem.
        reason: String,
    },
    /// The input is not a picture.
    #[error("the model's input: {0}")]
    Input(String),
    /// The output is not one row of scores.
    #[error("the model's output: {0}")]
    Output(String),
    /// The runtime doesn't know an operator, which it names, or can't run the model.
    #[error("the model can't be served: {0}")]
    Runtime(String),
    /// The artifact can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The artifact gives no scores.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// The archive can't be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}
