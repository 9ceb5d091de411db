//! The Lambda function evaluate-model: says how good a model is, from a transform job's predictions.

use std::process::ExitCode;

use lambdas::evaluate::EvaluateModel;

fn main() -> ExitCode {
    lambdas::runtime::main::<EvaluateModel>()
}
