//! Gradient boosted trees by histograms.
//!
//! The algorithm is XGBoost's `hist` (Chen and Guestrin 2016, <https://arxiv.org/abs/1603.02754>):
//! second-order gradients, regularized leaves, a direction for missing values at each split.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::Matrix;
use crate::bins;
use crate::grow::{Grower, Grown, Scratch};
use crate::metric::Metric;
use crate::objective::{Objective, weighted_median};
use crate::parameters::Parameters;
use crate::tree::{Combination, Ensemble};

/// Rows with labels.
#[derive(Clone, Debug)]
pub struct Dataset<'a> {
    /// The features.
    pub matrix: &'a Matrix,
    /// A label for each row.
    pub labels: &'a [f32],
    /// A weight for each row, or none for equal weights.
    pub weights: Option<&'a [f32]>,
}

/// A training under way: what a checkpoint keeps.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Training {
    /// The trees so far.
    pub ensemble: Ensemble,
    /// The number of rounds that are done.
    pub rounds: usize,
    /// The round with the best validation figure, and the figure, for early stopping.
    pub best: Option<(usize, f64)>,
}

/// A training that can't be done.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is no row, or no feature.
    #[error(
        "the {set} data has {rows} rows and {features} features: it needs at least one of each"
    )]
    Empty {
        /// `train` or `validation`.
        set: &'static str,
        /// The rows.
        rows: usize,
        /// The features.
        features: usize,
    },
    /// A label does not fit the objective.
    #[error("row {row} of the {set} data: the label {label} must be {expected}")]
    Label {
        /// `train` or `validation`.
        set: &'static str,
        /// The row, from 1.
        row: usize,
        /// The label.
        label: f32,
        /// The labels of the objective.
        expected: &'static str,
    },
    /// There are not as many labels or weights as rows.
    #[error("the {set} data has {rows} rows and {found} {what}")]
    Length {
        /// `train` or `validation`.
        set: &'static str,
        /// The rows.
        rows: usize,
        /// `labels` or `weights`.
        what: &'static str,
        /// The number that there is.
        found: usize,
    },
    /// A feature has more categories than a split can tell apart.
    #[error("the feature {feature} has the category {category}: categories are 0 to {max}", max = bins::MAX_BINS - 1)]
    Category {
        /// The feature.
        feature: String,
        /// The category.
        category: f32,
    },
    /// The validation rows have other features than the training rows.
    #[error("the features of the validation data are not those of the training data")]
    Features,
    /// Early stopping looks at validation rows.
    #[error("early_stopping_rounds needs validation data")]
    NoValidation,
    /// The checkpoint is of another training.
    #[error("the checkpoint is of a training with other features or another objective")]
    Checkpoint,
    /// The log can't be written.
    #[error("can't write the log: {0}")]
    Log(#[from] io::Error),
}

