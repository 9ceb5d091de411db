//! The Lambda function filter-inferences: lets only confident answers through.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::filter_inferences()
}
