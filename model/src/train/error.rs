//! The failures of a training.

use super::{ChannelError, CheckpointError, HyperparameterError};
use crate::artifact::{ArtifactError, PackError};
use crate::dataset::DatasetError;
use std::io;

/// A failure of a training. Its text is the job's `FailureReason`.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A hyperparameter is missing, unknown or out of range.
    #[error("ClientError: {0}")]
    Hyperparameter(#[from] HyperparameterError),
    /// A channel is missing or not laid out as it should be.
    #[error("ClientError: {0}")]
    Channel(#[from] ChannelError),
    /// There is less memory than the training would take.
    #[error(
        "ClientError: the training needs about {megabytes} MB of memory, and {available} MB are \
         there: lower {settings}, or use fewer images"
    )]
    Memory {
        /// MiB that it would take.
        megabytes: u64,
        /// MiB that there are.
        available: u64,
        /// The hyperparameters that decide it.
        settings: String,
    },
    /// A list or an image can't be read.
    #[error("ClientError: the {channel} data: {source}")]
    Data {
        /// `train`, `validation` or `calibration`.
        channel: &'static str,
        /// The reason.
        source: DatasetError,
    },
    /// The model to train on from doesn't fit.
    #[error("ClientError: the model channel: {0}")]
    Resume(ArtifactError),
    /// The model to train on from can't be unpacked.
    #[error("ClientError: the model channel: {0}")]
    Unpack(#[from] PackError),
    /// A checkpoint can't be written or gone on from.
    #[error("ClientError: the checkpoint {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The loss is no longer a number.
    #[error(
        "AlgorithmError: the loss is not a number in epoch {epoch}: learning_rate {learning_rate} \
         is too high"
    )]
    Diverged {
        /// From 0.
        epoch: usize,
        /// The peak rate.
        learning_rate: f32,
    },
    /// Stopped before the first step.
    #[error("training was stopped before it had learned anything; there is no model")]
    StoppedAtOnce,
    /// The model can't be written.
    #[error("InternalServerError: can't save the model: {0}")]
    Save(ArtifactError),
    /// Progress can't be printed.
    #[error("InternalServerError: can't print progress: {0}")]
    Print(#[from] io::Error),
}
