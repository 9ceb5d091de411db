//! Hyperparameters of boosting, by the names that XGBoost and SageMaker give them.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::objective::Objective;

/// The parameters of a training.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Parameters {
    /// The number of rounds.
    pub num_round: usize,
    /// The loss.
    pub objective: Objective,
    /// The number of classes, for `multi:` objectives.
    pub num_class: usize,
    /// The figures that are logged each round; the last one decides early stopping.
    pub eval_metric: Vec<Metric>,
    /// Training stops after so many rounds without an improvement on the validation rows.
    pub early_stopping_rounds: Option<usize>,
    /// The share of a tree that is added.
    pub eta: f32,
    /// The maximum depth of a tree; 0 for none.
    pub max_depth: usize,
    /// The maximum number of leaves of a tree; 0 for none.
    pub max_leaves: usize,
    /// The order in which nodes are split.
    pub grow_policy: GrowPolicy,
    /// The minimum sum of hessians in a child.
    pub min_child_weight: f32,
    /// The minimum improvement by a split.
    pub gamma: f32,
    /// L1 regularization of the leaves.
    pub alpha: f32,
    /// L2 regularization of the leaves.
    pub lambda: f32,
    /// The maximum value of a leaf before `eta`; 0 for none.
    pub max_delta_step: f32,
    /// The share of the rows that a tree is grown from.
    pub subsample: f32,
    /// The share of the features that a tree is grown from.
    pub colsample_bytree: f32,
    /// The share of those that a level is split by.
    pub colsample_bylevel: f32,
    /// The share of those that a node is split by.
    pub colsample_bynode: f32,
    /// The maximum number of bins of a feature, from 2 to 256; one is for missing values.
    pub max_bin: usize,
    /// Features with fewer categories are split one category against the others.
    pub max_cat_to_onehot: usize,
    /// The weight of the rows of class 1, for `binary:logistic`.
    pub scale_pos_weight: f32,
    /// The prediction without any tree; estimated from the labels if absent.
    pub base_score: Option<f32>,
    /// Seeds all random numbers.
    pub seed: u64,
}

/// The order in which nodes are split.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum GrowPolicy {
    /// Level by level.
    #[serde(rename = "depthwise")]
    DepthWise,
    /// The largest improvement first.
    #[serde(rename = "lossguide")]
    LossGuide,
}

impl Default for Parameters {
    /// XGBoost's defaults, with its 10 rounds where nothing says otherwise.
    fn default() -> Self {
        Self {
            num_round: 10,
            objective: Objective::SquaredError,
            num_class: 0,
            eval_metric: vec![],
            early_stopping_rounds: None,
            eta: 0.3,
            max_depth: 6,
            max_leaves: 0,
            grow_policy: GrowPolicy::DepthWise,
            min_child_weight: 1.0,
            gamma: 0.0,
            alpha: 0.0,
            lambda: 1.0,
            max_delta_step: 0.0,
            subsample: 1.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            colsample_bynode: 1.0,
            max_bin: 256,
            max_cat_to_onehot: 4,
            scale_pos_weight: 1.0,
            base_score: None,
            seed: 0,
        }
    }
}

/// A hyperparameter that can't be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum InvalidParameter {
    /// The value is not one that the hyperparameter can have.
    #[error("the hyperparameter {name} is {value}: it must be {expected}")]
    Value {
        /// The hyperparameter.
        name: String,
        /// Its value.
        value: String,
        /// The values that it can have.
        expected: String,
    },
    /// A hyperparameter that the objective needs is missing.
    #[error("the objective {objective} needs the hyperparameter {name}")]
    Missing {
        /// The objective.
        objective: &'static str,
        /// The hyperparameter.
        name: &'static str,
    },
    /// There is no such hyperparameter.
    #[error("there is no hyperparameter {name}: expected one of {known}", known = known.join(", "))]
    Unknown {
        /// Its name.
        name: String,
        /// The names that there are.
        known: &'static [&'static str],
    },
}

