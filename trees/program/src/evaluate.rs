//! Measures a model on a table with its target.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use evaluation::{Evaluation, Regression, RegressionMetric, Threshold};
use serde_json::json;
use tables::{Error, OnError, ReadOptions, Reader, RowError, Rows, Schema, Table, Values};

use crate::artifact::Model;
use crate::predictor::{PredictError, Predictor};

/// Arguments of `evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of a whole model, or its model.tar.gz.
    #[arg(long)]
    pub model: PathBuf,
    /// CSV with a header, the target among its columns.
    #[arg(long)]
    pub data: PathBuf,
    /// Lowest confidence that passes the gate, for classes.
    #[arg(long, default_value_t)]
    pub threshold: Threshold,
    /// Also write the figures to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Rows that can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The rows can't be read.
    #[error(transparent)]
    Read(#[from] Error),
    /// The rows can't be predicted.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// There is nothing to measure by.
    #[error("no row has both a prediction and a target of the model's kind")]
    Nothing,
}

/// The figures of a model on rows.
#[derive(Clone, Debug)]
pub enum Measured {
    /// Numbers, and the part of the targets inside their intervals if the model has intervals.
    Numbers(Regression, Option<f64>),
    /// Classes.
    Classes(Evaluation),
}

impl Measured {
    /// Returns the figures with their names, as Model Monitor has them.
    pub fn named(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Numbers(regression, coverage) => {
                let mut named = vec![
                    ("mae", regression.metric(RegressionMetric::Mae)),
                    ("mse", regression.metric(RegressionMetric::Mse)),
                    ("rmse", regression.metric(RegressionMetric::Rmse)),
                    ("r2", regression.metric(RegressionMetric::R2)),
                    ("rmsle", regression.metric(RegressionMetric::Rmsle)),
                ];
                named.extend(coverage.map(|coverage| ("coverage", coverage)));
                named.retain(|(_, value)| value.is_finite());
                named
            }
            Self::Classes(evaluation) => vec![
                ("accuracy", f64::from(evaluation.accuracy())),
                ("logloss", f64::from(evaluation.log_loss())),
                ("ece", f64::from(evaluation.calibration_error())),
            ],
        }
    }
}

/// Measures a model on a table with its target. Rows without a prediction are left out.
///
/// # Errors
/// The table lacks columns, or no row can be measured.
pub fn measure(predictor: &Predictor, table: &Table) -> Result<Measured, MeasureError> {
    let rows = Rows {
        table: table.clone(),
        errors: Vec::new(),
    };
    measure_rows(predictor, &rows).map(|(measured, _)| measured)
}

fn measure_rows(
    predictor: &Predictor,
    rows: &Rows,
) -> Result<(Measured, Vec<RowError>), MeasureError> {
    let table = &rows.table;
    let predictions = predictor.predict_rows(rows, OnError::Report)?;
    let target = table.target().ok_or(MeasureError::Nothing)?;
    let values = predictions.values.chunks_exact(predictions.width.max(1));
    let positions = predictions.positions(table);
    let pairs = positions
        .zip(values)
        .filter(|(row, _)| !target.is_missing(*row));
    let measured = match (&predictor.output().labels, target) {
        (Some(labels), Values::Labels(targets)) => {
            let (mut scores, mut classes) = (Vec::new(), Vec::new());
            for (row, values) in pairs {
                let label = targets.get(row).unwrap_or_default();
                if let Some(class) = labels.iter().position(|known| known == label) {
                    classes.push(class);
                    scores.push(match values {
                        [second] => vec![1.0 - second, *second],
                        all => all.to_vec(),
                    });
                }
            }
            if classes.is_empty() {
                return Err(MeasureError::Nothing);
            }
            Measured::Classes(Evaluation::new(scores, &classes))
        }
        (None, Values::Numbers(targets)) => {
            let mut regression = Regression::default();
            let mut inside = 0;
            let conformal = predictor.output().conformal.as_ref();
            for (row, values) in pairs {
                let (prediction, target) = (f64::from(values[0]), targets[row]);
                regression.add(prediction, target);
                let interval = conformal.map(|conformal| conformal.interval(prediction));
                inside += usize::from(interval.is_some_and(|range| range.contains(target)));
            }
            if regression.is_empty() {
                return Err(MeasureError::Nothing);
            }
            let coverage = conformal.map(|_| inside as f64 / regression.len() as f64);
            Measured::Numbers(regression, coverage)
        }
        _ => return Err(MeasureError::Nothing),
    };
    Ok((measured, predictions.errors.clone()))
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let model = Model::read(&args.model)?;
    let context = || format!("{} is not measured", args.data.display());
    let bytes = fs::read(&args.data).with_context(context)?;
    let schema = match &model.preprocessing {
        Some((schema, _)) => schema.clone(),
        None => anyhow::bail!(
            "{} has no preprocessing.json; evaluate the whole model",
            args.model.display()
        ),
    };
    let predictor = Predictor::new(model);
    let rows = read(&schema, &bytes).with_context(context)?;
    let (measured, errors) = measure_rows(&predictor, &rows).with_context(context)?;
    let mut figures = json!({ "rows": rows.table.rows(), "errors": errors });
    for (name, value) in measured.named() {
        figures[name] = value.into();
    }
    match &measured {
        Measured::Classes(evaluation) => {
            let labels = predictor.output().labels.as_deref().unwrap_or_default();
            let report = evaluation.report(labels, args.threshold);
            print!("{report}");
            figures["report"] = serde_json::to_value(&report)?;
        }
        Measured::Numbers(regression, _) => {
            for (name, value) in measured.named() {
                println!("{name:<9} {value:.4}");
            }
            figures["regression_metrics"] = serde_json::to_value(regression.report())?;
        }
    }
    for error in errors.iter().take(10) {
        println!("no prediction: {error}");
    }
    if let Some(path) = &args.json {
        let text = serde_json::to_vec_pretty(&figures)?;
        fs::write(path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

/// Reads rows with their target.
fn read(schema: &Schema, bytes: &[u8]) -> Result<Rows, Error> {
    let reader = Reader::new(schema).with_options(ReadOptions {
        on_error: OnError::Report,
        ..ReadOptions::default()
    });
    reader.csv(bytes)
}
