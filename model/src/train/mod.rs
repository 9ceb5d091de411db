//! Training under SageMaker's contract: reads `/opt/ml/input`, writes `/opt/ml/model`, and logs
//! its progress.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html>

mod augment;
mod average;
mod channels;
mod checkpoint;
mod error;
mod holdout;
mod hyperparameters;
mod memory;
mod mixup;
mod patience;
mod run;
mod schedule;
mod scoring;
mod sgd;
mod temperature;
#[cfg(test)]
mod tests;
mod trainer;

pub use augment::Augmentation;
pub use channels::{ChannelError, Channels};
pub use checkpoint::CheckpointError;
pub use error::TrainError;
pub use hyperparameters::{EarlyStopping, HyperparameterError, Hyperparameters};
pub use scoring::Trained;

use crate::artifact;
use crate::dataset::Dataset;
use evaluation::Evaluation;
use sagemaker_container::{checkpoint::folder as checkpoint_folder, job};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Trains as `<root>/input` says and writes `<root>/model`; metric lines go to `log`.
///
/// When `stop` becomes true (SageMaker's StopTrainingJob), the model so far is saved and that is a
/// success. A failure is also written to `<root>/output/failure`, as the contract asks.
///
/// # Errors
/// The job can't be run as it is described, or its model can't be written.
pub fn run(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    job::run(root, || train(root, stop, log))
}

fn train(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    let started = Instant::now();
    let settings = Hyperparameters::read(root)?;
    for warning in &settings.warnings {
        writeln!(log, "Warning: {warning}")?;
    }
    let channels = Channels::find(root)?;
    memory::check(&settings, &channels)?;
    let data = Data::read(&settings, &channels)?;
    data.announce(&settings, log)?;
    let checkpoints = checkpoint_folder(root);
    let job = trainer::Job {
        settings: &settings,
        train: &data.train,
        calibration: &data.calibration,
        validation: data.validation.as_ref(),
        initial: channels.model.as_deref(),
        checkpoints: checkpoints.as_deref(),
    };
    let trained = trainer::train(&job, stop, log)?;
    artifact::write(&root.join("model"), &trained.config, &trained.network)
        .map_err(TrainError::Save)?;
    if let Some(validation) = &data.validation {
        let evaluation = Evaluation::new(trained.scores(validation), &validation.classes);
        let (accuracy, ece) = (evaluation.accuracy(), evaluation.calibration_error());
        writeln!(log, "Final Validation-accuracy={accuracy:.6}")?;
        writeln!(
            log,
            "Final Validation-cross-entropy={:.6}",
            evaluation.log_loss()
        )?;
        writeln!(log, "Final Validation-ece={ece:.6}")?;
    }
    let seconds = started.elapsed().as_secs_f32();
    writeln!(log, "Training took {seconds:.1} seconds")?;
    Ok(())
}

/// The images of a job.
struct Data {
    train: Dataset,
    calibration: Dataset,
    validation: Option<Dataset>,
    /// True if the calibration images were taken from the training channel.
    held_out: bool,
}

impl Data {
    fn read(settings: &Hyperparameters, channels: &Channels) -> Result<Self, TrainError> {
        let read = |channel, (folder, list): &(PathBuf, PathBuf)| {
            let data = Dataset::read(folder, list, settings.classes(), settings.shape);
            data.map_err(|source| TrainError::Data { channel, source })
        };
        let optional = |channel, paths: &Option<(PathBuf, PathBuf)>| {
            paths.as_ref().map(|paths| read(channel, paths)).transpose()
        };
        let all = read("train", &channels.train)?;
        let held_out = channels.calibration.is_none();
        let (train, calibration) = match optional("calibration", &channels.calibration)? {
            Some(calibration) => (all, calibration),
            None => holdout::hold_out(all, settings.calibration_share, settings.seed),
        };
        let validation = optional("validation", &channels.validation)?;
        Ok(Self {
            train,
            calibration,
            validation,
            held_out,
        })
    }

    /// Logs the numbers of images, and a warning if they are not as announced.
    fn announce(&self, settings: &Hyperparameters, log: &mut dyn Write) -> io::Result<()> {
        let held_out = if self.held_out {
            self.calibration.len()
        } else {
            0
        };
        let listed = self.train.len() + held_out;
        let announced = settings.num_training_samples.unwrap_or(listed);
        if announced != listed {
            writeln!(
                log,
                "Warning: num_training_samples is {announced}, but the list names {listed} images"
            )?;
        }
        writeln!(
            log,
            "Training on {} images, calibrating on {}, validating on {}",
            self.train.len(),
            self.calibration.len(),
            self.validation.as_ref().map_or(0, Dataset::len)
        )
    }
}

/// Random numbers of their own for each image and epoch, so that no order of work can change them.
fn random(seed: u64, epoch: usize, index: usize) -> fastrand::Rng {
    let mut mixed = seed;
    for part in [epoch, index] {
        mixed = fastrand::Rng::with_seed(mixed ^ part as u64).u64(..);
    }
    fastrand::Rng::with_seed(mixed)
}
