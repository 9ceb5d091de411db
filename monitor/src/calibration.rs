//! Confidence-based performance estimation (CBPE): accuracy from confidences, without labels.
//!
//! The labeled baseline gives the accuracy at each confidence; the confidences of a window then
//! give its expected accuracy. The estimate holds as long as the accuracy at each confidence stays
//! the same: under a changed mix of easy and hard images it does, on images of a new kind on which
//! the model is confidently wrong it does not.
//!
//! The baseline's blocks of confidence come from isotonic regression (pool adjacent violators;
//! Zadrozny and Elkan, 2002) over groups of equal size. The estimate is a post-stratified mean, and
//! its interval that of one.

use serde::{Deserialize, Serialize};

use crate::stats::normal_above;
use crate::stats::proportion::{Interval, Z95};

/// Groups of equal size before neighbors are pooled.
const GROUPS: usize = 20;

/// The minimum number of predictions in a group.
const MIN_GROUP: usize = 20;

/// Accuracy by confidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Blocks from the lowest confidence to the highest.
    blocks: Vec<Block>,
}

/// Predictions of neighboring confidences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    /// The highest confidence in the block.
    up_to: f32,
    answers: u64,
    correct: u64,
}

impl Block {
    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.answers as f64
    }

    /// Returns the accuracy for variances, with half a prediction added to either side (Jeffreys'
    /// prior), so that ten of ten is not certainty.
    fn variance(&self) -> f64 {
        let accuracy = (self.correct as f64 + 0.5) / (self.answers as f64 + 1.0);
        accuracy * (1.0 - accuracy)
    }
}

/// An estimate of a window's accuracy from its confidences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimated accuracy with its 95 % interval.
    pub accuracy: Interval,
    /// The baseline's accuracy by the same blocks.
    pub baseline: f64,
    /// The p-value of so low an estimate if nothing has changed.
    pub p_value: f64,
}

impl Calibration {
    /// Fits the labeled predictions: their confidences, and true for the right ones. Returns `None`
    /// without predictions.
    pub fn fit(answers: impl IntoIterator<Item = (f32, bool)>) -> Option<Self> {
        let mut answers: Vec<(f32, bool)> = answers.into_iter().collect();
        answers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let size = (answers.len() / GROUPS).max(MIN_GROUP);
        let mut blocks: Vec<Block> = Vec::new();
        for equal in answers.chunk_by(|a, b| a.0 == b.0) {
            let block = Block {
                up_to: equal[0].0,
                answers: equal.len() as u64,
                correct: equal.iter().filter(|answer| answer.1).count() as u64,
            };
            match blocks.last_mut() {
                Some(last) if last.answers < size as u64 => pool(last, block),
                _ => blocks.push(block),
            }
        }
        // What is left over at the end is no group of its own.
        if let [.., before, last] = blocks.as_mut_slice()
            && last.answers < size as u64
        {
            pool(before, *last);
            blocks.pop();
        }
        let blocks = isotonic(blocks);
        (!blocks.is_empty()).then_some(Self { blocks })
    }

    /// Returns the accuracy at a confidence.
    pub fn accuracy_at(&self, confidence: f32) -> f64 {
        self.blocks[self.block(confidence)].accuracy()
    }

    fn block(&self, confidence: f32) -> usize {
        let index = self
            .blocks
            .partition_point(|block| block.up_to < confidence);
        index.min(self.blocks.len() - 1)
    }

    /// Estimates the accuracy of predictions with these confidences; `None` without any.
    pub fn estimate(&self, confidences: &[f32]) -> Option<Estimate> {
        if confidences.is_empty() {
            return None;
        }
        let n = confidences.len() as f64;
        let mut shares = vec![0.0; self.blocks.len()];
        confidences
            .iter()
            .for_each(|confidence| shares[self.block(*confidence)] += 1.0 / n);
        let all: f64 = self.blocks.iter().map(|block| block.answers as f64).sum();
        let before = |block: &Block| block.answers as f64 / all;
        let over = |of: &dyn Fn(&Block, f64) -> f64| -> f64 {
            self.blocks
                .iter()
                .zip(&shares)
                .map(|(block, share)| of(block, *share))
                .sum()
        };
        let value = over(&|block, share| share * block.accuracy());
        let baseline = over(&|block, _| before(block) * block.accuracy());
        // By chance the answers of a block are right more or less often than they should be, here
        // and in the baseline.
        let here = over(&|block, share| share * block.variance()) / n;
        let there = over(&|block, share| share.powi(2) * block.variance() / block.answers as f64);
        let error = (here + there).sqrt();
        // For the drop, only the mix of blocks changes: what both sides share is in neither.
        let mix = over(&|block, share| share * block.accuracy().powi(2)) - value.powi(2);
        let mix_before =
            over(&|block, _| before(block) * block.accuracy().powi(2)) - baseline.powi(2);
        let blocks = over(&|block, share| {
            (share - before(block)).powi(2) * block.variance() / block.answers as f64
        });
        let deviation = (mix.max(0.0) / n + mix_before.max(0.0) / all + blocks).sqrt();
        let p_value = if deviation > 0.0 {
            normal_above((baseline - value) / deviation)
        } else {
            1.0
        };
        Some(Estimate {
            accuracy: Interval {
                value,
                low: (value - Z95 * error).max(0.0),
                high: (value + Z95 * error).min(1.0),
            },
            baseline,
            p_value,
        })
    }
}

