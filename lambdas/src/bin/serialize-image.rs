//! The Lambda function serialize-image: fits an image of S3 to the model's input.

use std::process::ExitCode;

use lambdas::serialize::SerializeImage;

fn main() -> ExitCode {
    lambdas::runtime::main::<SerializeImage>()
}
