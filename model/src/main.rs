//! The model container's program: `scones-model train`, `serve`, `evaluate` and `import`.

use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Trains and serves an image classifier under SageMaker's container contracts.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: scones_model::cli::Command,
}

fn main() -> ExitCode {
    // Before there are threads, which would have been started without limits.
    match scones_model::trial::answer() {
        Some(code) => code,
        None => run(),
    }
}

#[tokio::main]
async fn run() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match scones_model::cli::run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error_text::with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
