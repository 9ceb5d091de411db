//! The Lambda function evaluate-model: says how good a model is, from a transform job's
//! predictions.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::evaluate_model()
}
