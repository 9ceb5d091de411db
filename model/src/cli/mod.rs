//! The command line: what SageMaker runs (`train`, `serve`), `evaluate` and `import`.
//!
//! The library's errors tell their causes in their own text: `Error::msg` keeps a chain of causes
//! from repeating them.

mod evaluate;
mod import;

pub use evaluate::EvaluateArgs;
pub use import::ImportArgs;
pub use sagemaker_container::cli::{ServeArgs, TrainArgs};

use crate::{serve, train, trial};
use anyhow::{Error, Result};
use axum::Router;
use clap::Subcommand;
use std::io;
use std::path::Path;
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
        Command::Train(args) => {
            args.run(|root, stop| train::run(root, stop, &mut io::stdout()).map_err(Error::msg))
                .await
        }
        Command::Serve(args) => args.run(load).await,
        Command::Evaluate(args) => spawn_blocking(move || evaluate::run(&args)).await?,
        Command::Import(args) => spawn_blocking(move || import::run(&args)).await?,
    }
}

fn load(folder: &Path) -> Result<Router> {
    let predictor = trial::load(folder).map_err(Error::msg)?;
    let labels = predictor.config().labels.join(", ");
    tracing::info!(model = %folder.display(), labels, "loaded");
    Ok(serve::router(predictor))
}
