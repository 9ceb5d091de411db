//! The failures of a training.

use std::io;
use std::path::PathBuf;

use sagemaker_container::channels::ChannelError;
use sagemaker_container::hyperparameters::HyperparameterError;
use trees::boosting;
use trees::conformal::ConformalError;
use trees::parameters::InvalidParameter;
use trees::preprocessing::{FitError, InvalidRecipe};

use crate::artifact::ArtifactError;
use crate::evaluate::MeasureError;

/// A failure of a training. Its text is the job's `FailureReason`.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A hyperparameter is missing or out of range.
    #[error("ClientError: {0}")]
    Hyperparameter(#[from] HyperparameterError),
    /// A hyperparameter of the trees is unknown or out of range.
    #[error("ClientError: {0}")]
    Parameter(#[from] InvalidParameter),
    /// A channel is missing.
    #[error("ClientError: {0}")]
    Channel(#[from] ChannelError),
    /// A file of a channel can't be read.
    #[error("ClientError: {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// A channel has no file that is read.
    #[error(
        "ClientError: the channel `{0}` has no data: files whose names begin with . or _ are \
         ignored"
    )]
    NoFile(String),
    /// The rows of a channel can't be read.
    #[error("ClientError: the {channel} data: {cause}")]
    Rows {
        /// The channel.
        channel: &'static str,
        /// The cause.
        cause: tables::Error,
    },
    /// The columns and the target do not fit.
    #[error("ClientError: the train data: {0}")]
    Schema(#[from] tables::InvalidSchema),
    /// The validation rows have a class that the training rows do not have.
    #[error(
        "ClientError: the {channel} data, row {row}: the target {label} is not one of the classes \
         of the train data"
    )]
    Class {
        /// The channel.
        channel: &'static str,
        /// The row, from 1.
        row: usize,
        /// The label.
        label: String,
    },
    /// The recipe can't be read.
    #[error("ClientError: {0}")]
    Recipe(#[from] InvalidRecipe),
    /// The recipe can't be fitted.
    #[error("ClientError: the recipe can't be fitted: {0}")]
    Fit(#[from] FitError),
    /// No row has features.
    #[error("ClientError: the train data: no row has features; the first error is {0}")]
    NoRows(String),
    /// The trees can't be trained.
    #[error("ClientError: {0}")]
    Trees(#[from] boosting::TrainError),
    /// The intervals can't be fitted.
    #[error("ClientError: the intervals: {0}; set coverage to 0 for none")]
    Conformal(#[from] ConformalError),
    /// The validation rows can't be predicted.
    #[error("ClientError: the validation data: {0}")]
    Measure(#[from] MeasureError),
    /// The checkpoint can't be used.
    #[error("ClientError: the checkpoint {path} {problem}")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The problem, and the way out.
        problem: String,
    },
    /// Stopped before the first tree.
    #[error("training was stopped before the first tree; there is no model")]
    StoppedAtOnce,
    /// The model can't be written.
    #[error("InternalServerError: can't save the model: {0}")]
    Save(#[from] ArtifactError),
    /// Progress can't be printed.
    #[error("InternalServerError: can't print progress: {0}")]
    Print(#[from] io::Error),
}
