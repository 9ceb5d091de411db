//! Checkpoints: a training that is killed goes on where it was, to the same model bit for bit.
//!
//! SageMaker mounts the job's `CheckpointConfig` at `/opt/ml/checkpoints` and keeps it in S3 while
//! the job runs, for managed spot training above all:
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html>. Random numbers depend
//! on the seed, the epoch and the image alone, so what the optimizer knows after an epoch is all
//! there is to keep.

use super::hyperparameters::Hyperparameters;
use super::patience::Patience;
use super::run::Run;
use crate::dataset::Dataset;
use crate::network::Network;
use crate::tensors;
use sagemaker_container::checkpoint;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const FILE: &str = "checkpoint.safetensors";

/// Names of what is kept besides tensors.
const JOB: &str = "job";
const EPOCH: &str = "epoch";
const STEP: &str = "step";
const AVERAGED: &str = "averaged_steps";
const BEST: &str = "best_validation_accuracy";
const WAITED: &str = "epochs_since_the_best";

/// A checkpoint that can't be written or gone on from.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is of another job.
    #[error(
        "{0} is of a job with other hyperparameters, images or starting weights; give this job a \
         checkpoint folder of its own"
    )]
    Other(PathBuf),
    /// The file is not what is written here.
    #[error("{path} can't be gone on from: {reason}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

/// The checkpoints of a job: one file, replaced as a whole.
pub(super) struct Checkpoints {
    file: PathBuf,
    job: String,
}

impl fmt::Display for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.display().fmt(f)
    }
}

impl Checkpoints {
    /// The checkpoints in `folder` of a job that starts from `network`.
    pub(super) fn new(
        folder: &Path,
        settings: &Hyperparameters,
        train: &Dataset,
        network: &Network,
    ) -> Self {
        Self {
            file: folder.join(FILE),
            job: fingerprint(settings, train, network),
        }
    }

    /// Keeps the state after `epoch`. The file appears under its name only when all of it is on
    /// disk.
    pub(super) fn write(
        &self,
        epoch: usize,
        run: &Run<'_>,
        patience: &Patience,
    ) -> Result<(), CheckpointError> {
        let notes = [
            (JOB, self.job.clone()),
            (EPOCH, epoch.to_string()),
            (STEP, run.step.to_string()),
            (AVERAGED, run.average.steps.to_string()),
            (BEST, patience.best.to_string()),
            (WAITED, patience.waited.to_string()),
        ];
        let notes = notes.map(|(name, value)| (name.to_owned(), value));
        let bytes = tensors::encode(state(run), Some(HashMap::from(notes)));
        checkpoint::replace(&self.file, &bytes).map_err(|source| CheckpointError::File {
            path: self.file.clone(),
            source,
        })
    }

    /// Puts `run` and `patience` into the state that was kept; the epoch after which that was, if
    /// there is one.
    pub(super) fn read(
        &self,
        run: &mut Run<'_>,
        patience: &mut Patience,
    ) -> Result<Option<usize>, CheckpointError> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(CheckpointError::File {
                    path: self.file.clone(),
                    source,
                });
            }
        };
        let broken = |reason| CheckpointError::Broken {
            path: self.file.clone(),
            reason,
        };
        let notes = tensors::notes(&bytes).map_err(broken)?;
        if notes.get(JOB) != Some(&self.job) {
            return Err(CheckpointError::Other(self.file.clone()));
        }
        restore(&bytes, &notes, run, patience)
            .map(Some)
            .map_err(broken)
    }
}

/// Everything that a step changes, with the names of its tensors.
fn state<'a>(run: &'a Run<'_>) -> Vec<tensors::Tensor<'a>> {
    let named = |prefix: &'static str, network: &'a Network| {
        let tensors = network.tensors().into_iter();
        tensors.map(move |(name, shape, values)| (format!("{prefix}.{name}"), shape, values))
    };
    let velocities = run.sgd.velocities.iter().enumerate();
    let velocities = velocities
        .map(|(index, values)| (format!("velocity.{index}"), vec![values.len()], &values[..]));
    named("network", &run.network)
        .chain(named("average", &run.average.network))
        .chain(velocities)
        .collect()
}

fn restore(
    bytes: &[u8],
    notes: &HashMap<String, String>,
    run: &mut Run<'_>,
    patience: &mut Patience,
) -> Result<usize, String> {
    let file = tensors::open(bytes)?;
    let values: Vec<Vec<f32>> = state(run)
        .into_iter()
        .map(|(name, shape, _)| tensors::values(&file, &name, &shape))
        .collect::<Result<_, _>>()?;
    let targets = run.network.values_mut().into_iter();
    let targets = targets.chain(run.average.network.values_mut());
    let targets = targets.chain(&mut run.sgd.velocities);
    targets
        .zip(values)
        .for_each(|(target, values)| *target = values);
    run.step = number(notes, STEP)?;
    run.average.steps = number(notes, AVERAGED)?;
    *patience = Patience {
        best: number(notes, BEST)?,
        waited: number(notes, WAITED)?,
    };
    number(notes, EPOCH)
}

fn number<T: FromStr>(notes: &HashMap<String, String>, name: &str) -> Result<T, String> {
    let value = notes.get(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| format!("it has no {name}"))
}

/// Tells one training from another: equal ones come to the same model.
fn fingerprint(settings: &Hyperparameters, train: &Dataset, network: &Network) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{settings:?}"));
    for (image, class) in train.images.iter().zip(&train.classes) {
        hash.update(class.to_le_bytes());
        hash.update(image.as_raw());
    }
    for (_, _, values) in network.tensors() {
        values
            .iter()
            .for_each(|value| hash.update(value.to_le_bytes()));
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
