//! The signatures of an `aws-chunked` body's chunks, each over the chunk's hash and the signature
//! before.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>.

use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use super::error::SignatureError;
use super::payload::Outcome;
use super::scope::Scope;
use super::signing::{SigningKey, sha256};

const CHUNK: &str = "chunk-signature=";
/// The trailer that signs the others.
const TRAILER: &str = "x-amz-trailer-signature";

/// Verifies the chunks of a body in order. It travels in the extensions of the request.
#[derive(Clone)]
pub struct Chunks {
    key: SigningKey,
    at: String,
    scope: Scope,
    /// The signature before, in hexadecimal: the request's own at first.
    previous: String,
    /// True if signed trailers follow the chunks.
    trailers: bool,
    outcome: Outcome,
    /// The declared signature of the current chunk, and the hash of its data so far.
    claimed: [u8; 32],
    hash: Sha256,
}

/// A chunk is not the one that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSigned;

impl Chunks {
    pub(super) fn new(
        key: SigningKey,
        at: String,
        scope: Scope,
        seed: &[u8; 32],
        trailers: bool,
        outcome: Outcome,
    ) -> Self {
        Self {
            key,
            at,
            scope,
            previous: hex::encode(seed),
            trailers,
            outcome,
            claimed: [0; 32],
            hash: Sha256::new(),
        }
    }

    /// A chunk begins, with the line `10000;chunk-signature=ad80c730…`.
    pub fn begin(&mut self, line: &[u8]) -> Result<(), NotSigned> {
        let line = std::str::from_utf8(line).unwrap_or_default();
        let mut extensions = line.split(';').skip(1);
        let signature = extensions.find_map(|text| text.trim().strip_prefix(CHUNK));
        self.claimed = self.read(signature.unwrap_or_default())?;
        self.hash = Sha256::new();
        Ok(())
    }

    /// Adds data of the current chunk.
    pub fn update(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    /// A chunk ends.
    pub fn end(&mut self) -> Result<(), NotSigned> {
        let hash = hex::encode(std::mem::take(&mut self.hash).finalize());
        let text = format!("{}\n{}", sha256(b""), hash);
        self.verify("AWS4-HMAC-SHA256-PAYLOAD", &text)
    }

    /// The body ends.
    pub fn finish(&mut self, trailers: &HeaderMap) -> Result<(), NotSigned> {
        if !self.trailers {
            // Unsigned ones: whoever is on the way could have added them.
            return if trailers.is_empty() {
                Ok(())
            } else {
                Err(self.refuse())
            };
        }
        let signature = trailers.get(TRAILER).and_then(|value| value.to_str().ok());
        self.claimed = self.read(signature.unwrap_or_default())?;
        let mut lines: Vec<Vec<u8>> = trailers
            .iter()
            .filter(|(name, _)| *name != TRAILER)
            .map(|(name, value)| [name.as_str().as_bytes(), b":", value.as_bytes(), b"\n"].concat())
            .collect();
        lines.sort();
        let text = sha256(&lines.concat());
        self.verify("AWS4-HMAC-SHA256-TRAILER", &text)
    }

    fn verify(&mut self, algorithm: &str, hashes: &str) -> Result<(), NotSigned> {
        let Self {
            at,
            scope,
            previous,
            ..
        } = self;
        let text = format!("{algorithm}\n{at}\n{scope}\n{previous}\n{hashes}");
        if !self.key.signed(&text, &self.claimed) {
            return Err(self.refuse());
        }
        self.previous = hex::encode(self.claimed);
        Ok(())
    }

    fn read(&self, signature: &str) -> Result<[u8; 32], NotSigned> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| self.refuse())?;
        Ok(bytes)
    }

    fn refuse(&self) -> NotSigned {
        self.outcome.refuse(SignatureError::Mismatch);
        NotSigned
    }
}
