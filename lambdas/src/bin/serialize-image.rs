//! The Lambda function serialize-image: fits an image of S3 to the model's input.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::serialize_image()
}