/// The hyperparameters that [`Parameters::parse`] reads.
const KNOWN: [&str; 26] = [
    "alpha",
    "base_score",
    "colsample_bylevel",
    "colsample_bynode",
    "colsample_bytree",
    "early_stopping_rounds",
    "eta",
    "eval_metric",
    "gamma",
    "grow_policy",
    "lambda",
    "max_bin",
    "max_cat_to_onehot",
    "max_delta_step",
    "max_depth",
    "max_leaves",
    "min_child_weight",
    "num_class",
    "num_round",
    "objective",
    "scale_pos_weight",
    "seed",
    "subsample",
    "tree_method",
    "tweedie_variance_power",
    "verbosity",
];

impl Parameters {
    /// Parses hyperparameters as SageMaker gives them, all of them texts.
    ///
    /// # Errors
    /// A hyperparameter is unknown, out of range, or missing.
    pub fn parse(texts: &BTreeMap<String, String>) -> Result<Self, InvalidParameter> {
        let default = Self::default();
        let mut read = Reader(texts.clone());
        let power = read.number("tweedie_variance_power", 1.5, 1.000_001..=1.999_999)?;
        let objective = match read.take("objective") {
            None => default.objective,
            Some(name) => Objective::parse(&name, power).ok_or_else(|| {
                invalid(
                    "objective",
                    &name,
                    format!("one of {}", Objective::NAMES.join(", ")),
                )
            })?,
        };
        let any = 0.0..=f32::MAX;
        let share = 0.000_001..=1.0;
        let parsed = Self {
            num_round: read.number("num_round", default.num_round, 1..=1_000_000)?,
            objective,
            num_class: read.number("num_class", 0, 2..=1_000)?,
            eval_metric: read.metrics()?,
            early_stopping_rounds: read.optional("early_stopping_rounds", 1..=1_000_000)?,
            eta: read.number("eta", default.eta, 0.0..=1.0)?,
            max_depth: read.number("max_depth", default.max_depth, 0..=64)?,
            max_leaves: read.number("max_leaves", 0, 0..=1_000_000)?,
            grow_policy: read.choice(
                "grow_policy",
                &[
                    ("depthwise", GrowPolicy::DepthWise),
                    ("lossguide", GrowPolicy::LossGuide),
                ],
            )?,
            min_child_weight: read.number("min_child_weight", 1.0, any.clone())?,
            gamma: read.number("gamma", 0.0, any.clone())?,
            alpha: read.number("alpha", 0.0, any.clone())?,
            lambda: read.number("lambda", 1.0, any.clone())?,
            max_delta_step: read.number("max_delta_step", 0.0, any.clone())?,
            subsample: read.number("subsample", 1.0, share.clone())?,
            colsample_bytree: read.number("colsample_bytree", 1.0, share.clone())?,
            colsample_bylevel: read.number("colsample_bylevel", 1.0, share.clone())?,
            colsample_bynode: read.number("colsample_bynode", 1.0, share)?,
            max_bin: read.number("max_bin", default.max_bin, 2..=256)?,
            max_cat_to_onehot: read.number("max_cat_to_onehot", 4, 0..=255)?,
            scale_pos_weight: read.number("scale_pos_weight", 1.0, any)?,
            base_score: read.optional("base_score", f32::MIN..=f32::MAX)?,
            seed: read.number("seed", 0, 0..=u64::MAX)?,
        };
        // Histograms serve all of these.
        read.choice(
            "tree_method",
            &[("auto", ()), ("hist", ()), ("approx", ()), ("exact", ())],
        )?;
        read.number("verbosity", 1, 0..=3)?;
        if let Some(name) = read.0.into_keys().next() {
            let known = &KNOWN;
            return Err(InvalidParameter::Unknown { name, known });
        }
        parsed.check(texts)
    }

    fn check(self, texts: &BTreeMap<String, String>) -> Result<Self, InvalidParameter> {
        let objective = texts.get("objective").cloned().unwrap_or_default();
        if self.objective.is_multiclass() && self.num_class == 0 {
            let names = Objective::NAMES.into_iter();
            let objective = names
                .rev()
                .find(|name| *name == objective)
                .unwrap_or("multi:softmax");
            return Err(InvalidParameter::Missing {
                objective,
                name: "num_class",
            });
        }
        if let Some(score) = self.base_score
            && !self.objective.link(score).is_finite()
        {
            let expected = format!("a prediction that {objective} can make");
            return Err(invalid("base_score", &score.to_string(), expected));
        }
        Ok(self)
    }