/// Trains an ensemble; a line a round goes to `log`, `[0]\ttrain-rmse:1.2\tvalidation-rmse:1.3`.
///
/// Ends early when `stop` is set, or when the validation figure has not improved for
/// `early_stopping_rounds`: then the trees after the best round are left out. `resume` goes on with
/// an earlier training and ends with the same trees as one that was not interrupted. `checkpoint`
/// is called after every round.
///
/// # Errors
/// Data or labels don't fit, or the log can't be written.
pub fn train(
    parameters: &Parameters,
    train: &Dataset<'_>,
    validation: Option<&Dataset<'_>>,
    resume: Option<Training>,
    stop: &AtomicBool,
    log: &mut dyn Write,
    checkpoint: &mut dyn FnMut(&Training),
) -> Result<Ensemble, TrainError> {
    check(parameters, "train", train)?;
    if let Some(validation) = validation {
        check(parameters, "validation", validation)?;
        if names(validation.matrix) != names(train.matrix) {
            return Err(TrainError::Features);
        }
    }
    if parameters.early_stopping_rounds.is_some() && validation.is_none() {
        return Err(TrainError::NoValidation);
    }
    let weights = weights(parameters, train);
    let start = begin(parameters, train, &weights);
    let mut state = match resume {
        None => start,
        Some(state)
            if state.ensemble.features == start.ensemble.features
                && state.ensemble.objective == start.ensemble.objective
                && state.ensemble.outputs == start.ensemble.outputs
                && state.ensemble.trees.len() == state.rounds * start.ensemble.outputs
                && state.ensemble.validate().is_ok() =>
        {
            state
        }
        Some(_) => return Err(TrainError::Checkpoint),
    };
    let outputs = parameters.outputs();
    let features = bins::bin(train.matrix, parameters.max_bin - 1);
    let grower = Grower::new(&features, parameters);
    let metrics = if parameters.eval_metric.is_empty() {
        vec![Metric::default_of(parameters.objective)]
    } else {
        parameters.eval_metric.clone()
    };
    let mut sets = vec![Scored::new("train", train, weights, &state.ensemble)];
    if let Some(validation) = validation {
        let weights = self::weights(parameters, validation);
        sets.push(Scored::new(
            "validation",
            validation,
            weights,
            &state.ensemble,
        ));
    }
    let mut gradients = vec![[0.0; 2]; train.matrix.rows];
    let mut scratch = Scratch::default();
    while state.rounds < parameters.num_round && !stop.load(Ordering::Relaxed) {
        // Random numbers of its own for each round, so that a training resumed has the same.
        let mut random = fastrand::Rng::with_seed(parameters.seed ^ (state.rounds as u64) << 32);
        // All outputs of a round see the sums of the round before.
        let before = sets[0].sums.clone();
        let rows = drawn_rows(train.matrix.rows, parameters.subsample, &mut random);
        for output in 0..outputs {
            let objective = parameters.objective;
            objective.gradients(&before, outputs, output, train.labels, &mut gradients);
            for (gradient, weight) in gradients.iter_mut().zip(&sets[0].weights) {
                gradient.iter_mut().for_each(|part| *part *= weight);
            }
            let mut grown = grower.grow(&gradients, rows.clone(), &mut random, &mut scratch);
            if objective == Objective::AbsoluteError {
                refit_medians(
                    &mut grown,
                    parameters.eta,
                    &before,
                    train.labels,
                    &sets[0].weights,
                );
            }
            state.ensemble.trees.push(grown.tree);
            for set in &mut sets {
                set.add_last_tree(&state.ensemble, output);
            }
        }
        let figure = log_round(&state, &metrics, &sets, log)?;
        state.rounds += 1;
        if let Some(patience) = parameters.early_stopping_rounds {
            let is_better = state.best.is_none_or(|(_, best)| {
                let maximized = metrics.last().is_some_and(|metric| metric.is_maximized());
                if maximized {
                    figure > best
                } else {
                    figure < best
                }
            });
            if is_better {
                state.best = Some((state.rounds, figure));
            } else if state
                .best
                .is_some_and(|(round, _)| state.rounds - round >= patience)
            {
                break;
            }
        }
        checkpoint(&state);
    }
    if let Some((best, _)) = state.best {
        state.ensemble.trees.truncate(best * outputs);
    }
    Ok(state.ensemble)
}

fn begin(parameters: &Parameters, train: &Dataset<'_>, weights: &[f32]) -> Training {
    let outputs = parameters.outputs();
    let objective = parameters.objective;
    let base_score = match parameters.base_score {
        Some(score) => objective.link(score),
        None => objective.intercept(train.labels, weights),
    };
    Training {
        ensemble: Ensemble {
            objective,
            outputs,
            combination: Combination::Sum,
            base_score: vec![base_score; outputs],
            features: names(train.matrix),
            trees: vec![],
        },
        rounds: 0,
        best: None,
    }
}

pub(crate) fn names(matrix: &Matrix) -> Vec<(String, crate::FeatureKind)> {
    let features = matrix.features.iter();
    features
        .map(|feature| (feature.name.clone(), feature.kind))
        .collect()
}

