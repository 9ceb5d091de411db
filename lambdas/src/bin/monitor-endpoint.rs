//! The Lambda function monitor-endpoint: compares an endpoint's captured traffic with its baseline.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::monitor_endpoint()
}
