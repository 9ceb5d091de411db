//! The single tests, before the correction for their number.

use super::{Baseline, Kind, Measurement};
use crate::constraints::{Constraints, Toggle};
use crate::observed::Observed;
use crate::pictures::NAMES;
use crate::statistics::{CONFIDENCE, PREDICTION};
use crate::stats::proportion::Proportion;
use crate::stats::{chi_squared, ks, mmd};

type Compared = (String, Kind, Result<Measurement, String>);

/// The seed of the permutations, so that a run is reproducible.
const SEED: u64 = 4;

pub(super) fn all(
    baseline: &Baseline,
    observed: &Observed,
    constraints: &Constraints,
) -> Vec<Compared> {
    let comparison = Comparison {
        baseline,
        observed,
        constraints,
    };
    let images = NAMES.iter().enumerate().map(|(index, name)| {
        let outcome = comparison.image_feature(index);
        ((*name).to_owned(), Kind::KolmogorovSmirnov, outcome)
    });
    let mut all = vec![
        (
            CONFIDENCE.to_owned(),
            Kind::KolmogorovSmirnov,
            comparison.confidence(),
        ),
        (
            PREDICTION.to_owned(),
            Kind::ChiSquared,
            comparison.prediction(),
        ),
        (
            "pass_rate".to_owned(),
            Kind::TwoProportions,
            comparison.pass_rate(),
        ),
        (
            "estimated_accuracy".to_owned(),
            Kind::ConfidenceBased,
            comparison.estimated_accuracy(),
        ),
        (
            "embeddings".to_owned(),
            Kind::MaximumMeanDiscrepancy,
            comparison.embeddings(),
        ),
    ];
    all.extend(images);
    all.push((
        "accuracy".to_owned(),
        Kind::TwoProportions,
        comparison.accuracy(),
    ));
    all
}

struct Comparison<'a> {
    baseline: &'a Baseline,
    observed: &'a Observed,
    constraints: &'a Constraints,
}

