//! The model itself, for scores and embeddings.

use std::sync::Arc;

use anyhow::Context;
use aws_sdk_s3::Client;
use monitor::observed::Embed;
use scones_model::artifact;
use scones_model::serve::Predictor;
use scones_model::trial;

use super::files;
use crate::cli::monitor::Location;

/// Loads a model from its folder, its archive, or an archive in S3.
pub(super) async fn load(s3: &Client, location: &Location) -> anyhow::Result<Arc<Predictor>> {
    let folder = tempfile::tempdir().context("a folder for the model")?;
    let archive = match location {
        Location::Local(path) if path.is_dir() => {
            let path = path.clone();
            return Ok(Arc::new(
                tokio::task::spawn_blocking(move || trial::load(&path)).await??,
            ));
        }
        Location::Local(path) => path.clone(),
        Location::S3(_) => {
            let archive = folder.path().join("model.tar.gz");
            tokio::fs::write(&archive, files::read(s3, location).await?)
                .await
                .context("a place for the model")?;
            archive
        }
    };
    let load = move || -> anyhow::Result<Predictor> {
        let unpacked = folder.path().join("model");
        artifact::unpack(&archive, &unpacked)?;
        Ok(trial::load(&unpacked)?)
    };
    Ok(Arc::new(tokio::task::spawn_blocking(load).await??))
}

/// Returns the model's embedding function.
pub(super) fn embed(predictor: Arc<Predictor>) -> Embed {
    Box::new(move |image| predictor.embed(image).map_err(|error| error.to_string()))
}

/// Returns the reason why embeddings are not compared.
pub(super) fn none() -> String {
    "no model was given: add --model".to_owned()
}
