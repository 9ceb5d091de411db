//! The training loop: epochs, what is said after each, when it ends, and the temperature of what
//! comes out.

use super::TrainError;
use super::checkpoint::Checkpoints;
use super::hyperparameters::Hyperparameters;
use super::patience::Patience;
use super::run::Run;
use super::scoring::{Trained, logits, scores};
use super::temperature;
use crate::artifact::{self, Config, Input};
use crate::dataset::Dataset;
use crate::network::Network;
use evaluation::Evaluation;
use fit_image::Shape;
use image::RgbImage;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The inputs of a training.
pub(super) struct Job<'a> {
    pub(super) settings: &'a Hyperparameters,
    /// The training images.
    pub(super) train: &'a Dataset,
    /// The images that the temperature is fitted on; it stays 1 without images.
    pub(super) calibration: &'a Dataset,
    /// The images of the reported accuracy, which early stopping goes by.
    pub(super) validation: Option<&'a Dataset>,
    /// The model to train on from, instead of random weights.
    pub(super) initial: Option<&'a Path>,
    /// The folder of checkpoints.
    pub(super) checkpoints: Option<&'a Path>,
}

/// Trains until the last epoch, until the validation accuracy no longer rises, or until `stop`
/// becomes true.
pub(super) fn train(
    job: &Job<'_>,
    stop: &AtomicBool,
    log: &mut dyn Write,
) -> Result<Trained, TrainError> {
    let settings = job.settings;
    let input = statistics(&job.train.images, settings.shape);
    let mut config = Config::new(input, settings.labels.clone(), settings.widths.clone());
    let mut network = Network::new(&settings.widths, settings.classes(), settings.seed);
    if let Some(model) = job.initial {
        load(model, &mut network)?;
        writeln!(log, "Training on from {}", model.display())?;
    }
    let mut run = Run::new(settings, &config.input, job.train, network);
    epochs(job, &config, &mut run, stop, log)?;
    if run.step == 0 {
        return Err(TrainError::StoppedAtOnce);
    }
    let network = run.average.network;
    let held_out = logits(&network, &config.input, &job.calibration.images);
    config.temperature = temperature::fit(&held_out, &job.calibration.classes);
    writeln!(
        log,
        "Temperature={:.6}, fitted on {} images",
        config.temperature,
        held_out.len()
    )?;
    Ok(Trained { network, config })
}

/// All epochs, from the last checkpoint on if there is one.
fn epochs(
    job: &Job<'_>,
    config: &Config,
    run: &mut Run<'_>,
    stop: &AtomicBool,
    log: &mut dyn Write,
) -> Result<(), TrainError> {
    let settings = job.settings;
    let checkpoints = job
        .checkpoints
        .map(|folder| Checkpoints::new(folder, settings, job.train, &run.network));
    let mut patience = Patience::default();
    let mut first = 0;
    if let Some(checkpoints) = &checkpoints
        && let Some(epoch) = checkpoints.read(run, &mut patience)?
    {
        first = epoch + 1;
        writeln!(log, "Resuming after epoch {epoch}, from {checkpoints}")?;
    }
    for epoch in first..settings.epochs {
        run.epoch(epoch, stop, log)?;
        if stop.load(Ordering::Relaxed) {
            writeln!(log, "Stopped in epoch {epoch}; saving the model so far")?;
            break;
        }
        if is_over(job, config, run, (epoch, &mut patience), log)? {
            writeln!(
                log,
                "Stopped early in epoch {epoch}: the validation accuracy no longer rises"
            )?;
            break;
        }
        if let Some(checkpoints) = &checkpoints
            && (epoch + 1) % settings.checkpoint_frequency == 0
        {
            checkpoints.write(epoch, run, &patience)?;
        }
    }
    Ok(())
}

/// Reports the validation accuracy; true when early stopping has waited long enough for it to rise.
fn is_over(
    job: &Job<'_>,
    config: &Config,
    run: &Run<'_>,
    (epoch, patience): (usize, &mut Patience),
    log: &mut dyn Write,
) -> Result<bool, TrainError> {
    let Some(validation) = job.validation else {
        return Ok(false);
    };
    let scores = scores(&run.average.network, config, &validation.images);
    let accuracy = Evaluation::new(scores, &validation.classes).accuracy();
    writeln!(log, "Epoch[{epoch}] Validation-accuracy={accuracy:.6}")?;
    let rule = job.settings.early_stopping;
    Ok(rule.is_some_and(|rule| patience.is_over(rule, epoch, accuracy)))
}

/// Mean and standard deviation of the colors of the training images.
fn statistics(images: &[RgbImage], shape: Shape) -> Input {
    let mut sums = [(0.0, 0.0); 3];
    let mut pixels = 0.0;
    for pixel in images
        .iter()
        .flat_map(|image| image.as_raw().chunks_exact(3))
    {
        pixels += 1.0;
        for (sum, value) in sums.iter_mut().zip(pixel) {
            let value = f64::from(*value) / 255.0;
            *sum = (sum.0 + value, sum.1 + value * value);
        }
    }
    let means = sums.map(|(sum, _)| sum / pixels);
    let deviations =
        sums.map(|(sum, squares)| (squares / pixels - (sum / pixels).powi(2)).max(1e-6).sqrt());
    let single = |values: [f64; 3]| values.map(|value| value as f32);
    Input {
        shape,
        mean: single(means),
        std: single(deviations),
    }
}

/// Puts the weights of an earlier model into `network`.
fn load(model: &Path, network: &mut Network) -> Result<(), TrainError> {
    if model.is_dir() {
        return artifact::read_weights(model, network).map_err(TrainError::Resume);
    }
    let folder = tempfile::tempdir()?;
    artifact::unpack(model, folder.path())?;
    artifact::read_weights(folder.path(), network).map_err(TrainError::Resume)
}
