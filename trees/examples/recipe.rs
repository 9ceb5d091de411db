//! Cross-validates a recipe with boosted trees, and measures its intervals and its speed.
//!
//!     recipe TABLE TARGET RECIPE FOLDS NAME=VALUE…
//!
//! RECIPE is `general`, `house-prices` or a file; FOLDS a number, or a file with the fold of each
//! row, a line each. The folds' rows are the table's first ones. NAME=VALUE are hyperparameters.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tables::{Reader, Schema, Table, Values};
use trees::boosting::{Dataset, train};
use trees::conformal::Conformal;
use trees::parameters::Parameters;
use trees::preprocessing::{Pipeline, Recipe, TargetTransform};
use trees::tree::Ensemble;

type Failure = Box<dyn Error>;

/// A recipe and the hyperparameters of the trees behind it.
struct Model {
    recipe: Recipe,
    parameters: Parameters,
}

struct Fitted {
    pipeline: Pipeline,
    ensemble: Ensemble,
}

impl Model {
    fn fit(&self, table: &Table) -> Result<Fitted, Failure> {
        let (pipeline, training) = Pipeline::fit_transform(&self.recipe, table)?;
        let target = pipeline.target(table).ok_or("the target is not a number")?;
        let labels: Vec<f32> = training
            .rows
            .iter()
            .map(|row| target[*row] as f32)
            .collect();
        let data = Dataset {
            matrix: &training.matrix,
            labels: &labels,
            weights: None,
        };
        let (stop, mut log) = (AtomicBool::new(false), io::sink());
        let ensemble = train(
            &self.parameters,
            &data,
            None,
            None,
            &stop,
            &mut log,
            &mut |_| {},
        )?;
        Ok(Fitted { pipeline, ensemble })
    }
}

impl Fitted {
    /// Returns the prediction of each row; NaN where it has none.
    fn predict(&self, table: &Table) -> Result<Vec<f64>, Failure> {
        let transformed = self.pipeline.transform_reporting(table)?;
        let mut predictions = vec![f64::NAN; table.rows()];
        for (row, sum) in transformed
            .rows
            .iter()
            .zip(self.ensemble.predict(&transformed.matrix))
        {
            predictions[*row] = self.pipeline.target_transform().invert(f64::from(sum));
        }
        Ok(predictions)
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, target, recipe, folds, pairs @ ..] = &arguments[..] else {
        return Err("usage: recipe TABLE TARGET RECIPE FOLDS NAME=VALUE…".into());
    };
    let bytes = std::fs::read(path)?;
    let schema = Schema::infer(&bytes[..])?.with_target(target)?;
    let began = Instant::now();
    let table = Reader::new(&schema).csv(&bytes[..])?.table;
    println!(
        "read {} rows in {:.1} ms",
        table.rows(),
        began.elapsed().as_secs_f64() * 1e3
    );
    let recipe = match &**recipe {
        "general" => Recipe::general(&schema),
        "house-prices" => Recipe::house_prices(),
        file => Recipe::parse(&std::fs::read_to_string(file)?)?,
    };
    let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parameters = Parameters::parse(&pairs.collect::<BTreeMap<_, _>>())?;
    let model = Model { recipe, parameters };
    let folds: Vec<usize> = match folds.parse::<usize>() {
        Ok(count) => deal(table.rows(), count, 42),
        Err(_) => std::fs::read_to_string(folds)?
            .lines()
            .map(str::parse)
            .collect::<Result<_, _>>()?,
    };
    let table = table.select(&(0..folds.len()).collect::<Vec<_>>());
    let targets = table
        .target()
        .and_then(Values::as_numbers)
        .ok_or("no target of numbers")?;
    let (predictions, errors) = cross_validate(&model, &table, &folds)?;
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let absolute = predictions.iter().zip(targets).map(|(p, t)| (p - t).abs());
    let absolute: Vec<f64> = absolute.filter(|error| !error.is_nan()).collect();
    println!(
        "RMSLE {mean:.4} (by fold {}), MAE {:.0}, {} rows without a prediction",
        errors
            .iter()
            .map(|error| format!("{error:.4}"))
            .collect::<Vec<_>>()
            .join(" "),
        absolute.iter().sum::<f64>() / absolute.len() as f64,
        predictions.len() - absolute.len(),
    );
    one_row(&model.fit(&table)?, &table)?;
    coverage(&model, &table)
}

/// Deals rows into folds.
fn deal(rows: usize, folds: usize, seed: u64) -> Vec<usize> {
    let mut dealt: Vec<usize> = (0..rows).map(|row| row % folds).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut dealt);
    dealt
}

