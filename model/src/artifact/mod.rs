//! The artifact of a training: `model.onnx`, `config.json` and `weights.safetensors`.
//!
//! SageMaker packs this folder into `model.tar.gz` and unpacks it again for the endpoint. A network
//! that was trained here is served from its weights, on the kernels it was trained with, which are
//! faster than a general runtime. The ONNX file is for other programs, and for other models: any
//! classifier that can be exported to ONNX is served from it, without weights beside it. It takes a
//! normalized image and gives probabilities; the config says how to get from an image to that
//! input, and what the probabilities are called.

mod config;
mod onnx;
mod pack;
mod weights;

pub use config::{Config, Input};
pub use pack::{PackError, pack, unpack, unpack_at_most};

use crate::file;
use crate::network::Network;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The classifier for any runtime of ONNX.
pub const MODEL: &str = "model.onnx";
/// Input shape, normalization and labels.
pub const CONFIG: &str = "config.json";
/// Everything that training changes, to serve and to train on from.
pub const WEIGHTS: &str = "weights.safetensors";

/// Bytes that a config may have: names for a hundred thousand classes.
const MAX_CONFIG: u64 = 8 << 20;
/// Bytes that an ONNX file may have: a protocol buffer ends at 2 GiB.
pub(crate) const MAX_MODEL: u64 = 2 << 30;

/// An artifact that can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The config is not what it should be.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// The weights don't fit the network.
    #[error("{path}: {reason}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
}

/// Writes the three files of the artifact into `folder`, which is made if need be.
pub fn write(folder: &Path, config: &Config, network: &Network) -> Result<(), ArtifactError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ArtifactError::File { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let files = [
        (MODEL, onnx::encode(network, config)),
        (CONFIG, config.to_json().into_bytes()),
        (WEIGHTS, weights::encode(network)),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(failed(&path))?;
    }
    Ok(())
}

/// Reads the config of the artifact in `folder`.
pub fn read_config(folder: &Path) -> Result<Config, ArtifactError> {
    let path = folder.join(CONFIG);
    let text = file::read(&path, MAX_CONFIG).map_err(|source| ArtifactError::File {
        path: path.clone(),
        source,
    })?;
    Config::from_json(&text).map_err(|reason| ArtifactError::Config { path, reason })
}

/// Replaces the weights of `network` by those of the artifact in `folder`.
pub fn read_weights(folder: &Path, network: &mut Network) -> Result<(), ArtifactError> {
    let path = folder.join(WEIGHTS);
    weights::decode(&read_weights_file(&path)?, network)
        .map_err(|reason| ArtifactError::Weights { path, reason })
}

/// Reads the network of the artifact in `folder`; none if it was not trained here, or if its
/// weights are missing.
pub fn read_network(folder: &Path, config: &Config) -> Result<Option<Network>, ArtifactError> {
    let path = folder.join(WEIGHTS);
    if config.widths.is_empty() || !path.exists() {
        return Ok(None);
    }
    weights::network(
        &read_weights_file(&path)?,
        &config.widths,
        config.labels.len(),
    )
    .map(Some)
    .map_err(|reason| ArtifactError::Weights { path, reason })
}

fn read_weights_file(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    file::read(path, MAX_MODEL).map_err(|source| ArtifactError::File {
        path: path.to_owned(),
        source,
    })
}
