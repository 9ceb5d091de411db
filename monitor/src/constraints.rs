//! `constraints.json`, in Model Monitor's schema, with an extra section for image classification.
//! The baseline suggests constraints; you may edit them.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html>

use serde::{Deserialize, Serialize};

use crate::statistics::{InferredType, Statistics};

/// The file `constraints.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// The version of the schema: 0.
    pub version: u32,
    /// Constraints by feature.
    pub features: Vec<FeatureConstraints>,
    /// Options for all features.
    pub monitoring_config: MonitoringConfig,
    /// An extension of Model Monitor's schema.
    pub image_classification: ImageConstraints,
}

/// Constraints on one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureConstraints {
    /// Its name, as in statistics.json.
    pub name: String,
    /// `Fractional` or `String`.
    pub inferred_type: InferredType,
    /// The minimum fraction of records that have the feature, 0 to 1.
    pub completeness: f64,
    /// Constraints on a numerical feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_constraints: Option<NumericalConstraints>,
    /// Constraints on a string feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_constraints: Option<StringConstraints>,
}

/// Constraints on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumericalConstraints {
    /// True if no value may be negative.
    pub is_non_negative: bool,
}

/// Constraints on texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringConstraints {
    /// The allowed values.
    pub domains: Vec<String>,
}

/// Model Monitor's options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonitoringConfig {
    /// `Enabled`, or the monitor does not look for violations.
    pub evaluate_constraints: Toggle,
    /// `Enabled`, or the monitor writes no metrics.
    pub emit_metrics: Toggle,
    /// The maximum fraction of lines without scores.
    pub datatype_check_threshold: f64,
    /// Model Monitor's; a class that the model does not have is no answer here, and counts there.
    pub domain_content_threshold: f64,
    /// The comparison of distributions with the baseline.
    pub distribution_constraints: DistributionConstraints,
}

/// An option of Model Monitor that is enabled or disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are named after what they are")]
pub enum Toggle {
    Enabled,
    Disabled,
}

/// The comparison of distributions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionConstraints {
    /// `Enabled`, or distributions are not compared.
    pub perform_comparison: Toggle,
    /// The smallest distance that is a violation: a lesser one is none, however significant. For
    /// numbers the largest distance of the distribution functions, for classes the largest
    /// difference of a fraction.
    pub comparison_threshold: f64,
    /// `Robust`: only a significant distance is a violation.
    pub comparison_method: String,
}

/// Constraints on an image classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageConstraints {
    /// Probability that a run on unchanged data raises any alarm.
    pub significance_level: f64,
    /// The correction for the number of tests: `Holm`.
    pub correction: String,
    /// The minimum number of predictions for a test.
    #[serde(rename = "least_answers")]
    pub min_predictions: u64,
    /// Tolerated change of the pass rate, up or down.
    pub pass_rate_tolerance: f64,
    /// Tolerated loss of accuracy, estimated or measured with labels.
    pub accuracy_tolerance: f64,
}

impl Constraints {
    /// Suggests constraints from the baseline's statistics.
    pub fn suggested(baseline: &Statistics) -> Self {
        Self {
            version: 0,
            features: baseline
                .features
                .iter()
                .map(|feature| of_feature(feature, baseline))
                .collect(),
            monitoring_config: MonitoringConfig {
                evaluate_constraints: Toggle::Enabled,
                emit_metrics: Toggle::Enabled,
                datatype_check_threshold: 0.1,
                domain_content_threshold: 1.0,
                distribution_constraints: DistributionConstraints {
                    perform_comparison: Toggle::Enabled,
                    comparison_threshold: 0.1,
                    comparison_method: "Robust".to_owned(),
                },
            },
            image_classification: ImageConstraints {
                significance_level: 0.01,
                correction: "Holm".to_owned(),
                min_predictions: 30,
                pass_rate_tolerance: 0.05,
                accuracy_tolerance: 0.02,
            },
        }
    }
}

fn of_feature(feature: &crate::statistics::Feature, baseline: &Statistics) -> FeatureConstraints {
    let numerical = feature.numerical_statistics.as_ref();
    let present = numerical.map(|numerical| numerical.common);
    let present = present.or(feature.string_statistics.as_ref().map(|texts| texts.common));
    let completeness = present.map_or(0.0, |present| {
        let all = (present.num_present + present.num_missing).max(1);
        present.num_present as f64 / all as f64
    });
    FeatureConstraints {
        name: feature.name.clone(),
        inferred_type: feature.inferred_type,
        completeness,
        num_constraints: numerical.map(|numerical| NumericalConstraints {
            is_non_negative: numerical.min >= 0.0,
        }),
        string_constraints: feature
            .string_statistics
            .as_ref()
            .map(|_| StringConstraints {
                domains: baseline.image_classification.labels.clone(),
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::traffic;

    #[test]
    fn the_file_has_model_monitors_schema() {
        let constraints = Constraints::suggested(&Statistics::of(&traffic(100, 0)));
        let json = serde_json::to_value(&constraints).unwrap();
        assert_eq!(
            json["features"][0],
            serde_json::json!({
                "name": "prediction", "inferred_type": "String", "completeness": 1.0,
                "string_constraints": {"domains": ["bicycle", "motorcycle"]},
            })
        );
        let warmth = json["features"]
            .as_array()
            .unwrap()
            .iter()
            .find(|feature| feature["name"] == "warmth")
            .unwrap();
        assert_eq!(warmth["num_constraints"]["is_non_negative"], false);
        assert_eq!(
            json["features"][1]["num_constraints"]["is_non_negative"],
            true
        );
        assert_eq!(
            json["monitoring_config"]["distribution_constraints"],
            serde_json::json!({"perform_comparison": "Enabled", "comparison_threshold": 0.1, "comparison_method": "Robust"})
        );
        assert_eq!(
            serde_json::from_value::<Constraints>(json).unwrap(),
            constraints
        );
    }
}
