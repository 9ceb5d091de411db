//! `scones tabular`: the program of the container for tables.

use std::process::ExitCode;

use scones_tabular::cli::Command;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    super::start_logging("info");
    scones_tabular::cli::run(command).await?;
    Ok(ExitCode::SUCCESS)
}
