//! The command line: what SageMaker runs (`train`, `serve`), `evaluate` and `split`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use axum::Router;
use clap::{Args, Subcommand};
use sagemaker_container::cli::{ServeArgs, TrainArgs};
use tokio::task::spawn_blocking;

use crate::artifact::Model;
use crate::evaluate::{self, EvaluateArgs};
use crate::predictor::Predictor;
use crate::serve::{self, Defaults};
use crate::train;

/// The verbs of `scones-tabular`.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Train under SageMaker's training contract: ROOT/input in, ROOT/model out.
    Train(TrainArgs),
    /// Serve a model under SageMaker's hosting contract: GET /ping, POST /invocations.
    Serve(ServeArgs),
    /// Measure a model on a table with its target.
    Evaluate(EvaluateArgs),
    /// Cut a model into the two archives of a pipeline model.
    Split(SplitArgs),
}

/// Arguments of `split`.
#[derive(Clone, Debug, Args)]
pub struct SplitArgs {
    /// Folder of a model, or its model.tar.gz.
    pub model: PathBuf,
    /// The archive of the preprocessing to write.
    #[arg(long, value_name = "FILE", default_value = "preprocessing.tar.gz")]
    pub preprocessing: PathBuf,
    /// The archive of the trees to write.
    #[arg(long, value_name = "FILE", default_value = "trees.tar.gz")]
    pub trees: PathBuf,
}

/// Runs a command to its end; SIGTERM and Ctrl-C end it in an orderly way.
///
/// # Errors
/// The command fails.
pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Train(args) => {
            args.run(|root, stop| train::run(root, stop, &mut io::stdout()))
                .await
        }
        Command::Serve(args) => args.run(load).await,
        Command::Evaluate(args) => spawn_blocking(move || evaluate::run(&args)).await?,
        Command::Split(args) => spawn_blocking(move || split(&args)).await?,
    }
}

fn load(folder: &Path) -> Result<Router> {
    let predictor = Predictor::load(folder)?;
    Ok(serve::router(predictor, Defaults::from_environment()?))
}

fn split(args: &SplitArgs) -> Result<()> {
    let (preprocessing, trees) = Model::read(&args.model)?.split();
    anyhow::ensure!(
        preprocessing.preprocessing.is_some() && trees.trees.is_some(),
        "{} is one part of a model; split needs a whole one",
        args.model.display()
    );
    for (model, archive) in [(preprocessing, &args.preprocessing), (trees, &args.trees)] {
        let folder = tempfile::tempdir()?;
        model.write(folder.path(), &serde_json::json!({}))?;
        model_archive::pack(folder.path(), archive)
            .with_context(|| format!("{} can't be packed", archive.display()))?;
    }
    Ok(())
}
