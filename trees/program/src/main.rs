//! The program of the container for tables: `scones-tabular train`, `serve`, `evaluate` and
//! `split`.

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Trains and serves models of tables under SageMaker's container contracts.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: scones_tabular::cli::Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match scones_tabular::cli::run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error_text::with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
