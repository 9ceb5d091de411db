//! The command line: what SageMaker runs (`train`, `serve`), `evaluate` and `import`.
//!
//! The library's errors tell their causes in their own text: `Error::msg` keeps a chain of causes
//! from repeating them.

mod evaluate;
mod import;
mod serve;
mod train;

pub use evaluate::EvaluateArgs;
pub use import::ImportArgs;
pub use serve::ServeArgs;
pub use train::TrainArgs;

use anyhow::Result;
use clap::Subcommand;
use std::future::Future;
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

/// The verbs of `scones-model`.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Train under SageMaker's training contract: ROOT/input in, ROOT/model out.
    Train(TrainArgs),
    /// Serve a model under SageMaker's hosting contract: GET /ping, POST /invocations.
    Serve(ServeArgs),
    /// Measure a model: accuracy, calibration, confusion matrix, what the confidence gate lets
    /// through.
    Evaluate(EvaluateArgs),
    /// Make a model.tar.gz of an ONNX image classifier, after checking that it can be served.
    Import(ImportArgs),
}

/// Runs a command to its end; SIGTERM and Ctrl-C end it in an orderly way.
pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Train(args) => train::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Evaluate(args) => spawn_blocking(move || evaluate::run(&args)).await?,
        Command::Import(args) => spawn_blocking(move || import::run(&args)).await?,
    }
}

/// Done when someone asks this process to stop. The handlers are in place when this returns.
fn asked_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
