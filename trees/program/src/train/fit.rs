//! Fits preprocessing and trees to a table.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sagemaker_container::checkpoint::folder as checkpoint_folder;
use tables::{Table, Values};
use trees::Matrix;
use trees::boosting::{self, Dataset, Training};
use trees::forest::{self, ForestParameters};
use trees::parameters::Parameters;
use trees::preprocessing::{Pipeline, Transformed};
use trees::tree::Ensemble;

use super::checkpoint::Checkpoints;
use super::data::{Data, WEIGHT};
use super::settings::Algorithm;
use super::{Settings, TrainError};

/// Preprocessing and trees, ready to be fitted.
pub(super) struct Fit<'a> {
    pub(super) settings: &'a Settings,
    pub(super) data: &'a Data,
    trees: Trees,
}

#[derive(Clone, Debug)]
enum Trees {
    Boosting(Parameters),
    Forest(ForestParameters),
}

/// Rows that trees learn from.
struct Rows {
    matrix: Matrix,
    labels: Vec<f32>,
    weights: Option<Vec<f32>>,
}

impl Rows {
    fn dataset(&self) -> Dataset<'_> {
        Dataset {
            matrix: &self.matrix,
            labels: &self.labels,
            weights: self.weights.as_deref(),
        }
    }
}

impl<'a> Fit<'a> {
    pub(super) fn new(settings: &'a Settings, data: &'a Data) -> Result<Self, TrainError> {
        let mut texts = settings.trees.clone();
        let classes = data.labels.as_ref().map(Vec::len);
        let trees = match settings.algorithm {
            Algorithm::Forest => {
                if let Some(classes) = classes {
                    texts.insert("num_class".into(), classes.to_string());
                }
                Trees::Forest(ForestParameters::parse(&texts)?)
            }
            Algorithm::Boosting => {
                if let Some(classes) = classes {
                    let default = if classes == 2 {
                        "binary:logistic"
                    } else {
                        "multi:softprob"
                    };
                    let objective = texts
                        .entry("objective".into())
                        .or_insert_with(|| default.to_owned());
                    if objective.starts_with("multi:") {
                        texts.insert("num_class".into(), classes.to_string());
                    }
                }
                Trees::Boosting(Parameters::parse(&texts)?)
            }
        };
        Ok(Self {
            settings,
            data,
            trees,
        })
    }

    /// Fits all training rows.
    pub(super) fn run(
        &self,
        root: &Path,
        stop: &AtomicBool,
        log: &mut dyn Write,
    ) -> Result<(Pipeline, Ensemble), TrainError> {
        let (pipeline, train) = self.preprocess(&self.data.train, log)?;
        let ensemble = match &self.trees {
            Trees::Forest(parameters) => {
                let ensemble = forest::train(parameters, &train.dataset(), stop)?;
                writeln!(log, "Grew {} trees", ensemble.trees.len())?;
                ensemble
            }
            Trees::Boosting(parameters) => {
                let validation = match &self.data.validation {
                    None => None,
                    Some(table) => {
                        let transformed = pipeline.transform_reporting(table);
                        let transformed =
                            transformed.map_err(trees::preprocessing::FitError::from)?;
                        Some(self.rows(&pipeline, "validation", table, transformed, log)?)
                    }
                };
                let validation = validation.as_ref().map(Rows::dataset);
                let every = self.settings.checkpoint_frequency;
                let checkpoints = checkpoint_folder(root)
                    .map(|folder| Checkpoints::new(&folder, parameters, &train.dataset()));
                let resume = match &checkpoints {
                    Some(checkpoints) => checkpoints.read(log)?,
                    None => None,
                };
                let mut failure = None;
                let mut keep = |training: &Training| {
                    if let Some(checkpoints) = &checkpoints
                        && training.rounds.is_multiple_of(every)
                        && let Err(error) = checkpoints.write(training)
                    {
                        failure.get_or_insert(error);
                    }
                };
                let ensemble = boosting::train(
                    parameters,
                    &train.dataset(),
                    validation.as_ref(),
                    resume,
                    stop,
                    log,
                    &mut keep,
                )?;
                if let Some(error) = failure {
                    return Err(error);
                }
                ensemble
            }
        };
        if stop.load(Ordering::Relaxed) {
            writeln!(log, "Stopped; saving the model so far")?;
        }
        if ensemble.trees.is_empty() {
            return Err(TrainError::StoppedAtOnce);
        }
        Ok((pipeline, ensemble))
    }

    /// Fits some of the training rows, for `rounds` rounds.
    pub(super) fn fit_part(
        &self,
        table: &Table,
        rounds: usize,
        stop: &AtomicBool,
    ) -> Result<(Pipeline, Ensemble), TrainError> {
        let mut log = io::sink();
        let (pipeline, train) = self.preprocess(table, &mut log)?;
        let ensemble = match &self.trees {
            Trees::Forest(parameters) => forest::train(parameters, &train.dataset(), stop)?,
            Trees::Boosting(parameters) => {
                let parameters = Parameters {
                    num_round: rounds,
                    early_stopping_rounds: None,
                    ..parameters.clone()
                };
                let data = train.dataset();
                boosting::train(&parameters, &data, None, None, stop, &mut log, &mut |_| {})?
            }
        };
        Ok((pipeline, ensemble))
    }

    fn preprocess(
        &self,
        table: &Table,
        log: &mut dyn Write,
    ) -> Result<(Pipeline, Rows), TrainError> {
        let (pipeline, transformed) = Pipeline::fit_transform(&self.data.recipe, table)?;
        let rows = self.rows(&pipeline, "train", table, transformed, log)?;
        Ok((pipeline, rows))
    }

    /// Returns the rows that have features; a warning names the first of the others.
    fn rows(
        &self,
        pipeline: &Pipeline,
        channel: &'static str,
        table: &Table,
        transformed: Transformed,
        log: &mut dyn Write,
    ) -> Result<Rows, TrainError> {
        let Transformed {
            matrix,
            rows,
            errors,
        } = transformed;
        if let Some(first) = errors.first() {
            if rows.is_empty() {
                return Err(TrainError::NoRows(first.to_string()));
            }
            let count = errors.len();
            writeln!(
                log,
                "Warning: the {channel} data: {count} rows are left out; the first: {first}"
            )?;
        }
        let labels = match &self.data.labels {
            None => {
                let target = pipeline.target(table).unwrap_or_default();
                rows.iter()
                    .map(|row| target.get(*row).map_or(f32::NAN, |number| *number as f32))
                    .collect()
            }
            Some(labels) => class_indices(labels, channel, table, &rows)?,
        };
        let is_weighted = self.settings.csv_weights;
        let weights = table.column(WEIGHT).filter(|_| is_weighted);
        let weights = weights.and_then(Values::as_numbers);
        Ok(Rows {
            matrix,
            labels,
            weights: weights.map(|all| rows.iter().map(|row| all[*row] as f32).collect()),
        })
    }
}

fn class_indices(
    labels: &[String],
    channel: &'static str,
    table: &Table,
    rows: &[usize],
) -> Result<Vec<f32>, TrainError> {
    let targets = table.target().and_then(Values::as_labels);
    let index = |row: &usize| {
        let label = targets.and_then(|targets| targets.get(*row));
        let found = label.and_then(|label| labels.iter().position(|known| known == label));
        found
            .map(|class| class as f32)
            .ok_or_else(|| TrainError::Class {
                channel,
                row: table.row_number(*row),
                label: label.unwrap_or("(missing)").to_owned(),
            })
    };
    rows.iter().map(index).collect()
}
