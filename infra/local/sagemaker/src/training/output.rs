//! Artifacts of a training job: `S3OutputPath/JOB/output/model.tar.gz`, and `output.tar.gz` of
//! `output/data`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::spec::{S3Location, Spec};
use service::Objects;

/// Uploads both, as far as there is something. The model's S3 URI.
pub(super) async fn upload(
    objects: &Arc<dyn Objects>,
    spec: &Spec,
    folder: &Folder,
    job: &str,
) -> Result<Option<String>, String> {
    let place = &spec.output;
    let mut model = None;
    for (name, source) in [
        ("model.tar.gz", folder.model()),
        ("output.tar.gz", folder.output_data()),
    ] {
        let key = place.key(&format!("{job}/output/{name}"));
        let scratch = Scratch(folder.scratch(name));
        if put(objects, source, &scratch.0, (place, &key)).await? && name == "model.tar.gz" {
            model = Some(format!("s3://{}/{key}", place.bucket));
        }
    }
    Ok(model)
}

async fn put(
    objects: &Arc<dyn Objects>,
    source: PathBuf,
    scratch: &Path,
    (place, key): (&S3Location, &str),
) -> Result<bool, String> {
    let target = scratch.to_owned();
    // The job may have removed it.
    if !source.is_dir() {
        return Ok(false);
    }
    let packed = tokio::task::spawn_blocking(move || {
        let _ = std::fs::remove_file(&target); // no link that the job has left is written through
        model_archive::pack(&source, &target)
    });
    let packed = packed.await.map_err(|error| error.to_string())?;
    if packed.map_err(|error| format!("{}: {error}", scratch.display()))? == 0 {
        return Ok(false);
    }
    let put = objects.put_file(&place.bucket, key, scratch, "application/x-gzip");
    put.await.map_err(|error| error.to_string())?;
    Ok(true)
}

/// A file that is gone with this value.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been there.
        let _ = std::fs::remove_file(&self.0);
    }
}