/// Returns each row's prediction by the model of the other folds, and the RMSLE of each fold.
fn cross_validate(
    model: &Model,
    table: &Table,
    folds: &[usize],
) -> Result<(Vec<f64>, Vec<f64>), Failure> {
    let targets = table
        .target()
        .and_then(Values::as_numbers)
        .ok_or("no target of numbers")?;
    let mut predictions = vec![f64::NAN; table.rows()];
    let mut errors = Vec::new();
    for fold in 0..=folds.iter().copied().max().unwrap_or_default() {
        let (held_out, others): (Vec<usize>, Vec<usize>) =
            (0..table.rows()).partition(|row| folds[*row] == fold);
        let fitted = model.fit(&table.select(&others))?;
        let mut squares = Vec::new();
        for (row, prediction) in held_out
            .iter()
            .zip(fitted.predict(&table.select(&held_out))?)
        {
            predictions[*row] = prediction;
            if !prediction.is_nan() {
                squares.push((prediction.ln_1p() - targets[*row].ln_1p()).powi(2));
            }
        }
        errors.push((squares.iter().sum::<f64>() / squares.len() as f64).sqrt());
    }
    Ok((predictions, errors))
}

/// Measures one row from typed values to the price.
fn one_row(fitted: &Fitted, table: &Table) -> Result<(), Failure> {
    let mut preprocess = Vec::new();
    let mut whole = Vec::new();
    let mut sums = [0.0];
    for index in 0..5_000 {
        let row = table.select(&[index % table.rows()]);
        let began = Instant::now();
        let Ok(features) = fitted.pipeline.transform_rows(&row) else {
            continue;
        };
        preprocess.push(began.elapsed().as_secs_f64() * 1e6);
        fitted.ensemble.sums(&features, &mut sums);
        whole.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    println!(
        "one row: {:.1} us preprocessing, {:.1} us with {} trees",
        median(&mut preprocess),
        median(&mut whole),
        fitted.ensemble.trees.len(),
    );
    Ok(())
}

/// Measures intervals of 90 % on a third of the rows that neither model nor intervals have seen.
fn coverage(model: &Model, table: &Table) -> Result<(), Failure> {
    const SPLITS: u64 = 20;
    for method in ["split", "cross"] {
        let (mut inside, mut rows, mut widths) = (0, 0, Vec::new());
        let mut by_split = Vec::new();
        for seed in 0..SPLITS {
            let parts = deal(table.rows(), 3, seed);
            let part = |wanted: &[usize]| {
                let rows = (0..table.rows()).filter(|row| wanted.contains(&parts[*row]));
                table.select(&rows.collect::<Vec<_>>())
            };
            let test = part(&[0]);
            let (fitted, calibration, predictions) = if method == "split" {
                let fitted = model.fit(&part(&[2]))?;
                let calibration = part(&[1]);
                let predictions = fitted.predict(&calibration)?;
                (fitted, calibration, predictions)
            } else {
                let all = part(&[1, 2]);
                let folds = deal(all.rows(), 5, seed);
                let (predictions, _) = cross_validate(model, &all, &folds)?;
                (model.fit(&all)?, all, predictions)
            };
            let targets = |table: &Table| {
                table
                    .target()
                    .and_then(Values::as_numbers)
                    .map(<[f64]>::to_vec)
            };
            let known = targets(&calibration).ok_or("no target")?;
            let pairs = predictions.iter().zip(&known).filter(|(p, _)| !p.is_nan());
            let (predictions, known): (Vec<f64>, Vec<f64>) = pairs.unzip();
            let conformal = Conformal::fit(&predictions, &known, TargetTransform::Log, 0.9)?;
            let predictions = fitted.predict(&test)?;
            let mut inside_split = 0;
            for (prediction, target) in predictions.iter().zip(targets(&test).ok_or("no target")?) {
                if !prediction.is_nan() {
                    let interval = conformal.interval(*prediction);
                    inside_split += usize::from(interval.contains(target));
                    widths.push(interval.relative_width(*prediction));
                }
            }
            by_split.push(inside_split as f64 / predictions.len() as f64);
            inside += inside_split;
            rows += predictions.len();
        }
        widths.sort_by(f64::total_cmp);
        by_split.sort_by(f64::total_cmp);
        println!(
            "{method} conformal, {SPLITS} splits: {:.1} % of prices inside 90 % intervals \
             ({:.1} to {:.1} by split); relative width {:.2} (10th percentile {:.2}, 90th {:.2})",
            100.0 * inside as f64 / rows as f64,
            100.0 * by_split[0],
            100.0 * by_split[by_split.len() - 1],
            widths[widths.len() / 2],
            widths[widths.len() / 10],
            widths[widths.len() * 9 / 10],
        );
    }
    Ok(())
}
