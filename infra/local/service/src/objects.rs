//! The interface through which services read and write S3 objects.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;

/// Reads and writes S3 objects on behalf of another service. Writes emit S3 events, as any client's
/// do.
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

    /// Reads at most `max_bytes` bytes of an object from offset `at`; no bytes at its end. `None`
    /// where bucket, key or version do not exist. A million rows are read so, without being in
    /// memory.
    async fn piece(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        at: u64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, ObjectsError>;

    /// The object's entity tag, without its bytes; `None` where bucket or key do not exist.
    async fn etag(&self, bucket: &str, key: &str) -> Result<Option<String>, ObjectsError>;

    /// The next objects whose keys begin with `prefix` and follow `after`, in the order of their
    /// keys: at most a thousand, and none at the end. A bucket that does not exist has none.
    async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectSummary>, ObjectsError>;

    /// Copies an object's bytes to a new file, however many they are; `false` where bucket or key
    /// do not exist.
    async fn save(&self, bucket: &str, key: &str, path: &Path) -> Result<bool, ObjectsError>;

    /// Stores a file's bytes as an object, durably and however many they are.
    async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        path: &Path,
        content_type: &str,
    ) -> Result<(), ObjectsError>;
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSummary {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The error of an operation on objects.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObjectsError(pub String);
