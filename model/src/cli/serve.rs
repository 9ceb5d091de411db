//! `scones-model serve`.

use super::asked_to_stop;
use crate::{serve, trial};
use anyhow::{Context, Error, Result};
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;

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

pub(super) async fn run(args: ServeArgs) -> Result<()> {
    let stopped = asked_to_stop()?;
    let folder = args.model_dir.clone();
    let predictor = tokio::task::spawn_blocking(move || trial::load(&folder)).await?;
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
