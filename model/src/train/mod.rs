//! Training under SageMaker's contract: reads `/opt/ml/input`, writes `/opt/ml/model`, says how far it is.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html>

mod augment;
mod average;
mod channels;
mod hyperparameters;
mod schedule;
mod sgd;
#[cfg(test)]
mod tests;
mod trainer;

pub use augment::Augmentation;
pub use channels::{ChannelError, Channels};
pub use hyperparameters::{EarlyStopping, HyperparameterError, Hyperparameters};
pub use trainer::{Trained, scores};

use crate::artifact::{self, ArtifactError, PackError};
use crate::data::{Dataset, DatasetError};
use evaluation::Evaluation;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Where SageMaker mounts a training job's files.
pub const ROOT: &str = "/opt/ml";

/// SageMaker shows this much of a failure's reason.
const MAX_REASON: usize = 1024;

/// Why training failed. Its text is the job's `FailureReason`.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A hyperparameter is missing, unknown or out of range.
    #[error("ClientError: {0}")]
    Hyperparameter(#[from] HyperparameterError),
    /// A channel is missing or not laid out as it should be.
    #[error("ClientError: {0}")]
    Channel(#[from] ChannelError),
    /// A list or an image can't be read.
    #[error("ClientError: the {channel} data: {source}")]
    Data {
        /// `train` or `validation`.
        channel: &'static str,
        /// What happened.
        source: DatasetError,
    },
    /// The model to train on from doesn't fit.
    #[error("ClientError: the model channel: {0}")]
    Resume(ArtifactError),
    /// The model to train on from can't be unpacked.
    #[error("ClientError: the model channel: {0}")]
    Unpack(#[from] PackError),
    /// The loss is no longer a number.
    #[error(
        "AlgorithmError: the loss is not a number in epoch {epoch}: learning_rate {learning_rate} is too high"
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

/// Trains as `<root>/input` says and writes `<root>/model`; metric lines go to `log`.
///
/// When `stop` becomes true (SageMaker's StopTrainingJob), the model so far is saved and that is a success. A failure
/// is also written to `<root>/output/failure`, as the contract asks.
pub fn run(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    let result = try_run(root, stop, log);
    if let Err(error) = &result {
        write_failure(root, &error.to_string());
    }
    result
}

/// Best effort: there is nobody left to tell if the reason can't be written either, and the exit code remains.
fn write_failure(root: &Path, reason: &str) {
    let folder = root.join("output");
    let reason: String = reason.chars().take(MAX_REASON).collect();
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("failure"), reason));
    if let Err(error) = written {
        tracing::warn!(%error, folder = %folder.display(), "can't write the reason of the failure");
    }
}

fn try_run(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    let started = Instant::now();
    let settings = Hyperparameters::read(root)?;
    for warning in &settings.warnings {
        writeln!(log, "Warning: {warning}")?;
    }
    let channels = Channels::find(root)?;
    let read = |channel, (folder, list): &(PathBuf, PathBuf)| {
        let data = Dataset::read(folder, list, settings.classes(), settings.size);
        data.map_err(|source| TrainError::Data { channel, source })
    };
    let train = read("train", &channels.train)?;
    let validation = channels
        .validation
        .as_ref()
        .map(|channel| read("validation", channel))
        .transpose()?;
    let validation_len = validation.as_ref().map_or(0, Dataset::len);
    writeln!(
        log,
        "Training on {} images, validating on {validation_len}",
        train.len()
    )?;

    let initial = channels.model.as_deref();
    let trained = trainer::train(&settings, &train, validation.as_ref(), initial, stop, log)?;
    artifact::write(&root.join("model"), &trained.config, &trained.network)
        .map_err(TrainError::Save)?;
    if let Some(validation) = &validation {
        let evaluation = Evaluation::new(trained.scores(validation), &validation.classes);
        writeln!(
            log,
            "Final Validation-accuracy={:.6}",
            evaluation.accuracy()
        )?;
        writeln!(
            log,
            "Final Validation-ece={:.6}",
            evaluation.calibration_error()
        )?;
    }
    writeln!(
        log,
        "Training took {:.1} seconds",
        started.elapsed().as_secs_f32()
    )?;
    Ok(())
}
