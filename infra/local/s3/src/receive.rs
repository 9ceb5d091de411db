//! Receives an upload: streams its bytes from the wire to a file, digests and checks them.
//!
//! Memory use is about a megabyte, whatever the size.

use std::mem;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http::HeaderMap;
use s3s::StdError;

use super::admit::Trailers;
use super::chunked::ChunkedError;
use super::details::Details;
use super::digest::{Algorithm, Checksum, Digester, Digests, Md5};
use super::error::Error;
use super::files::{Draft, Files, Stored};
use super::versions::NewVersion;

/// 5 GiB: the most bytes that one request may store.
const LIMIT: u64 = 5 << 30;
/// The number of bytes buffered before a blocking thread writes them.
const BUFFER_SIZE: usize = 1 << 20;

/// The client's declarations about the bytes that it sends.
#[derive(Debug, Default)]
pub(super) struct DeclaredDigests {
    pub(super) md5: Option<Md5>,
    /// The checksum in a header.
    pub(super) checksum: Option<Checksum>,
    /// The algorithm of a checksum that follows the body, or that the object is to have.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) trailers: Option<Trailers>,
    /// True if the bytes are a part, for which S3 reports `ExpectedDigest` in base64 (recorded).
    pub(super) is_part: bool,
}

impl DeclaredDigests {
    /// Reads the headers of a request whose `Content-MD5` and checksum the protocol layer has taken
    /// out already.
    pub(super) fn new(
        content_md5: Option<&str>,
        checksum: Option<Checksum>,
        algorithm: Option<&str>,
        trailers: Option<Trailers>,
    ) -> Result<Self, Error> {
        let md5 = content_md5
            .map(|value| {
                let invalid = || Error::InvalidDigest.with("Content-MD5", value);
                Md5::from_base64(value).ok_or_else(invalid)
            })
            .transpose()?;
        let algorithm = algorithm
            .map(|name| Algorithm::from_name(name).ok_or_else(unknown_algorithm))
            .transpose()?;
        if let Some(checksum) = &checksum {
            well_formed(checksum)?;
        }
        Ok(Self {
            md5,
            algorithm: checksum.as_ref().map(|sum| sum.algorithm).or(algorithm),
            checksum,
            trailers,
            is_part: false,
        })
    }

    /// Compares with the digests of the received bytes, after the body and its trailers.
    fn check(&self, digests: &Digests) -> Result<(), Error> {
        if let Some(md5) = self.md5.filter(|md5| *md5 != digests.md5) {
            let expected = if self.is_part {
                md5.to_base64()
            } else {
                md5.to_string()
            };
            return Err(Error::BadContentMd5
                .with("ExpectedDigest", expected)
                .with("CalculatedDigest", digests.md5.to_base64()));
        }
        let trailer = self.trailers.as_ref().and_then(Trailers::get);
        let trailing = trailer.and_then(checksum_in);
        for declared_checksum in self.checksum.iter().chain(&trailing) {
            well_formed(declared_checksum)?;
            if digests.checksum(declared_checksum.algorithm) != Some(declared_checksum) {
                return Err(Error::BadChecksum(declared_checksum.algorithm.name()));
            }
        }
        Ok(())
    }
}

/// Checks a document against the digests in the headers of its request.
pub(super) fn check_document(
    headers: &HeaderMap,
    document: &[u8],
    with_checksum: bool,
) -> Result<(), Error> {
    let md5 = headers
        .get("content-md5")
        .and_then(|value| value.to_str().ok());
    let checksum = checksum_in(headers).filter(|_| with_checksum);
    let declared = DeclaredDigests::new(md5, checksum, None, None)?;
    let mut digester = Digester::new(declared.algorithm.as_slice());
    digester.update(document);
    declared.check(&digester.finish())
}

fn well_formed(checksum: &Checksum) -> Result<(), Error> {
    if checksum.is_well_formed() {
        return Ok(());
    }
    let header = checksum.algorithm.header();
    Err(Error::InvalidRequest(
        format!("Value for {header} header is invalid.").into(),
    ))
}

