//! `statistics.json`, in Model Monitor's schema, with an extra section for image classification.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html>
//!
//! The features are `prediction` (String), `confidence` and those of [`crate::pictures::NAMES`]
//! (Fractional). A numerical feature's sketch is a KLL sketch of one level: a random sample of at
//! most 2048 values, each of weight 1. Mean, deviation and extremes of the image features are those
//! of the sample; of the confidence, those of all predictions.

use evaluation::Threshold;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::observed::{Observed, SAMPLE};
use crate::pictures::NAMES;
use crate::stats::Moments;

/// The feature of predicted classes.
pub const PREDICTION: &str = "prediction";
/// The feature of the highest scores.
pub const CONFIDENCE: &str = "confidence";

/// The number of buckets in Model Monitor's sketches.
const BUCKETS: usize = 10;

/// The file `statistics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// The version of the schema: 0.
    pub version: u32,
    /// Statistics of all records.
    pub dataset: Dataset,
    /// Statistics by feature.
    pub features: Vec<Feature>,
    /// An extension of Model Monitor's schema.
    pub image_classification: ImageClassification,
}

/// Statistics of all records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Number of records.
    pub item_count: u64,
}

/// A feature: one of the two statistics is present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// `Fractional` or `String`.
    pub inferred_type: InferredType,
    /// Statistics of a numerical feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerical_statistics: Option<Numerical>,
    /// Statistics of a string feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_statistics: Option<Categorical>,
}

/// The inferred types in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InferredType {
    /// Numbers.
    Fractional,
    /// Texts.
    String,
}

/// The numbers of present and missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonStatistics {
    /// The number of records with a value.
    pub num_present: u64,
    /// The number of records without one.
    pub num_missing: u64,
}

/// Statistics of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are named after what they are")]
pub struct Numerical {
    pub common: CommonStatistics,
    pub mean: f64,
    pub sum: f64,
    pub std_dev: f64,
    pub min: f64,
    pub max: f64,
    pub distribution: NumericalDistribution,
}

/// The distribution of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumericalDistribution {
    /// A sketch and its histogram.
    pub kll: Kll,
}

/// A KLL sketch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kll {
    /// Ten buckets of equal width.
    pub buckets: Vec<Bucket>,
    /// The sample.
    pub sketch: Sketch,
}

/// A bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The lower bound, inclusive.
    pub lower_bound: f64,
    /// The upper bound, exclusive but for the last bucket.
    pub upper_bound: f64,
    /// The number of sampled values in it.
    pub count: u64,
}

/// The values of a sketch, by level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sketch {
    /// The parameters, as Model Monitor writes them.
    pub parameters: SketchParameters,
    /// One level: values of weight 1.
    pub data: Vec<Vec<f32>>,
}

/// Parameters of a KLL sketch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SketchParameters {
    /// Ratio of each level's size to that of the one above.
    pub c: f64,
    /// The size of the highest level.
    pub k: f64,
}

/// Statistics of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Categorical {
    /// Numbers of values present and missing.
    pub common: CommonStatistics,
    /// Number of distinct values.
    pub distinct_count: u64,
    /// The count of each.
    pub distribution: CategoricalDistribution,
}

/// The distribution of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CategoricalDistribution {
    /// The counts of all strings.
    pub categorical: Categories,
}

/// Counts of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Categories {
    /// The count of each string.
    pub buckets: Vec<Category>,
}

/// A text and its count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Category {
    /// The text.
    pub value: String,
    /// Its count.
    pub count: u64,
}

/// The extension of Model Monitor's schema for image classification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageClassification {
    /// The classes, in the order of the model's scores.
    pub labels: Vec<String>,
    /// The lowest confidence that passes the gate.
    pub threshold: Threshold,
    /// The number of predictions that pass it.
    pub passed: u64,
    /// The number of predictions whose true class is known.
    #[serde(alias = "labelled")] // as earlier baselines have it
    pub labeled: u64,
    /// The number of labeled predictions that are right.
    pub correct: u64,
    /// Accuracy by confidence; `null` without labels.
    pub calibration: Option<Calibration>,
    /// The S3 URI of the model whose embeddings the baseline has; `null` where there is no such
    /// model, or it is not in S3.
    #[serde(default)]
    pub model: Option<String>,
}

