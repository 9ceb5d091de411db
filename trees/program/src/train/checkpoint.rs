//! Checkpoints: a training that is killed goes on where it was, to the same model.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sagemaker_container::checkpoint;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trees::boosting::{Dataset, Training};
use trees::parameters::Parameters;

use super::TrainError;

/// The checkpoints of a job: one file, replaced as a whole.
pub(super) struct Checkpoints {
    file: PathBuf,
    job: String,
}

#[derive(Serialize)]
struct Written<'a> {
    job: &'a str,
    training: &'a Training,
}

#[derive(Deserialize)]
struct Read {
    job: String,
    training: Training,
}

impl Checkpoints {
    pub(super) fn new(folder: &Path, parameters: &Parameters, data: &Dataset<'_>) -> Self {
        Self {
            file: folder.join("checkpoint.json"),
            job: fingerprint(parameters, data),
        }
    }

    pub(super) fn write(&self, training: &Training) -> Result<(), TrainError> {
        let job = &self.job;
        let bytes = serde_json::to_vec(&Written { job, training });
        let bytes = bytes.map_err(|error| self.error(&format!("can't be written: {error}")))?;
        checkpoint::replace(&self.file, &bytes)
            .map_err(|error| self.error(&format!("can't be written: {error}")))
    }

    /// Returns the training so far, if there is one.
    pub(super) fn read(&self, log: &mut dyn Write) -> Result<Option<Training>, TrainError> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error(&format!("can't be read: {error}"))),
        };
        let read: Read = serde_json::from_slice(&bytes)
            .map_err(|error| self.error(&format!("can't be resumed from: {error}")))?;
        if read.job != self.job {
            return Err(self.error(
                "is of a job with other hyperparameters or rows; give this job a checkpoint \
                 folder of its own",
            ));
        }
        let checked = read.training.ensemble.validate();
        checked.map_err(|error| self.error(&format!("can't be resumed from: {error}")))?;
        writeln!(log, "Resuming after round {}", read.training.rounds)?;
        Ok(Some(read.training))
    }

    fn error(&self, problem: &str) -> TrainError {
        TrainError::Checkpoint {
            path: self.file.clone(),
            problem: problem.to_owned(),
        }
    }
}

/// Tells one training from another: equal ones end with the same trees.
fn fingerprint(parameters: &Parameters, data: &Dataset<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{parameters:?}"));
    let columns = data
        .matrix
        .features
        .iter()
        .map(|feature| &feature.values[..]);
    let weights = data.weights.unwrap_or_default();
    for values in columns.chain([data.labels, weights]) {
        hash.update(values.len().to_le_bytes());
        values
            .iter()
            .for_each(|value| hash.update(value.to_le_bytes()));
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