pub(crate) fn check(
    parameters: &Parameters,
    set: &'static str,
    data: &Dataset<'_>,
) -> Result<(), TrainError> {
    let (rows, features) = (data.matrix.rows, data.matrix.features.len());
    if rows == 0 || features == 0 {
        return Err(TrainError::Empty {
            set,
            rows,
            features,
        });
    }
    for (what, found) in [
        ("labels", Some(data.labels.len())),
        ("weights", data.weights.map(<[f32]>::len)),
    ] {
        if let Some(found) = found.filter(|found| *found != rows) {
            return Err(TrainError::Length {
                set,
                rows,
                what,
                found,
            });
        }
    }
    for feature in &data.matrix.features {
        let is_categorical = feature.kind == crate::FeatureKind::Categorical;
        let large = feature
            .values
            .iter()
            .find(|value| **value >= bins::MAX_BINS as f32);
        if let Some(category) = large.filter(|_| is_categorical) {
            let (feature, category) = (feature.name.clone(), *category);
            return Err(TrainError::Category { feature, category });
        }
    }
    let (objective, classes) = (parameters.objective, parameters.num_class);
    for (index, label) in data.labels.iter().enumerate() {
        objective
            .check_label(*label, classes)
            .map_err(|expected| TrainError::Label {
                set,
                row: index + 1,
                label: *label,
                expected,
            })?;
    }
    Ok(())
}

fn weights(parameters: &Parameters, data: &Dataset<'_>) -> Vec<f32> {
    let mut weights = data
        .weights
        .map_or_else(|| vec![1.0; data.labels.len()], <[f32]>::to_vec);
    if parameters.objective == Objective::Logistic && parameters.scale_pos_weight != 1.0 {
        let rows = weights.iter_mut().zip(data.labels);
        rows.filter(|(_, label)| **label == 1.0)
            .for_each(|(weight, _)| *weight *= parameters.scale_pos_weight);
    }
    weights
}

fn drawn_rows(rows: usize, share: f32, random: &mut fastrand::Rng) -> Vec<u32> {
    let all = 0..rows as u32;
    if share < 1.0 {
        all.filter(|_| random.f32() < share).collect()
    } else {
        all.collect()
    }
}

/// Sets leaves to the median of their residuals, which is what the absolute error asks for.
fn refit_medians(grown: &mut Grown, eta: f32, sums: &[f32], labels: &[f32], weights: &[f32]) {
    for (leaf, rows) in grown.tree.leaves.iter_mut().zip(&grown.leaf_rows) {
        let residuals = rows.iter().map(|row| {
            let row = *row as usize;
            (labels[row] - sums[row], weights[row])
        });
        *leaf = weighted_median(residuals.collect()) * eta;
    }
}

/// Rows with the sums of the trees so far.
struct Scored<'a> {
    name: &'static str,
    data: &'a Dataset<'a>,
    weights: Vec<f32>,
    /// `outputs` values a row.
    sums: Vec<f32>,
}

impl<'a> Scored<'a> {
    fn new(
        name: &'static str,
        data: &'a Dataset<'a>,
        weights: Vec<f32>,
        ensemble: &Ensemble,
    ) -> Self {
        let mut sums = vec![0.0; data.matrix.rows * ensemble.outputs];
        let mut row = vec![0.0; data.matrix.features.len()];
        for (index, sums) in sums.chunks_exact_mut(ensemble.outputs).enumerate() {
            data.matrix.copy_row(index, &mut row);
            ensemble.sums(&row, sums);
        }
        Self {
            name,
            data,
            weights,
            sums,
        }
    }

    fn add_last_tree(&mut self, ensemble: &Ensemble, output: usize) {
        let Some(tree) = ensemble.trees.last() else {
            return;
        };
        for (index, sums) in self.sums.chunks_exact_mut(ensemble.outputs).enumerate() {
            sums[output] += tree.value(self.data.matrix, index);
        }
    }
}

/// Writes the line of a round; returns the figure that early stopping goes by.
fn log_round(
    state: &Training,
    metrics: &[Metric],
    sets: &[Scored<'_>],
    log: &mut dyn Write,
) -> Result<f64, TrainError> {
    write!(log, "[{}]", state.rounds)?;
    let mut figure = f64::NAN;
    for set in sets {
        let mut predictions = set.sums.clone();
        let outputs = state.ensemble.outputs;
        for row in predictions.chunks_exact_mut(outputs) {
            state.ensemble.objective.transform(row);
        }
        for metric in metrics {
            figure = metric.evaluate(&predictions, outputs, set.data.labels, &set.weights);
            write!(log, "\t{}-{}:{figure:.5}", set.name, metric.name())?;
        }
    }
    writeln!(log)?;
    Ok(figure)
}
