//! `scones gc`: deletes executions that are over.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;

use crate::{cli, key};

/// Runs the verb.
pub(crate) fn run(options: &cli::Gc) -> anyhow::Result<ExitCode> {
    // A misspelt directory would be made, and be found clean.
    if !options.data_dir.is_dir() {
        bail!("there is no data directory {}", options.data_dir.display());
    }
    let age = Duration::from_hours(24 * u64::from(options.older_than));
    let swept = scones_local::gc(&options.data_dir, age, key::of_environment()?.as_ref())?;
    println!(
        "{} executions deleted, {:.1} MB given back",
        swept.executions,
        swept.bytes as f64 / 1e6
    );
    Ok(ExitCode::SUCCESS)
}
