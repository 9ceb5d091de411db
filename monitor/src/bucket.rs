//! The little that monitoring asks of S3.

use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;

/// A bucket, by a client that knows how to reach it.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// S3 did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{verb} {place}: {reason}")]
pub struct Error {
    verb: &'static str,
    place: String,
    reason: String,
    kind: Kind,
}

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such object or bucket.
    NotFound,
    /// The caller's role lacks a permission.
    AccessDenied,
    /// S3 did not answer, or asks to come back later. Later it may work.
    Unavailable,
    /// S3 refused for another reason.
    Refused,
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn new<E, R>(verb: &'static str, place: String, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug + 'static,
    {
        let (kind, reason) = match error.code() {
            Some("NoSuchKey") => (Kind::NotFound, "there is no such object".to_owned()),
            Some("NoSuchBucket") => (Kind::NotFound, "there is no such bucket".to_owned()),
            Some("AccessDenied") => {
                let reason = "access denied: the role needs s3:ListBucket on the bucket, and s3:GetObject or s3:PutObject \
                              on its objects";
                (Kind::AccessDenied, reason.to_owned())
            }
            Some(
                code @ ("SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout"),
            ) => (
                Kind::Unavailable,
                format!("{code}: {}", error.message().unwrap_or("no message")),
            ),
            Some(code) => (
                Kind::Refused,
                format!("{code}: {}", error.message().unwrap_or("no message")),
            ),
            None => (Kind::Unavailable, error_text::with_causes(error)),
        };
        Self {
            verb,
            place,
            reason,
            kind,
        }
    }
}

/// An object that is being read.
#[derive(Debug)]
pub(crate) struct Reading {
    body: ByteStream,
    place: String,
}

impl Reading {
    /// Its next bytes; none at its end.
    pub(crate) async fn piece(
        &mut self,
    ) -> Result<Option<impl AsRef<[u8]> + Send + 'static + use<>>, Error> {
        self.body.try_next().await.map_err(|error| Error {
            verb: "reading",
            place: self.place.clone(),
            reason: error.to_string(),
            kind: Kind::Unavailable,
        })
    }
}

impl Bucket {
    /// The bucket of that name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `s3://bucket/key`
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    /// Hands each key that begins with `prefix` to `each`, in the order of their UTF-8 bytes, a page of 1000 at a time.
    pub(crate) async fn keys(
        &self,
        prefix: &str,
        mut each: impl AsyncFnMut(String) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Error::new("listing", self.uri(prefix), &error))?;
            for key in page
                .contents
                .into_iter()
                .flatten()
                .filter_map(|object| object.key)
            {
                if !each(key).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The names of the folders in `prefix`, which ends with a slash or is empty.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .delimiter("/");
        let mut pages = request.into_paginator().send();
        let mut folders = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Error::new("listing", self.uri(prefix), &error))?;
            let common = page.common_prefixes.into_iter().flatten();
            let names = common.filter_map(|common| {
                let name = common
                    .prefix?
                    .strip_prefix(prefix)?
                    .strip_suffix('/')?
                    .to_owned();
                Some(name)
            });
            folders.extend(names);
        }
        Ok(folders)
    }

    pub(crate) async fn read(&self, key: &str) -> Result<Reading, Error> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await;
        let answer = answer.map_err(|error| Error::new("reading", self.uri(key), &error))?;
        Ok(Reading {
            body: answer.body,
            place: self.uri(key),
        })
    }

    /// A whole object.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        let mut reading = self.read(key).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = reading.piece().await? {
            bytes.extend_from_slice(piece.as_ref());
        }
        Ok(bytes)
    }

    /// Puts an object, in the place of an earlier one.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type);
        let sent = request.body(bytes.into()).send().await;
        sent.map(drop)
            .map_err(|error| Error::new("writing", self.uri(key), &error))
    }
}
