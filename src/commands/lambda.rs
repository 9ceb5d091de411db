//! `scones lambda NAME`: one Lambda function, as its own program would run.

use std::process::ExitCode;

use crate::cli;

/// Runs the verb; on one thread, as the functions' own programs do.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(lambda: &cli::Lambda) -> anyhow::Result<ExitCode> {
    let function: lambdas::Function = lambda.name.parse()?;
    function.run().await?;
    Ok(ExitCode::SUCCESS)
}
