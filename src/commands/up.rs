//! `scones up`: the local stack, until it is told to stop.

use std::process::ExitCode;

use super::stack;
use crate::cli;

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(up: &cli::Up) -> anyhow::Result<ExitCode> {
    let template = (!up.empty).then_some(up.stack.template.as_path());
    let running = stack::start(&up.stack, template).await?;
    stack::introduce(&running);
    stack::shutdown_requested(&up.stack).await?;
    eprintln!("stopping");
    running.shut_down().await;
    Ok(ExitCode::SUCCESS)
}
