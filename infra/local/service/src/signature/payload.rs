//! Verifies bodies while they stream.
//!
//! S3's bodies may be large, so their hash is declared beforehand, in `x-amz-content-sha256`. The
//! other services' bodies are small, and their hash is part of the signed request.

use std::sync::{Arc, OnceLock};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::claim::Claim;
use super::error::SignatureError;

/// The signed payload hash of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// The whole body is signed; the verifier computes its hash.
    Whole,
    /// The whole body is signed, with the hash that the client computed.
    Hashed(String),
    /// The body is not signed; the text is the header's value.
    Unsigned(String),
    /// Each chunk is signed, and optionally the trailers.
    Chunks { trailers: bool, named: String },
}

impl Payload {
    /// A service that is not S3 computes the hash, unless the client has sent and signed it.
    pub(super) fn of_others(parts: &Parts) -> Self {
        let named = parts.headers.get("x-amz-content-sha256");
        let hash = named.and_then(|named| named.to_str().ok());
        match hash.filter(|hash| is_sha256(hash)) {
            Some(hash) => Self::Hashed(hash.to_owned()),
            None => Self::Whole,
        }
    }

    pub(super) fn of_s3(parts: &Parts, claim: &Claim) -> Result<Self, SignatureError> {
        let named = match parts.headers.get("x-amz-content-sha256") {
            Some(value) => value
                .to_str()
                .map_err(|_| SignatureError::BadSha256)?
                .to_owned(),
            None if claim.expires.is_some() => "UNSIGNED-PAYLOAD".to_owned(),
            None => return Err(SignatureError::NoSha256),
        };
        match named.as_str() {
            "UNSIGNED-PAYLOAD" | "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Self::Unsigned(named)),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Self::Chunks {
                trailers: false,
                named,
            }),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Ok(Self::Chunks {
                trailers: true,
                named,
            }),
            hash if is_sha256(hash) => Ok(Self::Hashed(named)),
            _ => Err(SignatureError::BadSha256),
        }
    }
}

fn is_sha256(text: &str) -> bool {
    hex::decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The result of verifying a body, known only after its request has been admitted.
#[derive(Clone, Debug, Default)]
pub struct Outcome(Arc<OnceLock<SignatureError>>);

impl Outcome {
    /// Returns why the body is not the signed one, if it is not; known once the body has been read.
    pub fn error(&self) -> Option<&SignatureError> {
        self.0.get()
    }

    pub(super) fn refuse(&self, error: SignatureError) {
        // The first error wins.
        let _ = self.0.set(error);
    }
}

struct Hashing {
    body: BodyDataStream,
    hash: Sha256,
    expected: String,
    outcome: Outcome,
    /// The data received but not yet passed on. The last piece is held back until the hash is
    /// verified: the reader could otherwise take the body for complete and act on it.
    held: Option<Bytes>,
}

/// Returns the same body, which ends in an error instead of its last piece unless its SHA-256 is
/// `expected`.
pub(super) fn hashed(body: Body, expected: String, outcome: Outcome) -> Body {
    let start = Hashing {
        body: body.into_data_stream(),
        hash: Sha256::new(),
        expected,
        outcome,
        held: None,
    };
    Body::from_stream(stream::try_unfold(Some(start), |hashing| async {
        match hashing {
            Some(hashing) => hashing.next().await,
            None => Ok(None),
        }
    }))
}

impl Hashing {
    async fn next(mut self) -> Result<Option<(Bytes, Option<Self>)>, axum::BoxError> {
        while let Some(piece) = self.body.next().await {
            let piece = piece?;
            self.hash.update(&piece);
            if let Some(ready) = self.held.replace(piece) {
                return Ok(Some((ready, Some(self))));
            }
        }
        let found = hex::encode(self.hash.finalize());
        if !found.eq_ignore_ascii_case(&self.expected) {
            self.outcome.refuse(SignatureError::Sha256Mismatch);
            return Err("the body has another hash than the one that is signed".into());
        }
        Ok(self.held.map(|last| (last, None)))
    }
}
