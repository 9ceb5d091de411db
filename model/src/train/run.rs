//! The state of a training, and the steps of an epoch.

use super::average::Average;
use super::hyperparameters::Hyperparameters;
use super::sgd::Sgd;
use super::{TrainError, mixup, random, schedule};
use crate::artifact::Input;
use crate::dataset::Dataset;
use crate::network::{Network, Tensor, cross_entropy, one_hot};
use rayon::prelude::*;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A training under way.
pub(super) struct Run<'a> {
    settings: &'a Hyperparameters,
    classes: &'a [usize],
    images: Vec<Vec<f32>>,
    /// The network that learns.
    pub(super) network: Network,
    /// The one that is kept.
    pub(super) average: Average,
    /// The optimizer.
    pub(super) sgd: Sgd,
    /// Steps that were made.
    pub(super) step: usize,
    steps: usize,
}

/// The result of a batch.
struct Outcome {
    correct: usize,
    loss: f32,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        settings: &'a Hyperparameters,
        input: &Input,
        train: &'a Dataset,
        mut network: Network,
    ) -> Self {
        Self {
            settings,
            classes: &train.classes,
            images: train
                .images
                .iter()
                .map(|image| input.normalize(image).collect())
                .collect(),
            average: Average::new(network.clone()),
            sgd: Sgd::new(&mut network, settings.momentum, settings.weight_decay),
            network,
            step: 0,
            steps: settings.epochs * train.len().div_ceil(settings.mini_batch_size),
        }
    }

    /// One pass over all images in a new order. Ends early when `stop` becomes true.
    pub(super) fn epoch(
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
        let (accuracy, loss) = (correct as f32 / seen as f32, loss / seen as f32);
        writeln!(log, "Epoch[{epoch}] Train-accuracy={accuracy:.6}")?;
        writeln!(log, "Epoch[{epoch}] Train-cross-entropy={loss:.6}")?;
        writeln!(log, "Epoch[{epoch}] Time cost={seconds:.3}")?;
        Ok(())
    }

    fn learn(&mut self, epoch: usize, batch: &[usize]) -> Outcome {
        let classes: Vec<usize> = batch.iter().map(|index| self.classes[*index]).collect();
        let mut images = self.augmented(epoch, batch);
        let mut targets = one_hot(&classes, self.settings.classes());
        let mut random = random(self.settings.seed, epoch, usize::MAX - 1 - self.step);
        mixup::mix(&mut images, &mut targets, self.settings.mixup, &mut random);
        let logits = self.network.forward(images);
        let rows = logits.data.chunks_exact(logits.channels);
        let correct = rows
            .zip(&classes)
            .filter(|(row, class)| largest(row) == **class)
            .count();
        let (loss, gradient) = cross_entropy(logits, &targets);
        self.network.backward(gradient);
        let rate = schedule::rate(self.step, self.steps, self.settings.learning_rate);
        self.sgd.step(&mut self.network, rate);
        self.average.update(&self.network);
        self.step += 1;
        Outcome { correct, loss }
    }

    fn augmented(&self, epoch: usize, batch: &[usize]) -> Tensor {
        let shape = self.settings.shape;
        let (height, width) = (shape.height(), shape.width());
        let mut tensor = Tensor::zeros(batch.len(), height, width, 3);
        let images = tensor.data.par_chunks_mut(height * width * 3).zip(batch);
        images.for_each(|(to, index)| {
            let mut random = random(self.settings.seed, epoch, *index);
            self.settings
                .augmentation
                .apply(&self.images[*index], shape, &mut random, to);
        });
        tensor
    }
}

/// Index of the largest value.
fn largest(row: &[f32]) -> usize {
    (0..row.len())
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap_or(0)
}
