//! The Lambda function summarize-batch: counts what came of the images of a map run.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::summarize_batch()
}
