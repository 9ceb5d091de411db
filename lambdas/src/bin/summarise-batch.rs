//! The Lambda function summarise-batch: counts what came of the images of a map run.

use std::process::ExitCode;

use lambdas::summarise::SummariseBatch;

fn main() -> ExitCode {
    lambdas::runtime::main::<SummariseBatch>()
}
