//! The training loop: epochs of augmented batches, one step each, and the average of the weights that is kept.

use super::TrainError;
use super::average::Average;
use super::hyperparameters::{EarlyStopping, Hyperparameters};
use super::schedule;
use super::sgd::Sgd;
use crate::artifact::{self, Config, Input};
use crate::data::{Dataset, Picture, Size};
use crate::network::{Network, Tensor, cross_entropy, softmax};
use evaluation::Evaluation;
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Pictures that are scored together outside training.
const SCORED_TOGETHER: usize = 64;

/// A trained network and how to feed it.
pub struct Trained {
    /// The average over the last steps.
    pub network: Network,
    /// Its input and labels.
    pub config: Config,
}

impl Trained {
    /// Probabilities of the classes for each picture, as the endpoint will answer them.
    pub fn scores(&self, data: &Dataset) -> Vec<Vec<f32>> {
        scores(&self.network, &self.config.input, &data.pictures)
    }
}

/// Trains from random weights, or from those of the model `initial`.
pub(super) fn train(
    settings: &Hyperparameters,
    train: &Dataset,
    validation: Option<&Dataset>,
    initial: Option<&Path>,
    stop: &AtomicBool,
    log: &mut dyn Write,
) -> Result<Trained, TrainError> {
    if let Some(given) = settings
        .num_training_samples
        .filter(|given| *given != train.len())
    {
        writeln!(
            log,
            "Warning: num_training_samples is {given}, but the list names {} images",
            train.len()
        )?;
    }
    let input = statistics(&train.pictures, settings.size);
    let config = Config::new(input, settings.labels.clone(), settings.widths.clone());
    let mut network = Network::new(&settings.widths, settings.classes(), settings.seed);
    if let Some(model) = initial {
        load(model, &mut network)?;
        writeln!(log, "Training on from {}", model.display())?;
    }
    let mut run = Run::new(settings, &config.input, train, network);
    let mut patience = Patience::default();
    for epoch in 0..settings.epochs {
        run.epoch(epoch, stop, log)?;
        if stop.load(Ordering::Relaxed) {
            writeln!(log, "Stopped in epoch {epoch}; saving the model so far")?;
            break;
        }
        let Some(validation) = validation else {
            continue;
        };
        let scores = scores(&run.average.network, &config.input, &validation.pictures);
        let accuracy = Evaluation::new(scores, &validation.classes).accuracy();
        writeln!(log, "Epoch[{epoch}] Validation-accuracy={accuracy:.6}")?;
        if settings
            .early_stopping
            .is_some_and(|rule| patience.is_over(rule, epoch, accuracy))
        {
            writeln!(
                log,
                "Stopped early in epoch {epoch}: the validation accuracy no longer rises"
            )?;
            break;
        }
    }
    match run.step {
        0 => Err(TrainError::StoppedAtOnce),
        _ => Ok(Trained {
            network: run.average.network,
            config,
        }),
    }
}

/// What changes from step to step.
struct Run<'a> {
    settings: &'a Hyperparameters,
    classes: &'a [usize],
    images: Vec<Vec<f32>>,
    network: Network,
    average: Average,
    sgd: Sgd,
    step: usize,
    steps: usize,
}

impl<'a> Run<'a> {
    fn new(
        settings: &'a Hyperparameters,
        input: &Input,
        train: &'a Dataset,
        mut network: Network,
    ) -> Self {
        Self {
            settings,
            classes: &train.classes,
            images: train
                .pictures
                .iter()
                .map(|picture| input.normalise(picture).collect())
                .collect(),
            average: Average::new(network.clone()),
            sgd: Sgd::new(&mut network, settings.momentum, settings.weight_decay),
            network,
            step: 0,
            steps: settings.epochs * train.len().div_ceil(settings.mini_batch_size),
        }
    }

    /// One pass over all images in a new order. Ends early when `stop` becomes true.
    fn epoch(
        &mut self,
        epoch: usize,
        stop: &AtomicBool,
        log: &mut dyn Write,
    ) -> Result<(), TrainError> {
        let started = Instant::now();
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        random(self.settings.seed, epoch, usize::MAX).shuffle(&mut order);
        let (mut correct, mut seen, mut loss) = (0, 0, 0.0);
        for batch in order.chunks(self.settings.mini_batch_size) {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let outcome = self.learn(epoch, batch);
            if !outcome.loss.is_finite() {
                return Err(TrainError::Diverged {
                    epoch,
                    learning_rate: self.settings.learning_rate,
                });
            }
            correct += outcome.correct;
            seen += batch.len();
            loss += outcome.loss * batch.len() as f32;
        }
        let seconds = started.elapsed().as_secs_f32();
        writeln!(
            log,
            "Epoch[{epoch}] Train-accuracy={:.6}",
            correct as f32 / seen as f32
        )?;
        writeln!(
            log,
            "Epoch[{epoch}] Train-cross-entropy={:.6}",
            loss / seen as f32
        )?;
        writeln!(log, "Epoch[{epoch}] Time cost={seconds:.3}")?;
        Ok(())
    }

