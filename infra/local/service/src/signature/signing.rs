//! Signing: keys derived from keys, and the strings that they sign.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::scope::Scope;

/// The key that signs a request and its chunks, derived for one day, region and service.
#[derive(Clone)]
pub(super) struct SigningKey([u8; 32]);

impl SigningKey {
    pub(super) fn derive(secret: &str, scope: &Scope) -> Self {
        let day = mac(format!("AWS4{secret}").as_bytes(), scope.date.as_bytes());
        let region = mac(&day, scope.region.as_bytes());
        let service = mac(&region, scope.service.as_bytes());
        Self(mac(&service, b"aws4_request"))
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 32] {
        mac(&self.0, text.as_bytes())
    }

    /// Returns true if `signature` is this key's signature of `text`. Compares in constant time.
    pub(super) fn signed(&self, text: &str, signature: &[u8; 32]) -> bool {
        hmac(&self.0, text.as_bytes())
            .verify_slice(signature)
            .is_ok()
    }
}

/// Returns the string to sign of a request.
pub(super) fn string_to_sign(at: &str, scope: &Scope, canonical_request: &[u8]) -> String {
    let hash = sha256(canonical_request);
    format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{hash}")
}

/// Returns the SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn mac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    hmac(key, bytes).finalize().into_bytes().into()
}

fn hmac(key: &[u8], bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(bytes);
    mac
}
