//! Intervals of predictions, by cross-conformal prediction: each row is predicted by a model of the
//! other folds, so that no row is held out.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use tables::{OnError, Rows, Values};
use trees::conformal::Conformal;

use super::TrainError;
use super::fit::Fit;
use crate::artifact::{Model, Output};
use crate::evaluate::MeasureError;
use crate::predictor::Predictor;

/// The number of folds, each of which is a training.
const FOLDS: usize = 5;

/// Fits intervals of that coverage; none if the training is stopped.
pub(super) fn fit(
    fit: &Fit<'_>,
    rounds: usize,
    coverage: f64,
    stop: &AtomicBool,
    log: &mut dyn Write,
) -> Result<Option<Conformal>, TrainError> {
    let table = &fit.data.train;
    let Some(targets) = table.target().and_then(Values::as_numbers) else {
        return Ok(None);
    };
    let mut folds: Vec<usize> = (0..table.rows()).map(|row| row % FOLDS).collect();
    fastrand::Rng::with_seed(0).shuffle(&mut folds);
    let (mut predictions, mut known) = (Vec::new(), Vec::new());
    let mut transform = None;
    for fold in 0..FOLDS {
        let (held_out, others): (Vec<usize>, Vec<usize>) =
            (0..table.rows()).partition(|row| folds[*row] == fold);
        if held_out.is_empty() || others.is_empty() {
            continue;
        }
        let (pipeline, trees) = fit.fit_part(&table.select(&others), rounds, stop)?;
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let own = pipeline.target_transform();
        transform.get_or_insert(own);
        let predictor = Predictor::new(Model {
            preprocessing: Some((table.schema().clone(), pipeline)),
            trees: Some(trees),
            output: Output {
                transform: own,
                ..Output::default()
            },
        });
        let rows = Rows {
            table: table.select(&held_out),
            errors: Vec::new(),
        };
        let predicted = predictor
            .predict_rows(&rows, OnError::Report)
            .map_err(MeasureError::from)?;
        let kept = predicted.positions(&rows.table);
        known.extend(kept.map(|position| targets[held_out[position]]));
        predictions.extend(predicted.values.iter().map(|value| f64::from(*value)));
    }
    let conformal = Conformal::fit(
        &predictions,
        &known,
        transform.unwrap_or_default(),
        coverage,
    )?;
    writeln!(
        log,
        "Fitted intervals of {coverage} to {} rows",
        known.len()
    )?;
    Ok(Some(conformal))
}
