//! The Lambda function classify-batch: serializes, classifies and judges a batch of images.

use std::process::ExitCode;

use lambdas::batch::ClassifyBatch;

fn main() -> ExitCode {
    lambdas::runtime::main::<ClassifyBatch>()
}