fn unknown_algorithm() -> Error {
    Error::InvalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid \
         types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
            .into(),
    )
}

/// The checksum in headers or trailers.
fn checksum_in(headers: &HeaderMap) -> Option<Checksum> {
    Algorithm::ALL.into_iter().find_map(|algorithm| {
        let value = headers.get(algorithm.header())?.to_str().ok()?;
        Some(Checksum::full(algorithm, value))
    })
}

/// Bytes that are on disk, and not yet an object.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) stored: Stored,
    pub(super) size: u64,
    pub(super) digests: Digests,
}

impl Received {
    /// Returns a version of these bytes, without metadata.
    pub(super) fn into_version(self, algorithm: Algorithm) -> (Stored, NewVersion) {
        let new = NewVersion {
            file: Some(self.stored.id()),
            size: self.size,
            etag: self.digests.md5.to_string(),
            details: Details {
                checksum: self.digests.checksum(algorithm).cloned(),
                ..Details::default()
            },
            tags: Vec::new(),
        };
        (self.stored, new)
    }
}

/// Stores a body, not yet as an object. `also` is an algorithm to compute in any case.
pub(super) async fn receive(
    files: &Files,
    body: impl Stream<Item = Result<Bytes, StdError>>,
    declared: &DeclaredDigests,
    also: Algorithm,
) -> Result<Received, Error> {
    let mut algorithms = vec![also];
    algorithms.extend(declared.algorithm.filter(|claimed| *claimed != also));
    let mut writer = UploadWriter::open(files.clone(), &algorithms).await?;
    let mut buffer = BytesMut::new();
    let mut body = std::pin::pin!(body);
    while let Some(bytes) = body.next().await {
        buffer.extend_from_slice(&bytes.map_err(broken_body)?);
        if buffer.len() >= BUFFER_SIZE {
            writer = writer.write(mem::take(&mut buffer).freeze()).await?;
        }
    }
    let writer = writer.write(buffer.freeze()).await?;
    writer.finish(declared).await
}

/// The destination of the bytes: moved into a blocking thread, and back.
struct UploadWriter {
    draft: Draft,
    digester: Digester,
    size: u64,
}

impl UploadWriter {
    async fn open(files: Files, algorithms: &[Algorithm]) -> Result<Self, Error> {
        let digester = Digester::new(algorithms);
        blocking(move || {
            Ok(Self {
                draft: files.create()?,
                digester,
                size: 0,
            })
        })
        .await
    }

    async fn write(mut self, bytes: Bytes) -> Result<Self, Error> {
        self.size += bytes.len() as u64;
        if self.size > LIMIT {
            return Err(Error::EntityTooLarge);
        }
        blocking(move || {
            self.digester.update(&bytes);
            self.draft.write(&bytes)?;
            Ok(self)
        })
        .await
    }

    /// Checks the bytes against `declared` and gives the file its final name.
    async fn finish(self, declared: &DeclaredDigests) -> Result<Received, Error> {
        let digests = self.digester.finish();
        declared.check(&digests)?;
        let (draft, size) = (self.draft, self.size);
        blocking(move || {
            Ok(Received {
                stored: draft.keep()?,
                size,
                digests,
            })
        })
        .await
    }
}

/// Runs blocking work on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Stopped)?
}

pub(super) fn broken_body(error: StdError) -> Error {
    // Bytes that come from another file, for a copy.
    let error = match error.downcast::<std::io::Error>() {
        Ok(error) => return Error::Files(*error),
        Err(error) => error,
    };
    match error.downcast_ref::<ChunkedError>() {
        Some(ChunkedError::Malformed) => {
            Error::InvalidRequest("The aws-chunked body of the request is not well-formed.".into())
        }
        // Where a signature is wrong, `service::signature` gives the answer.
        Some(ChunkedError::Incomplete | ChunkedError::Length | ChunkedError::NotSigned) | None => {
            Error::IncompleteBody
        }
    }
}
