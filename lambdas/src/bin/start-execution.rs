//! The Lambda function start-execution: starts an execution for each upload.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::start_execution()
}