impl Statistics {
    /// Computes the statistics of observations.
    pub fn of(observed: &Observed) -> Self {
        let correct = observed.outcomes.iter().filter(|outcome| outcome.1).count();
        let images = (0..NAMES.len()).map(|index| image_feature(observed, index));
        Self {
            version: 0,
            dataset: Dataset {
                item_count: observed.answers,
            },
            features: [prediction(observed), confidence(observed)]
                .into_iter()
                .chain(images)
                .collect(),
            image_classification: ImageClassification {
                labels: observed.labels.clone(),
                threshold: observed.threshold,
                passed: observed.passed,
                labeled: observed.outcomes.len() as u64,
                correct: correct as u64,
                calibration: Calibration::fit(observed.outcomes.iter().copied()),
                model: None,
            },
        }
    }

    /// Returns the sample of a numerical feature; empty if there is none.
    pub fn sample(&self, feature: &str) -> &[f32] {
        let numerical = self
            .feature(feature)
            .and_then(|feature| feature.numerical_statistics.as_ref());
        let levels = numerical.map(|numerical| numerical.distribution.kll.sketch.data.as_slice());
        levels.and_then(<[_]>::first).map_or(&[], Vec::as_slice)
    }

    /// Returns the count of each predicted class, in the order of the labels.
    pub fn predicted(&self) -> Vec<u64> {
        let categorical = self
            .feature(PREDICTION)
            .and_then(|feature| feature.string_statistics.as_ref());
        let buckets = categorical.map_or(&[][..], |found| {
            found.distribution.categorical.buckets.as_slice()
        });
        let count = |label: &String| {
            buckets
                .iter()
                .find(|bucket| bucket.value == *label)
                .map_or(0, |bucket| bucket.count)
        };
        self.image_classification.labels.iter().map(count).collect()
    }

    /// Returns a feature by its name.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features.iter().find(|feature| feature.name == name)
    }
}

fn prediction(observed: &Observed) -> Feature {
    let buckets = observed
        .labels
        .iter()
        .zip(&observed.predicted)
        .map(|(label, count)| Category {
            value: label.clone(),
            count: *count,
        });
    Feature {
        name: PREDICTION.to_owned(),
        inferred_type: InferredType::String,
        numerical_statistics: None,
        string_statistics: Some(Categorical {
            common: CommonStatistics {
                num_present: observed.answers,
                num_missing: 0,
            },
            distinct_count: observed
                .predicted
                .iter()
                .filter(|count| **count > 0)
                .count() as u64,
            distribution: CategoricalDistribution {
                categorical: Categories {
                    buckets: buckets.collect(),
                },
            },
        }),
    }
}

fn confidence(observed: &Observed) -> Feature {
    let present = CommonStatistics {
        num_present: observed.answers,
        num_missing: 0,
    };
    numerical(
        CONFIDENCE,
        present,
        &observed.confidence,
        observed.confidences.clone(),
    )
}

fn image_feature(observed: &Observed, index: usize) -> Feature {
    let sample: Vec<f32> = observed
        .images
        .iter()
        .flatten()
        .map(|features| features.values[index])
        .collect();
    // What is missing is counted in the sample, and told as of all.
    let part = sample.len() as f64 / observed.images.len().max(1) as f64;
    let present = (observed.inputs as f64 * part).round() as u64;
    let present = CommonStatistics {
        num_present: present,
        num_missing: observed.answers.saturating_sub(present),
    };
    let moments: Moments = sample.iter().map(|value| f64::from(*value)).collect();
    numerical(NAMES[index], present, &moments, sample)
}

