//! Hyperparameters: those of the program, and those of the trees.
//!
//! | name | default | |
//! |---|---|---|
//! | `mode` | `pipeline` with a target or recipe, otherwise `trees` | `preprocessing`, `trees`, `pipeline` |
//! | `target` | | the column to predict; without one, `trees` reads the first column of CSV without a header |
//! | `recipe` | `general` | `general`, `house-prices` or a recipe as JSON; or a channel `recipe` with a JSON file |
//! | `algorithm` | `xgboost` | `xgboost` or `random-forest` |
//! | `csv_weights` | 0 | 1: the second column weighs the rows, in CSV without a header |
//! | `coverage` | 0.9 with a target, otherwise 0 | the part of true numbers inside the intervals; 0 for none |
//! | `checkpoint_frequency` | 10 | rounds between two checkpoints, where there is a folder for them |
//!
//! The others are XGBoost's or, for forests, scikit-learn's.

use std::collections::BTreeMap;

use sagemaker_container::hyperparameters::{HyperparameterError, Values};

/// The part of a model that is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Preprocessing only: the first container of a pipeline model.
    Preprocessing,
    /// Trees only, on numbers: the second container.
    Trees,
    /// Both.
    Pipeline,
}

/// The trees that are trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// Gradient boosted trees.
    Boosting,
    /// A random forest.
    Forest,
}

/// The settings of a training.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The part of a model that is fitted.
    pub mode: Mode,
    /// The trees that are trained.
    pub algorithm: Algorithm,
    /// The column to predict.
    pub target: Option<String>,
    /// The recipe: a name or JSON.
    pub recipe: Option<String>,
    /// True if the second column of CSV without a header weighs the rows.
    pub csv_weights: bool,
    /// The part of true numbers that lie inside intervals.
    pub coverage: Option<f64>,
    /// Rounds between two checkpoints.
    pub checkpoint_frequency: usize,
    /// The hyperparameters of the trees.
    pub trees: BTreeMap<String, String>,
}

impl Settings {
    /// Parses hyperparameters.
    ///
    /// # Errors
    /// One of the program is out of range. Those of the trees are checked later.
    pub fn parse(values: BTreeMap<String, String>) -> Result<Self, HyperparameterError> {
        let mut values = Values::from(values);
        let mode = values.take("mode");
        let target = values.take("target");
        let recipe = values.take("recipe");
        let is_named = target.is_some() || recipe.is_some();
        let mode = match mode.as_deref() {
            Some("preprocessing") => Mode::Preprocessing,
            Some("trees") => Mode::Trees,
            Some("pipeline") => Mode::Pipeline,
            None if is_named => Mode::Pipeline,
            None => Mode::Trees,
            Some(other) => {
                let expected = "preprocessing, trees or pipeline";
                return Err(HyperparameterError::value("mode", other, expected));
            }
        };
        if mode == Mode::Pipeline && target.is_none() {
            return Err(HyperparameterError::Missing("target"));
        }
        let algorithm = match values.take("algorithm").as_deref() {
            None | Some("xgboost") => Algorithm::Boosting,
            Some("random-forest") => Algorithm::Forest,
            Some(other) => {
                let expected = "xgboost or random-forest";
                return Err(HyperparameterError::value("algorithm", other, expected));
            }
        };
        let weights = values.or("csv_weights", 0, "0 or 1", |flag: &u8| *flag <= 1)?;
        let default = if mode == Mode::Pipeline { 0.9 } else { 0.0 };
        let coverage = values.or("coverage", default, "a number from 0 to under 1", |share| {
            (0.0..1.0).contains(share)
        })?;
        let expected = "a whole number over 0";
        Ok(Self {
            mode,
            algorithm,
            target,
            recipe,
            csv_weights: weights == 1,
            coverage: Some(coverage).filter(|coverage| *coverage > 0.0),
            checkpoint_frequency: values.or("checkpoint_frequency", 10, expected, |n| *n > 0)?,
            trees: values.into_rest(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Settings::parse(pairs.collect()).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check_mode(pairs: &[(&str, &str)], expected: Mode) {
        assert_eq!(parse(pairs).map(|settings| settings.mode), Ok(expected));
    }

    #[track_caller]
    fn check_error(pairs: &[(&str, &str)], expected: &str) {
        assert_eq!(parse(pairs).unwrap_err(), expected);
    }

    #[test]
    fn the_mode_follows_from_the_target() {
        check_mode(&[("eta", ".1")], Mode::Trees);
        check_mode(&[("target", "SalePrice")], Mode::Pipeline);
        check_mode(
            &[("mode", "preprocessing"), ("target", "a")],
            Mode::Preprocessing,
        );
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        check_error(
            &[("mode", "both")],
            "the hyperparameter `mode` is `both`; expected preprocessing, trees or pipeline",
        );
        check_error(
            &[("recipe", "general")],
            "the hyperparameter `target` is required",
        );
        check_error(
            &[("coverage", "1")],
            "the hyperparameter `coverage` is `1`; expected a number from 0 to under 1",
        );
    }
}
