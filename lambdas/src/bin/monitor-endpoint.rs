//! The Lambda function monitor-endpoint: compares an endpoint's captured traffic with its baseline.

use std::process::ExitCode;

use lambdas::monitor::MonitorEndpoint;

fn main() -> ExitCode {
    lambdas::runtime::main::<MonitorEndpoint>()
}
