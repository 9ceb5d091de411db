//! Stages images: from the archive to the bucket, and from the bucket to the folder that a training
//! job reads.

use std::path::{Component, Path};

use anyhow::{Context, ensure};
use aws_sdk_s3::Client;
use cifar_tools::classes::Classes;
use cifar_tools::manifest::Manifest;
use cifar_tools::stage::{self, Source, Summary};
use futures::{StreamExt, TryStreamExt};

use super::data;
use crate::progress;

/// Objects that are read at a time.
const READS: usize = 16;

/// Stages bicycles and motorcycles of `archive` to `bucket`.
pub(crate) async fn stage(
    client: &Client,
    bucket: &str,
    archive: &Path,
) -> anyhow::Result<Summary> {
    let bar = progress::Bytes::start("staging");
    let to = stage::Bucket::new(bucket, "");
    let staged = stage::stage_to_bucket(
        client,
        &to,
        Source::archive(data::open(archive)?, Classes::default()),
        bar.sink(),
    )
    .await;
    staged.with_context(|| format!("staging {} to s3://{bucket}", archive.display()))
}

/// The manifest of a split, `train` or `test`, as it stands in the bucket.
pub(crate) async fn manifest(
    client: &Client,
    bucket: &str,
    split: &str,
) -> anyhow::Result<Manifest> {
    let text = get(client, bucket, &format!("{split}.lst")).await?;
    Ok(String::from_utf8(text)?.parse()?)
}

/// Downloads what the manifest of `split` names into a SageMaker channel, and the manifest into
/// another.
pub(crate) async fn channel(
    client: &Client,
    bucket: &str,
    split: &str,
    name: &str,
    root: &Path,
) -> anyhow::Result<usize> {
    let manifest = manifest(client, bucket, split).await?;
    let images = root.join("input/data").join(name);
    let lists = root.join("input/data").join(format!("{name}_lst"));
    tokio::fs::create_dir_all(&images).await?;
    tokio::fs::create_dir_all(&lists).await?;
    tokio::fs::write(lists.join(format!("{split}.lst")), manifest.to_string()).await?;
    for line in manifest.lines() {
        let stays_inside = Path::new(&line.path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        ensure!(
            stays_inside,
            "{split}.lst names {:?}, which is no path in a folder",
            line.path
        );
    }
    let downloads = manifest.lines().iter().map(|line| async {
        let image = get(client, bucket, &format!("{split}/{}", line.path)).await?;
        tokio::fs::write(images.join(&line.path), image)
            .await
            .with_context(|| line.path.clone())
    });
    futures::stream::iter(downloads)
        .buffer_unordered(READS)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(manifest.lines().len())
}

/// An object's bytes.
pub(crate) async fn get(client: &Client, bucket: &str, key: &str) -> anyhow::Result<Vec<u8>> {
    let object = client.get_object().bucket(bucket).key(key).send().await;
    let object = object
        .map_err(aws_sdk_s3::Error::from)
        .with_context(|| format!("reading s3://{bucket}/{key}"))?;
    Ok(object.body.collect().await?.to_vec())
}
