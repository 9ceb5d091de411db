//! Trainings as a whole, on data that is made up or that everybody has.

mod boosting;
mod forest;

use std::io;
use std::sync::atomic::AtomicBool;

use crate::boosting::{Dataset, Training, train};
use crate::parameters::Parameters;
use crate::tree::Ensemble;
use crate::{Feature, FeatureKind, Matrix};

/// Returns a matrix of columns with names `a`, `b`, ….
fn matrix(columns: Vec<Vec<f32>>) -> Matrix {
    let rows = columns.first().map_or(0, Vec::len);
    let names = (b'a'..).map(|letter| char::from(letter).to_string());
    let features = names.zip(columns).map(|(name, values)| Feature {
        name,
        kind: FeatureKind::Numeric,
        values,
    });
    Matrix {
        features: features.collect(),
        rows,
    }
}

/// Trains without validation and to the end.
fn fit(parameters: &Parameters, matrix: &Matrix, labels: &[f32]) -> Ensemble {
    resume(parameters, matrix, labels, None, &mut |_| {})
}

fn resume(
    parameters: &Parameters,
    matrix: &Matrix,
    labels: &[f32],
    from: Option<Training>,
    checkpoint: &mut dyn FnMut(&Training),
) -> Ensemble {
    let data = Dataset {
        matrix,
        labels,
        weights: None,
    };
    let stop = AtomicBool::new(false);
    train(
        parameters,
        &data,
        None,
        from,
        &stop,
        &mut io::sink(),
        checkpoint,
    )
    .unwrap()
}

/// Returns numbers that look random and are always the same.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| random.f32()).collect()
}
