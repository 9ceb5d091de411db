//! Amazon S3: the `s3s` crate's protocol over a durable store of its own.

use async_trait::async_trait;
use bytes::Bytes;

/// How the other services read and write objects. Writes emit S3 events, as any client's do.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores an object durably.
    async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        content_type: &str,
    ) -> Result<(), ObjectsError>;

    /// The object's bytes; `None` where bucket or key do not exist.
    async fn get(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, ObjectsError>;

    /// The object's entity tag, without its bytes; `None` where bucket or key do not exist.
    async fn etag(&self, bucket: &str, key: &str) -> Result<Option<String>, ObjectsError>;
}

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObjectsError(pub String);