fn numerical(name: &str, common: CommonStatistics, moments: &Moments, sample: Vec<f32>) -> Feature {
    Feature {
        name: name.to_owned(),
        inferred_type: InferredType::Fractional,
        string_statistics: None,
        numerical_statistics: Some(Numerical {
            common,
            mean: moments.mean,
            sum: moments.sum(),
            std_dev: moments.std_dev(),
            min: moments.min,
            max: moments.max,
            distribution: NumericalDistribution {
                kll: Kll {
                    buckets: buckets(&sample),
                    sketch: Sketch {
                        parameters: SketchParameters {
                            c: 0.64,
                            k: SAMPLE as f64,
                        },
                        data: vec![sample],
                    },
                },
            },
        }),
    }
}

fn buckets(sample: &[f32]) -> Vec<Bucket> {
    let extremes: Moments = sample.iter().map(|value| f64::from(*value)).collect();
    let width = (extremes.max - extremes.min) / BUCKETS as f64;
    let mut counts = [0; BUCKETS];
    for value in sample {
        let index = if width > 0.0 {
            ((f64::from(*value) - extremes.min) / width) as usize
        } else {
            0
        };
        counts[index.min(BUCKETS - 1)] += 1;
    }
    let bucket = |(index, count): (usize, u64)| Bucket {
        lower_bound: extremes.min + width * index as f64,
        upper_bound: extremes.min + width * (index + 1) as f64,
        count,
    };
    counts.into_iter().enumerate().map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::traffic;

    #[test]
    fn the_file_has_model_monitors_schema() {
        let json = serde_json::to_value(Statistics::of(&traffic(100, 0))).unwrap();
        assert_eq!(
            (&json["version"], &json["dataset"]["item_count"]),
            (&0.into(), &100.into())
        );
        let prediction = &json["features"][0];
        assert_eq!(
            (&prediction["name"], &prediction["inferred_type"]),
            (&"prediction".into(), &"String".into())
        );
        let buckets = &prediction["string_statistics"]["distribution"]["categorical"]["buckets"];
        assert_eq!(buckets[0]["value"], "bicycle");
        let counts: Vec<u64> = [0, 1]
            .map(|index| buckets[index]["count"].as_u64().unwrap())
            .to_vec();
        assert_eq!(counts.iter().sum::<u64>(), 100);
        let confidence = &json["features"][1];
        assert_eq!(
            (&confidence["name"], &confidence["inferred_type"]),
            (&"confidence".into(), &"Fractional".into())
        );
        let numerical = &confidence["numerical_statistics"];
        assert_eq!(
            numerical["common"],
            serde_json::json!({"num_present": 100, "num_missing": 0})
        );
        for name in ["mean", "sum", "std_dev", "min", "max"] {
            assert!(numerical[name].is_f64(), "{name}");
        }
        let kll = &numerical["distribution"]["kll"];
        let counted: u64 = kll["buckets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bucket| bucket["count"].as_u64().unwrap())
            .sum();
        assert_eq!(
            (kll["buckets"].as_array().unwrap().len(), counted),
            (10, 100)
        );
        assert_eq!(
            kll["sketch"]["parameters"],
            serde_json::json!({"c": 0.64, "k": 2048.0})
        );
        assert_eq!(kll["sketch"]["data"][0].as_array().unwrap().len(), 100);
        assert_eq!(json["features"][2]["name"], "brightness");
    }

    #[test]
    fn what_was_written_is_read_again() {
        let statistics = Statistics::of(&traffic(100, 0));
        let text = serde_json::to_string(&statistics).unwrap();
        let read: Statistics = serde_json::from_str(&text).unwrap();
        assert_eq!(read, statistics);
        assert_eq!(read.sample("brightness").len(), 100);
        assert_eq!(read.predicted().iter().sum::<u64>(), 100);
        assert!(read.sample("no such feature").is_empty());
    }

    #[test]
    fn buckets_hold_every_value_and_one_value_is_in_one() {
        let counts = |sample: &[f32]| -> Vec<u64> {
            buckets(sample).iter().map(|bucket| bucket.count).collect()
        };
        assert_eq!(
            counts(&[0.0, 0.05, 0.5, 1.0]),
            [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
        );
        assert_eq!(counts(&[3.0, 3.0])[0], 2);
        assert_eq!(counts(&[]), [0; 10]);
    }
}
