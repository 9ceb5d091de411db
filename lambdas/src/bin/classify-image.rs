//! The Lambda function classify-image: asks the endpoint what an image shows.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::classify_image()
}
