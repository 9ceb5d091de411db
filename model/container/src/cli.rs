//! The arguments of `train` and `serve`, and the life of both programs.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Error, Result};
use axum::Router;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use crate::{job, serve};

/// Arguments of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Folder of the model.
    #[arg(long, default_value = "/opt/ml/model")]
    pub model_dir: PathBuf,
    /// Address to listen on. In a container this must be all of them.
    #[arg(long, default_value = "0.0.0.0")]
    pub host: IpAddr,
    /// Port to listen on.
    #[arg(long, env = "SAGEMAKER_BIND_TO_PORT", default_value_t = 8080)]
    pub port: u16,
}

/// Arguments of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    /// Folder with input/config, input/data, and room for model/ and output/. Checkpoints are kept
    /// in checkpoints/ if there is such a folder.
    #[arg(long, default_value = job::ROOT)]
    pub root: PathBuf,
}

impl ServeArgs {
    /// Loads the model, which gives the routes, and serves it until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// The model can't be loaded, or the port is taken.
    pub async fn run<E: Into<Error> + Send + 'static>(
        self,
        load: impl FnOnce(&Path) -> Result<Router, E> + Send + 'static,
    ) -> Result<()> {
        let stopped = stop_signal()?;
        let folder = self.model_dir.clone();
        let loaded = spawn_blocking(move || load(&folder)).await?;
        let routes = loaded.map_err(Into::into)?;
        let listener = TcpListener::bind((self.host, self.port)).await;
        let listener =
            listener.with_context(|| format!("can't listen on {}:{}", self.host, self.port))?;
        let (address, model) = (listener.local_addr()?, self.model_dir.display());
        tracing::info!(%address, %model, "serving");
        serve::run(listener, routes, stopped).await?;
        tracing::info!("stopped");
        Ok(())
    }
}

impl TrainArgs {
    /// Trains on a thread of its own; SIGTERM and Ctrl-C set the flag that makes a training save
    /// what it has and end.
    ///
    /// # Errors
    /// The training fails.
    pub async fn run<E: Into<Error> + Send + 'static>(
        self,
        train: impl FnOnce(&Path, &AtomicBool) -> Result<(), E> + Send + 'static,
    ) -> Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop_signal()?;
        let setter = Arc::clone(&stop);
        tokio::spawn(async move {
            stopped.await;
            setter.store(true, Ordering::Relaxed);
        });
        let training = spawn_blocking(move || train(&self.root, &stop));
        training.await?.map_err(Into::into)
    }
}

/// Completes when this process is asked to stop. The handlers are in place when this returns.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