impl Comparison<'_> {
    fn confidence(&self) -> Result<Measurement, String> {
        self.samples(CONFIDENCE, &self.observed.confidences)
    }

    fn image_feature(&self, index: usize) -> Result<Measurement, String> {
        let images = self.observed.images.iter().flatten();
        let sample: Vec<f32> = images.map(|features| features.values[index]).collect();
        if sample.is_empty() {
            return Err("no image was captured that could be decoded".to_owned());
        }
        self.samples(NAMES[index], &sample)
    }

    fn samples(&self, feature: &str, sample: &[f32]) -> Result<Measurement, String> {
        self.check_compared()?;
        let before = self.baseline.statistics.sample(feature);
        self.check_count(before.len().min(sample.len()))?;
        let result = ks::test(before, sample).ok_or("there is nothing to compare")?;
        Ok(Measurement {
            distance: result.distance,
            tolerance: self.threshold(),
            p_value: result.p_value,
            before: None,
            now: None,
        })
    }

    fn prediction(&self) -> Result<Measurement, String> {
        self.check_compared()?;
        self.check_count(self.observed.answers as usize)?;
        let before = self.baseline.statistics.predicted();
        let result = chi_squared::test(&before, &self.observed.predicted);
        let result = result.ok_or("the baseline has no answers")?;
        Ok(Measurement {
            distance: result.distance,
            tolerance: self.threshold(),
            p_value: result.p_value,
            before: None,
            now: None,
        })
    }

    fn pass_rate(&self) -> Result<Measurement, String> {
        self.check_count(self.observed.answers as usize)?;
        let statistics = &self.baseline.statistics;
        let stats = &statistics.image_classification;
        // The baseline counted at its own threshold: at another its sample says what it would have
        // counted.
        let before = if stats.threshold == self.observed.threshold {
            Proportion::new(stats.passed, statistics.dataset.item_count)
        } else {
            let sample = statistics.sample(CONFIDENCE);
            let passed = sample
                .iter()
                .filter(|confidence| self.observed.threshold.passes_f32(**confidence));
            Proportion::new(passed.count() as u64, sample.len() as u64)
        };
        let now = Proportion::new(self.observed.passed, self.observed.answers);
        let p_value = now
            .differs_from(before)
            .ok_or("the baseline has no answers")?;
        let (now, before) = (now.interval(), before.value());
        Ok(Measurement {
            distance: (now.value - before).abs(),
            tolerance: self.constraints.image_classification.pass_rate_tolerance,
            p_value,
            before: Some(before),
            now: Some(now),
        })
    }

    fn estimated_accuracy(&self) -> Result<Measurement, String> {
        self.check_count(self.observed.confidences.len())?;
        let calibration = self
            .baseline
            .statistics
            .image_classification
            .calibration
            .as_ref();
        let calibration = calibration
            .ok_or("the baseline has no labels: make it from images whose classes are known")?;
        let result = calibration
            .estimate(&self.observed.confidences)
            .ok_or("there is no answer")?;
        Ok(Measurement {
            distance: result.baseline - result.accuracy.value,
            tolerance: self.constraints.image_classification.accuracy_tolerance,
            p_value: result.p_value,
            before: Some(result.baseline),
            now: Some(result.accuracy),
        })
    }

    fn embeddings(&self) -> Result<Measurement, String> {
        self.check_compared()?;
        let now = self.observed.embeddings.as_ref().map_err(Clone::clone)?;
        let before = self.baseline.embeddings.as_ref();
        let before = before.map_err(|reason| format!("the baseline has none: {reason}"))?;
        self.check_count(now.len().min(before.len()))?;
        let lengths = [before, now].map(|side| side.first().map_or(0, Vec::len));
        let result = mmd::test(before, now, SEED).ok_or_else(|| {
            let [before, now] = lengths;
            format!(
                "the baseline's have {before} numbers and the window's {now}: they are of two \
                     networks; make a new baseline"
            )
        })?;
        Ok(Measurement {
            distance: result.mmd2,
            tolerance: 0.0,
            p_value: result.p_value,
            before: None,
            now: None,
        })
    }

    fn accuracy(&self) -> Result<Measurement, String> {
        let stats = &self.baseline.statistics.image_classification;
        let correct = self
            .observed
            .outcomes
            .iter()
            .filter(|outcome| outcome.1)
            .count() as u64;
        let now = Proportion::new(correct, self.observed.outcomes.len() as u64);
        if now.whole == 0 {
            return Err(
                "no answer's true class is known: upload ground truth, for example with \
                        `scones monitor label`"
                    .to_owned(),
            );
        }
        self.check_count(now.whole as usize)?;
        let before = Proportion::new(stats.correct, stats.labeled);
        let p_value = now
            .is_less_than(before)
            .ok_or("the baseline has no labels: make it from images whose classes are known")?;
        let (now, before) = (now.interval(), before.value());
        Ok(Measurement {
            distance: before - now.value,
            tolerance: self.constraints.image_classification.accuracy_tolerance,
            p_value,
            before: Some(before),
            now: Some(now),
        })
    }

    fn check_compared(&self) -> Result<(), String> {
        match self
            .constraints
            .monitoring_config
            .distribution_constraints
            .perform_comparison
        {
            Toggle::Enabled => Ok(()),
            Toggle::Disabled => {
                Err("perform_comparison is Disabled in constraints.json".to_owned())
            }
        }
    }

    fn threshold(&self) -> f64 {
        self.constraints
            .monitoring_config
            .distribution_constraints
            .comparison_threshold
    }

    fn check_count(&self, found: usize) -> Result<(), String> {
        let min = self.constraints.image_classification.min_predictions;
        if found as u64 >= min {
            Ok(())
        } else {
            Err(format!(
                "{found} are too few to tell: at least {min} are needed"
            ))
        }
    }
}