    fn learn(&mut self, epoch: usize, batch: &[usize]) -> Outcome {
        let classes: Vec<usize> = batch.iter().map(|index| self.classes[*index]).collect();
        let logits = self.network.forward(self.augmented(epoch, batch));
        let rows = logits.data.chunks_exact(logits.channels);
        let correct = rows
            .zip(&classes)
            .filter(|(row, class)| largest(row) == **class)
            .count();
        let (loss, gradient) = cross_entropy(logits, &classes);
        self.network.backward(gradient);
        let rate = schedule::rate(self.step, self.steps, self.settings.learning_rate);
        self.sgd.step(&mut self.network, rate);
        self.average.update(&self.network);
        self.step += 1;
        Outcome { correct, loss }
    }

    fn augmented(&self, epoch: usize, batch: &[usize]) -> Tensor {
        let Size { height, width } = self.settings.size;
        let mut tensor = Tensor::zeros(batch.len(), height, width, 3);
        let images = tensor.data.par_chunks_mut(height * width * 3).zip(batch);
        images.for_each(|(to, index)| {
            let mut random = random(self.settings.seed, epoch, *index);
            self.settings.augmentation.apply(
                &self.images[*index],
                self.settings.size,
                &mut random,
                to,
            );
        });
        tensor
    }
}

struct Outcome {
    correct: usize,
    loss: f32,
}

/// Random numbers of their own for each image and epoch, so that no order of work can change them.
fn random(seed: u64, epoch: usize, index: usize) -> fastrand::Rng {
    let mut mixed = seed;
    for part in [epoch, index] {
        mixed = fastrand::Rng::with_seed(mixed ^ part as u64).u64(..);
    }
    fastrand::Rng::with_seed(mixed)
}

/// How long the validation accuracy has not risen.
#[derive(Default)]
struct Patience {
    best: f32,
    waited: usize,
}

impl Patience {
    fn is_over(&mut self, rule: EarlyStopping, epoch: usize, accuracy: f32) -> bool {
        if accuracy > self.best * (1.0 + rule.tolerance) {
            *self = Self {
                best: accuracy,
                waited: 0,
            };
        } else {
            self.waited += 1;
        }
        epoch + 1 >= rule.min_epochs && self.waited >= rule.patience
    }
}

/// Probabilities for each picture: the softmax of the mean logits of the picture and its mirror image.
pub fn scores(network: &Network, input: &Input, pictures: &[Picture]) -> Vec<Vec<f32>> {
    let mut scores = Vec::with_capacity(pictures.len());
    for pictures in pictures.chunks(SCORED_TOGETHER) {
        let batch = input.batch(pictures.iter());
        let mirrored = network.infer(mirror(&batch));
        let logits = network.infer(batch);
        for (row, mirrored) in logits
            .data
            .chunks(logits.channels)
            .zip(mirrored.data.chunks(logits.channels))
        {
            let mut row: Vec<f32> = row
                .iter()
                .zip(mirrored)
                .map(|(a, b)| (a + b) / 2.0)
                .collect();
            softmax(&mut row);
            scores.push(row);
        }
    }
    scores
}

fn mirror(batch: &Tensor) -> Tensor {
    let rows = batch.data.chunks_exact(batch.width * batch.channels);
    let data = rows
        .flat_map(|row| row.chunks_exact(batch.channels).rev().flatten().copied())
        .collect();
    Tensor { data, ..*batch }
}

/// Index of the largest value.
fn largest(row: &[f32]) -> usize {
    (0..row.len())
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap_or(0)
}

/// Mean and standard deviation of the colours of the training images.
fn statistics(pictures: &[Picture], size: Size) -> Input {
    let mut sums = [(0.0, 0.0); 3];
    let mut pixels = 0.0;
    for pixel in pictures
        .iter()
        .flat_map(|picture| picture.rgb.chunks_exact(3))
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
        shape: [3, size.height, size.width],
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
