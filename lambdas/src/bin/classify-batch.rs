//! The Lambda function classify-batch: serializes, classifies and judges a batch of images.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdas::programs::classify_batch()
}
