//! `scones evaluate`: JSONata, in a process that may be killed.

use std::process::ExitCode;

/// Runs the verb.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    local_states::serve_evaluations()?;
    Ok(ExitCode::SUCCESS)
}
