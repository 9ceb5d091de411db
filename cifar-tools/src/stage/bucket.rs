//! Staging into an S3 bucket.
//!
//! The source is decoded on one thread; images go through a short queue to concurrent uploads, and
//! wait when the network is slower. Retries are the client's. Objects that are there with the same
//! content are left alone: S3's ETag of a plain upload is its MD5. (Under SSE-KMS it is not; then
//! every run uploads again, which is only slower.) The manifests are uploaded last: where they are,
//! the images are too.

#[cfg(test)]
mod tests;

use super::{Error, Image, Source, Summary};
use crate::progress::Progress;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use md5::{Digest, Md5};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

/// Uploads at a time: more gain little, and S3 takes 3,500 a second for a prefix.
const UPLOADS: usize = 32;

/// The bucket and the key prefix to stage to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// Precedes `train/…` in the keys; empty, or ending in `/`.
    prefix: String,
}

impl Bucket {
    /// A bucket, and a prefix with or without its last slash.
    #[must_use]
    pub fn new(name: impl Into<String>, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        Self {
            name: name.into(),
            prefix,
        }
    }

    /// The key of a path in the set.
    #[must_use]
    pub fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// Stages the images of `source` to `bucket`.
///
/// # Errors
/// The errors of reading the source, and [`Error::S3`]. Images that were already uploaded remain,
/// without manifests; the next run resumes from there.
pub async fn stage_to_bucket(
    client: &Client,
    bucket: &Bucket,
    mut source: Source<'static>,
    mut progress: impl Progress + Send + 'static,
) -> Result<Summary, Error> {
    let etags = list(client, bucket).await?;
    let images = Arc::new(AtomicU64::new(0));
    let (queue, queued) = mpsc::channel::<Image>(UPLOADS);
    let decoding = spawn_blocking({
        let images = images.clone();
        move || {
            // A closed queue means that an upload failed: its error is the one that is reported.
            let put = |image| {
                queue
                    .blocking_send(image)
                    .map_err(|_| super::error::uploads_ended())
            };
            source.run(&images, &mut progress, put)
        }
    });
    let mut uploads = Uploads {
        client,
        bucket,
        etags,
        images,
        running: JoinSet::new(),
        written: 0,
        skipped: 0,
    };
    uploads.run(queued).await?;
    let staged = decoding.await.map_err(|e| Error::Encode(e.to_string()))??;
    for (name, content_type, text) in staged.files()? {
        uploads
            .put(name.to_owned(), text.into_bytes(), content_type)
            .await?;
    }
    uploads.drain(0).await?;
    Ok(Summary {
        written: uploads.written,
        skipped: uploads.skipped,
        ..staged.summary
    })
}

struct Uploads<'a> {
    client: &'a Client,
    bucket: &'a Bucket,
    /// ETags by key, as listed.
    etags: HashMap<String, String>,
    images: Arc<AtomicU64>,
    running: JoinSet<Result<(), Error>>,
    written: usize,
    skipped: usize,
}

impl Uploads<'_> {
    async fn run(&mut self, mut queued: mpsc::Receiver<Image>) -> Result<(), Error> {
        while let Some(Image { split, name, png }) = queued.recv().await {
            self.put(format!("{}/{name}", split.name()), png, "image/png")
                .await?;
            self.images.fetch_add(1, Ordering::Relaxed);
        }
        self.drain(0).await
    }

    /// Starts an upload if it is needed, and waits while too many run.
    async fn put(&mut self, path: String, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        let key = self.bucket.key(&path);
        if self
            .etags
            .get(&key)
            .is_some_and(|etag| *etag == hex(&Md5::digest(&bytes)))
        {
            self.skipped += 1;
            return Ok(());
        }
        self.written += 1;
        let what = format!("uploading s3://{}/{key} failed", self.bucket.name);
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket.name)
            .key(key)
            .content_type(content_type);
        let put = put.body(ByteStream::from(bytes));
        self.running
            .spawn(async move { put.send().await.map(drop).map_err(|e| s3_error(what, &e)) });
        self.drain(UPLOADS - 1).await
    }

    /// Waits until at most `max` uploads run.
    async fn drain(&mut self, max: usize) -> Result<(), Error> {
        while self.running.len() > max {
            if let Some(ended) = self.running.join_next().await {
                ended.map_err(|e| Error::Encode(e.to_string()))??;
            }
        }
        Ok(())
    }
}

/// The ETags of all objects under the prefix, by key.
async fn list(client: &Client, bucket: &Bucket) -> Result<HashMap<String, String>, Error> {
    let mut pages = client
        .list_objects_v2()
        .bucket(&bucket.name)
        .prefix(&bucket.prefix)
        .into_paginator()
        .send();
    let mut etags = HashMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| {
            s3_error(
                format!("listing s3://{}/{} failed", bucket.name, bucket.prefix),
                &e,
            )
        })?;
        etags.extend(
            page.contents
                .unwrap_or_default()
                .into_iter()
                .filter_map(|object| {
                    let etag = object.e_tag?.trim_matches('"').to_owned();
                    Some((object.key?, etag))
                }),
        );
    }
    Ok(etags)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn s3_error<E>(what: String, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let why = match (error.code(), error.message()) {
        (Some("NoSuchBucket"), _) => "the bucket does not exist; create it, or give another \
                                      --bucket"
            .to_owned(),
        (Some("AccessDenied"), _) => {
            "access denied; the role needs s3:ListBucket on the bucket and s3:PutObject on its \
             objects"
                .to_owned()
        }
        (Some(code), message) => format!("{code}: {}", message.unwrap_or("no message")),
        (None, _) => DisplayErrorContext(error).to_string(),
    };
    Error::S3 { what, why }
}