fn pool(into: &mut Block, next: Block) {
    into.up_to = next.up_to;
    into.answers += next.answers;
    into.correct += next.correct;
}

/// Pools adjacent violators until accuracy does not fall with confidence.
fn isotonic(groups: Vec<Block>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for group in groups {
        blocks.push(group);
        while let [.., before, last] = blocks.as_mut_slice()
            && before.accuracy() >= last.accuracy()
        {
            pool(before, *last);
            blocks.pop();
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    /// Answers of a model that is right less often than it says: with probability `confidence`².
    fn answers(random: &mut Rng, count: usize, power: f32) -> Vec<(f32, bool)> {
        let mut answer = || {
            let confidence = 0.5 + 0.5 * random.f32().powf(power);
            (confidence, random.f32() < confidence * confidence)
        };
        (0..count).map(|_| answer()).collect()
    }

    fn confidences(answers: &[(f32, bool)]) -> Vec<f32> {
        answers.iter().map(|answer| answer.0).collect()
    }

    fn accuracy(answers: &[(f32, bool)]) -> f64 {
        answers.iter().filter(|answer| answer.1).count() as f64 / answers.len() as f64
    }

    #[test]
    fn higher_confidence_is_never_right_less_often() {
        let calibration = Calibration::fit(answers(&mut Rng::with_seed(1), 1000, 1.0)).unwrap();
        let accuracies: Vec<f64> = calibration.blocks.iter().map(Block::accuracy).collect();
        assert!(
            accuracies.is_sorted() && accuracies.len() > 3,
            "{accuracies:?}"
        );
        assert_eq!(
            calibration
                .blocks
                .iter()
                .map(|block| block.answers)
                .sum::<u64>(),
            1000
        );
        assert!((calibration.accuracy_at(0.75) - 0.5625).abs() < 0.12);
        assert_eq!(calibration.accuracy_at(1.0), *accuracies.last().unwrap());
        assert_eq!(calibration.accuracy_at(0.0), accuracies[0]);
    }

    /// The mix of confidences changes, how often each is right does not: this is what the estimate
    /// is for.
    #[test]
    fn intervals_hold_the_accuracy_that_labels_show_later() {
        let mut random = Rng::with_seed(2);
        let (mut held, rounds) = (0, 400);
        for _ in 0..rounds {
            let calibration = Calibration::fit(answers(&mut random, 800, 1.0)).unwrap();
            let window = answers(&mut random, 300, 2.0);
            let Interval { low, high, .. } = calibration
                .estimate(&confidences(&window))
                .unwrap()
                .accuracy;
            held += u32::from((low..=high).contains(&accuracy(&window)));
        }
        let part = f64::from(held) / f64::from(rounds);
        assert!(
            (0.92..=0.99).contains(&part),
            "{part} of the intervals hold the accuracy"
        );
    }

    #[test]
    fn a_drop_is_told_from_chance() {
        let mut random = Rng::with_seed(3);
        let mut alarms = |power: f32| {
            let alarm = |_| {
                let calibration = Calibration::fit(answers(&mut random, 800, 1.0)).unwrap();
                let window = confidences(&answers(&mut random, 300, power));
                calibration.estimate(&window).unwrap().p_value < 0.05
            };
            (0..400).map(alarm).filter(|alarm| *alarm).count()
        };
        let (unchanged, worse) = (alarms(1.0), alarms(2.0));
        assert!(unchanged < 40, "{unchanged} of 400 on unchanged data");
        assert!(worse > 390, "{worse} of 400 on worse data");
    }

    #[test]
    fn nothing_is_not_estimated() {
        assert_eq!(Calibration::fit([]), None);
        let one = Calibration::fit([(0.9, true)]).unwrap();
        assert_eq!(one.estimate(&[]), None);
        let sure = one.estimate(&[0.9, 0.3]).unwrap();
        assert_eq!((sure.accuracy.value, sure.p_value), (1.0, 1.0));
    }
}
