//! Buffers bodies that must be complete before their signature can be verified.
//!
//! Anyone who knows a key's id, which is no secret, can open any number of requests and finish
//! none. So bodies wait on disk within a shared budget; only small ones stay in memory.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::SignatureError;

/// The maximum size of a body in bytes: more than any service but S3 takes.
const MAX_BODY: usize = 16 << 20;
/// The part of a body kept in memory, in bytes; most API requests fit.
const IN_MEMORY: usize = 16 << 10;
/// The maximum total size in bytes of the bodies on disk.
const ON_DISK: usize = 512 << 20;
/// The time limit for a body to arrive.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// A store for bodies that are still arriving.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    left: Arc<Semaphore>,
}

/// A complete body and its hash.
pub(super) struct BufferedBody {
    /// The SHA-256, in hexadecimal.
    pub(super) hash: String,
    memory: BytesMut,
    disk: Option<OnDisk>,
}

/// The part of a body on disk: an unnamed file, and its share of the budget.
struct OnDisk {
    file: File,
    permits: OwnedSemaphorePermit,
}

impl Spool {
    /// Keeps bodies in `folder` for as long as their requests last.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            left: Arc::new(Semaphore::new(ON_DISK)),
        }
    }

    /// Takes a body to its end.
    pub(super) async fn receive(&self, body: Body) -> Result<BufferedBody, SignatureError> {
        // What its Content-Length says.
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(SignatureError::TooLarge);
        }
        let received = tokio::time::timeout(RECEIVE_TIMEOUT, self.receive_all(body)).await;
        received.unwrap_or(Err(SignatureError::Broken))
    }

    async fn receive_all(&self, mut body: Body) -> Result<BufferedBody, SignatureError> {
        let (mut hash, mut length) = (Sha256::new(), 0);
        let (mut memory, mut disk) = (BytesMut::new(), None);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| SignatureError::Broken)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            length += data.len();
            if length > MAX_BODY {
                return Err(SignatureError::TooLarge);
            }
            hash.update(&data);
            if length <= IN_MEMORY {
                memory.extend_from_slice(&data);
            } else {
                self.write(&mut disk, &data).await?;
            }
        }
        let hash = hex::encode(hash.finalize());
        Ok(BufferedBody { hash, memory, disk })
    }

    async fn write(&self, disk: &mut Option<OnDisk>, data: &[u8]) -> Result<(), SignatureError> {
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let permits = Arc::clone(&self.left).try_acquire_many_owned(size);
        let permits = permits.map_err(|_| SignatureError::Busy)?;
        let disk = match disk {
            Some(disk) => {
                disk.permits.merge(permits);
                disk
            }
            None => {
                let file =
                    tempfile::tempfile_in(&self.folder).map_err(|error| unwritten(&error))?;
                let mut file = File::from_std(file);
                // Otherwise each file would hold two megabytes on their way.
                file.set_max_buf_size(IN_MEMORY);
                disk.insert(OnDisk { file, permits })
            }
        };
        let written = disk.file.write_all(data).await;
        written.map_err(|error| unwritten(&error))
    }
}

impl BufferedBody {
    /// Returns the whole body. Call it after verifying the signature.
    pub(super) async fn into_bytes(self) -> Result<Bytes, SignatureError> {
        let mut bytes = self.memory;
        if let Some(OnDisk { mut file, .. }) = self.disk {
            let read = async {
                file.flush().await?;
                file.seek(SeekFrom::Start(0)).await?;
                while file.read_buf(&mut bytes).await? > 0 {}
                Ok(())
            };
            read.await
                .map_err(|error: std::io::Error| unwritten(&error))?;
        }
        Ok(bytes.freeze())
    }
}

fn unwritten(error: &std::io::Error) -> SignatureError {
    tracing::error!(%error, "a request's body can't be kept until its signature is verified");
    SignatureError::Busy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(budget: usize) -> (tempfile::TempDir, Spool) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path().to_owned());
        spool.left = Arc::new(Semaphore::new(budget));
        (folder, spool)
    }

    #[tokio::test]
    async fn a_body_comes_back_as_it_was() {
        let (_folder, spool) = spool(ON_DISK);
        for length in [0, 1, IN_MEMORY, IN_MEMORY + 1, 1 << 20, MAX_BODY] {
            let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            // In pieces, as they come.
            let pieces: Vec<_> = body.chunks(10_007).map(Bytes::copy_from_slice).collect();
            let pieces = futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
            let buffered = spool
                .receive(Body::from_stream(pieces))
                .await
                .unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert_eq!(
                buffered.hash,
                super::super::signing::sha256(&body),
                "{length}"
            );
            assert_eq!(buffered.into_bytes().await.unwrap(), body, "{length}");
        }
        assert_eq!(spool.left.available_permits(), ON_DISK);
    }

    /// 60 connections with bodies that did not end held a gigabyte.
    #[tokio::test]
    async fn bodies_that_wait_have_a_budget_together() {
        let (_folder, spool) = spool(3 << 20);
        let mut senders = Vec::new();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let (sender, pieces) =
                futures::channel::mpsc::unbounded::<Result<Bytes, std::io::Error>>();
            sender.unbounded_send(Ok(vec![0; 1 << 20].into())).unwrap();
            senders.push(sender);
            let spool = spool.clone();
            let body = Body::from_stream(pieces);
            waiting.push(tokio::spawn(async move {
                spool.receive(body).await.map(|buffered| buffered.hash)
            }));
        }
        while spool.left.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = spool.receive(Body::from(vec![0; 1 << 20])).await;
        assert_eq!(refused.err(), Some(SignatureError::Busy));
        let small = spool.receive(Body::from(vec![0; IN_MEMORY])).await;
        assert!(small.is_ok(), "a small one needs nothing of it");
        drop(senders);
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        let again = spool.receive(Body::from(vec![0; 1 << 20])).await;
        assert!(again.is_ok(), "the budget is given back");
    }

    #[tokio::test]
    async fn a_body_is_not_waited_for_for_ever() {
        let (_folder, spool) = spool(ON_DISK);
        tokio::time::pause();
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(
            spool.receive(never).await.err(),
            Some(SignatureError::Broken)
        );
    }
}
