//! `scones-model train`.

use super::asked_to_stop;
use crate::train;
use anyhow::{Error, Result};
use clap::Args;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Arguments of `train`.
#[derive(Clone, Debug, Args)]
pub struct TrainArgs {
    /// Folder with input/config, input/data, and room for model/ and output/. Checkpoints are kept
    /// in checkpoints/ if there is such a folder.
    #[arg(long, default_value = train::ROOT)]
    pub root: PathBuf,
}

/// Trains on a thread of its own; a signal makes it save what it has and end.
pub(super) async fn run(args: TrainArgs) -> Result<()> {
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
