//! Checkpoints: brought from S3 before the first run, and taken there after each.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::channels;
use super::folder::Folder;
use super::spec::Checkpoints;
use crate::jobs::inputs::Source;
use service::Objects;

/// Brings what an earlier job left in S3. What an earlier run of this job left on this disk is
/// newer.
pub(super) async fn restore(
    objects: &Arc<dyn Objects>,
    checkpoints: &Checkpoints,
    folder: &Folder,
) -> Result<(), String> {
    let place = &checkpoints.place;
    let target = folder.root().join(&checkpoints.folder);
    if !files(&target)
        .map_err(|error| named(&target, &error))?
        .is_empty()
    {
        return Ok(());
    }
    let uri = format!("s3://{}/{}", place.bucket, place.key(""));
    let source = json!({ "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": uri } });
    let mut inputs = Source::of(&source)?.inputs(Arc::clone(objects));
    loop {
        let page = inputs.next().await?;
        if page.is_empty() {
            return Ok(());
        }
        for input in page {
            channels::save(objects, &input, &target).await?;
        }
    }
}

/// Takes all checkpoints to S3.
pub(super) async fn save(
    objects: &Arc<dyn Objects>,
    checkpoints: &Checkpoints,
    folder: &Folder,
) -> Result<(), String> {
    let place = &checkpoints.place;
    let source = folder.root().join(&checkpoints.folder);
    for path in files(&source).map_err(|error| named(&source, &error))? {
        let name = path.strip_prefix(&source).unwrap_or(&path);
        let key = place.key(&name.to_string_lossy());
        let put = objects.put_file(&place.bucket, &key, &path, "application/octet-stream");
        put.await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// All files below a folder, sorted.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
