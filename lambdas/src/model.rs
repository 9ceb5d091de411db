//! A model out of S3, for a function that scores or looks at images itself.

use std::path::Path;

use aws_sdk_s3::Client;
use scones_model::artifact;
use scones_model::serve::Predictor;
use scones_model::trial;
use tokio::io::AsyncWriteExt;

use s3_objects::{Error, Problem};
use s3_uri::S3Uri;

/// The most bytes of a `model.tar.gz`. Lambda's /tmp has 512 MB, and what comes out lies there
/// beside it.
const MAX_PACKED: u64 = 128 << 20;

/// The most bytes that may come out of it.
const MAX_UNPACKED: u64 = 320 << 20;

/// An error of loading a model.
pub(crate) enum LoadError {
    /// Later there may be one.
    Unavailable(String),
    /// There is no model at that location, or it is invalid.
    Unusable(String),
}

impl From<Error> for LoadError {
    fn from(Error { problem, .. }: Error) -> Self {
        match problem {
            Problem::Unavailable(..) => Self::Unavailable(problem.to_string()),
            _ => Self::Unusable(problem.to_string()),
        }
    }
}

/// Downloads, unpacks and reads a `model.tar.gz`.
pub(crate) async fn load(s3: &Client, artifact: &S3Uri) -> Result<Predictor, LoadError> {
    let folder = tempfile::tempdir().map_err(no_space)?;
    let packed = folder.path().join("model.tar.gz");
    download(s3, artifact, &packed).await?;
    let loading = tokio::task::spawn_blocking(move || unpack(folder.path(), &packed));
    let loaded = loading.await.unwrap_or_else(|panic| Err(panic.to_string()));
    loaded.map_err(LoadError::Unusable)
}

/// A full disk may be empty in another environment.
#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn no_space(error: std::io::Error) -> LoadError {
    LoadError::Unavailable(format!("no place for it: {error}"))
}

async fn download(s3: &Client, artifact: &S3Uri, to: &Path) -> Result<(), LoadError> {
    let mut body = s3_objects::open(s3, artifact).await?;
    let mut file = tokio::fs::File::create(to).await.map_err(no_space)?;
    let mut bytes = 0;
    while let Some(piece) = body.next_piece().await? {
        bytes += piece.as_ref().len() as u64;
        if bytes > MAX_PACKED {
            let max = MAX_PACKED;
            return Err(LoadError::Unusable(
                Problem::TooLarge { bytes, max }.to_string(),
            ));
        }
        file.write_all(piece.as_ref()).await.map_err(no_space)?;
    }
    file.flush().await.map_err(no_space)
}

fn unpack(folder: &Path, packed: &Path) -> Result<Predictor, String> {
    let unpacked = folder.join("model");
    artifact::unpack_at_most(packed, &unpacked, MAX_UNPACKED).map_err(|error| error.to_string())?;
    trial::load(&unpacked).map_err(|error| error.to_string())
}
