//! `scones model`: the model container's program.

use std::process::ExitCode;

use scones_model::cli::Command;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    super::start_logging("info");
    scones_model::cli::run(command).await?;
    Ok(ExitCode::SUCCESS)
}
