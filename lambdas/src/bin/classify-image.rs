//! The Lambda function classify-image: asks the endpoint what an image shows.

use std::process::ExitCode;

use lambdas::classify::ClassifyImage;

fn main() -> ExitCode {
    lambdas::runtime::main::<ClassifyImage>()
}
