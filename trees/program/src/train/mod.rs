//! Training under SageMaker's contract: reads `/opt/ml/input`, writes `/opt/ml/model`, and logs its
//! progress.
//!
//! `settings` reads the hyperparameters, `data` the channels; `fit` fits preprocessing and trees;
//! `checkpoint` keeps a training that is under way.

mod checkpoint;
mod data;
mod error;
mod fit;
mod intervals;
mod settings;

pub use error::TrainError;
pub use settings::{Mode, Settings};

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sagemaker_container::{hyperparameters, job};
use trees::preprocessing::Pipeline;

use crate::artifact::{Model, Output};
use crate::evaluate;
use crate::predictor::Predictor;
use data::Data;
use fit::Fit;

/// Trains as `<root>/input` says and writes `<root>/model`; metric lines go to `log`.
///
/// When `stop` becomes true (SageMaker's StopTrainingJob), the model so far is saved and that is a
/// success. A failure is also written to `<root>/output/failure`, as the contract asks.
///
/// # Errors
/// The job can't be run as it is described, or its model can't be written.
pub fn run(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    job::run(root, || train(root, stop, log))
}

fn train(root: &Path, stop: &AtomicBool, log: &mut dyn Write) -> Result<(), TrainError> {
    let settings = Settings::parse(hyperparameters::read(root)?)?;
    let data = Data::read(root, &settings)?;
    writeln!(
        log,
        "Training on {} rows, validating on {}",
        data.train.rows(),
        data.validation.as_ref().map_or(0, tables::Table::rows)
    )?;
    let model = if settings.mode == Mode::Preprocessing {
        let pipeline = Pipeline::fit(&data.recipe, &data.train)?;
        Model {
            preprocessing: Some((data.train.schema().clone(), pipeline)),
            ..Model::default()
        }
    } else {
        predicting_model(root, &settings, &data, stop, log)?
    };
    let figures = figures(&model, &data, log)?;
    let mut model = model;
    if settings.mode == Mode::Trees {
        model.preprocessing = None;
    }
    model.write(&root.join("model"), &figures)?;
    Ok(())
}

fn predicting_model(
    root: &Path,
    settings: &Settings,
    data: &Data,
    stop: &AtomicBool,
    log: &mut dyn Write,
) -> Result<Model, TrainError> {
    let fit = Fit::new(settings, data)?;
    let (pipeline, trees) = fit.run(root, stop, log)?;
    let conformal = match settings.coverage {
        Some(coverage) if data.labels.is_none() => {
            intervals::fit(&fit, trees.trees.len(), coverage, stop, log)?
        }
        _ => None,
    };
    let target = data.train.schema().target();
    let output = Output {
        target: target.map(str::to_owned),
        labels: data.labels.clone(),
        transform: pipeline.target_transform(),
        conformal,
    };
    Ok(Model {
        preprocessing: Some((data.train.schema().clone(), pipeline)),
        trees: Some(trees),
        output,
    })
}

/// Returns the figures of a model: the numbers of rows and trees, and its errors on the validation
/// rows, which are logged too.
fn figures(
    model: &Model,
    data: &Data,
    log: &mut dyn Write,
) -> Result<serde_json::Value, TrainError> {
    let mut figures = serde_json::json!({
        "train_rows": data.train.rows(),
        "trees": model.trees.as_ref().map_or(0, |trees| trees.trees.len()),
    });
    if let (Some(validation), Some(_)) = (&data.validation, &model.trees) {
        let predictor = Predictor::new(model.clone());
        let measured = evaluate::measure(&predictor, validation)?;
        for (name, value) in measured.named() {
            writeln!(log, "Final validation-{name}:{value:.5}")?;
            figures["validation"][name] = value.into();
        }
        figures["validation_rows"] = validation.rows().into();
    }
    Ok(figures)
}
