//! The Lambda function filter-inferences: lets only confident answers through.

use std::process::ExitCode;

use lambdas::filter::FilterInferences;

fn main() -> ExitCode {
    lambdas::runtime::main::<FilterInferences>()
}
