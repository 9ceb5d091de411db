//! A training job: its folder, and its failure.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html>

use std::fmt::Display;
use std::fs;
use std::path::Path;

/// The folder where SageMaker mounts a training job's files.
pub const ROOT: &str = "/opt/ml";

/// The length of a failure's reason that SageMaker shows, in characters.
const MAX_REASON: usize = 1024;

/// Runs a training; the text of its error goes to `<root>/output/failure`, as the contract asks.
///
/// # Errors
/// The training fails.
pub fn run<T, E: Display>(root: &Path, train: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let result = train();
    if let Err(error) = &result {
        write_failure(root, &error.to_string());
    }
    result
}

/// Best effort: nobody is left to report to if the reason can't be written either, and the exit
/// code remains.
fn write_failure(root: &Path, reason: &str) {
    let folder = root.join("output");
    let reason: String = reason.chars().take(MAX_REASON).collect();
    let written =
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("failure"), reason));
    if let Err(error) = written {
        tracing::warn!(%error, folder = %folder.display(), "can't write the reason of the failure");
    }
}
