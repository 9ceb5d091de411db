//! The Lambda function classify-http: answers an HTTP request with what its image shows.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::classify_http()
}
