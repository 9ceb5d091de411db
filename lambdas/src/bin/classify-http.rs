//! The Lambda function classify-http: answers an HTTP request with what its image shows.

use std::process::ExitCode;

use lambdas::classify_http::ClassifyHttp;

fn main() -> ExitCode {
    lambdas::runtime::main::<ClassifyHttp>()
}
