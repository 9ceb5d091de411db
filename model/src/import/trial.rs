//! Finds out by running a model what its scores are.

use super::ImportError;
use super::graph::Graph;
use rten::{Model, ModelOptions, ValueView};
use rten_tensor::{AsView, Layout, NdTensorView, Tensor};

/// The number of random inputs that a model must score.
const INPUTS: u64 = 4;

/// The tolerance of the sum of probabilities, and of their range.
const TOLERANCE: f32 = 1e-3;

/// The kind of scores of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scores {
    /// Numbers from 0 to 1 that add up to 1; `is_row` if they come as `[N, classes]`.
    Probabilities { is_row: bool },
    /// Any other numbers.
    Logits { is_row: bool },
}

/// Runs the model on random pictures. `graph` is that of the model, whose input is `[N, 3, height,
/// width]` by now.
pub(super) fn kind_of_scores(
    model: Vec<u8>,
    graph: &Graph,
    classes: usize,
) -> Result<Scores, ImportError> {
    let loaded = ModelOptions::with_all_ops().load(model);
    let model = loaded.map_err(|error| ImportError::Runtime(error.to_string()))?;
    let mut rows = Vec::new();
    let mut is_row = true;
    for seed in 0..INPUTS {
        let output = run(&model, graph, seed)?;
        is_row &= output.shape() == [1, classes];
        rows.push(row(&output, classes).map_err(ImportError::Output)?);
    }
    let is_probable = rows.iter().all(|row| is_distribution(row));
    match (is_probable, graph.last_operator.as_str()) {
        (true, _) => Ok(Scores::Probabilities { is_row }),
        (false, operator @ ("Sigmoid" | "HardSigmoid")) => Err(ImportError::Output(format!(
            "the last operator is {operator}: each class has a probability of its own, and \
             several can hold; expected one row of scores of which the highest decides"
        ))),
        (false, _) => Ok(Scores::Logits { is_row }),
    }
}

/// The output for a random picture.
fn run(model: &Model, graph: &Graph, seed: u64) -> Result<Tensor<f32>, ImportError> {
    let shape = [1, 3, graph.shape.height(), graph.shape.width()];
    let mut random = fastrand::Rng::with_seed(seed);
    let values = (0..shape.iter().product()).map(|_| random.f32() * 2.0 - 1.0);
    let values: Vec<f32> = values.collect();
    let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
        return Err(ImportError::Output("expected one".into()));
    };
    let picture = ValueView::from(NdTensorView::from_data(shape, &values[..]));
    let outputs = model.run_n(vec![(input, picture.into())], [output], None);
    let [output] = outputs.map_err(|error| ImportError::Runtime(error.to_string()))?;
    let kind = output.dtype();
    output
        .try_into()
        .map_err(|_| ImportError::Output(format!("it holds values of type {kind}; expected float")))
}

/// The scores of one picture.
fn row(output: &Tensor<f32>, classes: usize) -> Result<Vec<f32>, String> {
    if output.len() != classes {
        return Err(format!(
            "its shape for one picture is {:?}, but there are {classes} labels",
            output.shape()
        ));
    }
    let values = output.to_vec();
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err("some scores are not finite".into())
    }
}

fn is_distribution(row: &[f32]) -> bool {
    let range = -TOLERANCE..=1.0 + TOLERANCE;
    let sum: f32 = row.iter().sum();
    row.iter().all(|value| range.contains(value)) && (sum - 1.0).abs() <= TOLERANCE
}
