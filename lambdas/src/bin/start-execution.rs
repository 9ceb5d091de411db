//! The Lambda function start-execution: starts an execution for each upload.

use std::process::ExitCode;

use lambdas::start::StartExecution;

fn main() -> ExitCode {
    lambdas::runtime::main::<StartExecution>()
}