    /// Returns the number of trees of a round, which is that of the outputs.
    pub(crate) fn outputs(&self) -> usize {
        if self.objective.is_multiclass() {
            self.num_class
        } else {
            1
        }
    }
}

fn invalid(name: &str, value: &str, expected: String) -> InvalidParameter {
    InvalidParameter::Value {
        name: name.to_owned(),
        value: value.to_owned(),
        expected,
    }
}

/// Takes hyperparameters out of a map.
pub(crate) struct Reader(pub(crate) BTreeMap<String, String>);

impl Reader {
    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).map(|text| text.trim().to_owned())
    }

    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, InvalidParameter>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let expected = format!("a number from {} to {}", range.start(), range.end());
                Err(invalid(name, &text, expected))
            }
        }
    }

    pub(crate) fn number<T>(
        &mut self,
        name: &str,
        default: T,
        range: RangeInclusive<T>,
    ) -> Result<T, InvalidParameter>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        Ok(self.optional(name, range)?.unwrap_or(default))
    }

    /// The first choice is the default.
    fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<T, InvalidParameter> {
        let Some(text) = self.take(name) else {
            return Ok(choices[0].1);
        };
        let found = choices.iter().find(|(choice, _)| *choice == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            invalid(name, &text, format!("one of {}", names.join(", ")))
        })
    }

    fn metrics(&mut self) -> Result<Vec<Metric>, InvalidParameter> {
        let text = self.take("eval_metric").unwrap_or_default();
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names
            .map(|name| {
                Metric::parse(name).ok_or_else(|| {
                    invalid(
                        "eval_metric",
                        name,
                        format!("one of {}", Metric::names().join(", ")),
                    )
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[(&str, &str)]) -> Result<Parameters, InvalidParameter> {
        let texts = texts
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()));
        Parameters::parse(&texts.collect())
    }

    #[track_caller]
    fn check(texts: &[(&str, &str)], expected: &str) {
        assert_eq!(parse(texts).unwrap_err().to_string(), expected);
    }

    /// The house price system's, from its training job.
    #[test]
    fn sagemakers_texts_are_read() {
        let read = parse(&[
            ("objective", "reg:squarederror"),
            ("seed", "42"),
            ("num_round", "100"),
            ("gamma", ".01"),
            ("eta", ".1"),
            ("max_depth", "5"),
            ("alpha", "5"),
            ("subsample", ".85"),
            ("colsample_bytree", ".95"),
            ("min_child_weight", "3"),
            ("eval_metric", "rmse,mae"),
        ]);
        let expected = Parameters {
            num_round: 100,
            seed: 42,
            gamma: 0.01,
            eta: 0.1,
            max_depth: 5,
            alpha: 5.0,
            subsample: 0.85,
            colsample_bytree: 0.95,
            min_child_weight: 3.0,
            eval_metric: vec![Metric::Rmse, Metric::Mae],
            ..Parameters::default()
        };
        assert_eq!(read, Ok(expected));
        assert_eq!(parse(&[]), Ok(Parameters::default()));
    }

    #[test]
    fn errors_name_the_hyperparameter_and_its_values() {
        check(
            &[("eta", "2")],
            "the hyperparameter eta is 2: it must be a number from 0 to 1",
        );
        check(
            &[("tree_method", "gpu_hist")],
            "the hyperparameter tree_method is gpu_hist: it must be one of auto, hist, approx, exact",
        );
        check(
            &[("objective", "multi:softprob")],
            "the objective multi:softprob needs the hyperparameter num_class",
        );
        check(
            &[("objective", "binary:logistic"), ("base_score", "2")],
            "the hyperparameter base_score is 2: it must be a prediction that binary:logistic can make",
        );
        let unknown = parse(&[("max_deph", "3")]).unwrap_err().to_string();
        assert!(
            unknown.starts_with("there is no hyperparameter max_deph: expected one of alpha, "),
            "{unknown}"
        );
    }
}
