//! The command line: what SageMaker runs (`train`, `serve`), and `evaluate`.
//!
//! The library's errors tell their causes in their own text: `Error::msg` keeps a chain of causes from repeating them.

use crate::data::Dataset;
use crate::serve::{self, Predictor};
use crate::{artifact, train};
use anyhow::{Context, Error, Result, ensure};
use clap::{Args, Subcommand};
use evaluation::Evaluation;
use rayon::prelude::*;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The verbs of `scones-model`.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Train under SageMaker's training contract: ROOT/input in, ROOT/model out.
    Train(TrainArgs),
    /// Serve a model under SageMaker's hosting contract: GET /ping, POST /invocations.
    Serve(ServeArgs),
    /// Measure a model: accuracy, calibration, confusion matrix, what the confidence gate lets through.
    Evaluate(EvaluateArgs),
}

/// Arguments of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    /// Folder with input/config, input/data, and room for model/ and output/.
    #[arg(long, default_value = train::ROOT)]
    pub root: PathBuf,
}

/// Arguments of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Folder with model.onnx and config.json.
    #[arg(long, default_value = "/opt/ml/model")]
    pub model_dir: PathBuf,
    /// Address to listen on. In a container this must be all of them.
    #[arg(long, default_value = "0.0.0.0")]
    pub host: IpAddr,
    /// Port to listen on.
    #[arg(long, env = "SAGEMAKER_BIND_TO_PORT", default_value_t = 8080)]
    pub port: u16,
}

/// Arguments of `evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of a model, or its model.tar.gz.
    #[arg(long)]
    pub model: PathBuf,
    /// Folder of the images.
    #[arg(long)]
    pub images: PathBuf,
    /// List of the images with their classes.
    #[arg(long)]
    pub lst: PathBuf,
    /// Lowest confidence that passes the gate.
    #[arg(long, default_value_t = 0.93)]
    pub threshold: f32,
    /// Also write the figures to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Runs a command to its end; SIGTERM and Ctrl-C end it in an orderly way.
pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Train(args) => train(args).await,
        Command::Serve(args) => serve(args).await,
        Command::Evaluate(args) => tokio::task::spawn_blocking(move || evaluate(&args)).await?,
    }
}

/// Trains on a thread of its own; a signal makes it save what it has and end.
async fn train(args: TrainArgs) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = asked_to_stop()?;
    let setter = Arc::clone(&stop);
    tokio::spawn(async move {
        stopped.await;
        setter.store(true, Ordering::Relaxed);
    });
    let training =
        tokio::task::spawn_blocking(move || train::run(&args.root, &stop, &mut io::stdout()));
    training.await?.map_err(Error::msg)
}

async fn serve(args: ServeArgs) -> Result<()> {
    let stopped = asked_to_stop()?;
    let folder = args.model_dir.clone();
    let predictor = tokio::task::spawn_blocking(move || Predictor::load(&folder)).await?;
    let predictor = predictor.map_err(Error::msg)?;
    let address = (args.host, args.port);
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.with_context(|| format!("can't listen on {}:{}", args.host, args.port))?;
    let labels = predictor.config().labels.join(", ");
    tracing::info!(address = %listener.local_addr()?, model = %args.model_dir.display(), labels, "serving");
    serve::run(listener, predictor, stopped).await?;
    tracing::info!("stopped");
    Ok(())
}

fn evaluate(args: &EvaluateArgs) -> Result<()> {
    let unpacked = tempfile::tempdir()?;
    let folder = match args.model.is_dir() {
        true => args.model.as_path(),
        false => {
            artifact::unpack(&args.model, unpacked.path()).map_err(Error::msg)?;
            unpacked.path()
        }
    };
    let predictor = Predictor::load(folder).map_err(Error::msg)?;
    ensure!(
        (0.0..=1.0).contains(&args.threshold),
        "--threshold is {}; expected 0 to 1",
        args.threshold
    );
    let evaluation = evaluation(&predictor, &args.images, &args.lst)?;
    let report = evaluation.report(&predictor.config().labels, args.threshold);
    print!("{report}");
    if let Some(path) = &args.json {
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(path, json).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

/// Scores the listed images as the endpoint would.
fn evaluation(predictor: &Predictor, images: &Path, list: &Path) -> Result<Evaluation> {
    let config = predictor.config();
    let data = Dataset::read(images, list, config.labels.len(), config.input.size());
    let data = data.map_err(Error::msg)?;
    let scores: Vec<Vec<f32>> = data
        .pictures
        .par_iter()
        .map(|picture| predictor.score(picture))
        .collect::<Result<_, _>>()?;
    Ok(Evaluation::new(scores, &data.classes))
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
