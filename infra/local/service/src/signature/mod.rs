//! Verifies AWS Signature Version 4 for all services.
//!
//! Verification precedes the services: none sees a request that was not signed with a key of the
//! stack. There are two keys: the user's, and one for functions that lasts as long as the stack.
//! Both may do everything; policies and session tokens are not evaluated. The verifier checks the
//! request as received, its region and service, its age (fifteen minutes of clock skew, or a
//! presigned URL's validity), that the host and all `x-amz-` headers are signed, and the body.
//!
//! S3 accepts unsigned bodies (`UNSIGNED-PAYLOAD`, and presigned URLs), as on AWS, where TLS
//! protects them. So do clients of a stack behind a TLS proxy. Over plain HTTP, anyone on the path
//! could change such a body.
//!
//! Source:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

mod canonical;
mod chunks;
mod claim;
mod error;
mod key;
mod payload;
mod scope;
mod signing;
mod spool;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use axum::body::Body;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderName, Method, Request};
use jiff::Timestamp;

use self::canonical::PathStyle;
use self::claim::Claim;
use self::payload::Payload;
use self::scope::Scope;
use self::signing::SigningKey;
use self::spool::Spool;

pub use self::chunks::{Chunks, NotSigned};
pub use self::error::SignatureError;
pub use self::key::{Key, KeyError};
pub use self::payload::Outcome;

/// The signing rules of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Paths are encoded once, and bodies may be unsigned, or signed in chunks.
    S3,
    /// Paths are encoded twice, and all of the body is signed.
    Others,
}

/// The service in the scope of requests to the stack itself.
pub const STACK: &str = "scones";

/// Verifies requests against the keys of a stack.
#[derive(Debug)]
pub struct Verifier {
    keys: [Key; 2],
    region: String,
    spool: Spool,
}

/// A request that may come in. Where its body turns out not to be the one that was signed,
/// `outcome` says so, and the body ends in an error.
#[derive(Debug)]
pub struct Admitted {
    /// The request.
    pub request: Request<Body>,
    /// The outcome of verifying the body.
    pub outcome: Outcome,
}

impl Verifier {
    /// Takes requests that are signed with one of `keys` for `region`. Bodies that are not verified
    /// yet wait in `folder`.
    pub fn new(keys: [Key; 2], region: String, folder: PathBuf) -> Self {
        let spool = Spool::new(folder);
        Self {
            keys,
            region,
            spool,
        }
    }

    /// Lets in what is signed for the service with the signing name `service`.
    pub async fn admit(
        &self,
        service: &str,
        rules: Rules,
        request: Request<Body>,
        now: Timestamp,
    ) -> Result<Admitted, SignatureError> {
        let (mut parts, body) = request.into_parts();
        let claim = Claim::of(&parts)?;
        claim.check(&self.region, service, now)?;
        claim.check_headers(&parts)?;
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.id() == claim.key_id);
        let key = SigningKey::derive(
            key.ok_or(SignatureError::UnknownKey)?.secret(),
            &claim.scope,
        );
        let (style, payload) = match rules {
            Rules::S3 => (PathStyle::S3, Payload::of_s3(&parts, &claim)?),
            Rules::Others => (PathStyle::Others, Payload::of_others(&parts)),
        };
        let outcome = Outcome::default();
        let signed = |hash: &str| verify(&key, &claim, &parts, style, hash);
        let body = match payload {
            Payload::Whole => {
                let buffered = self.spool.receive(body).await?;
                signed(&buffered.hash)?;
                Body::from(buffered.into_bytes().await?)
            }
            Payload::Hashed(hash) => {
                signed(&hash)?;
                payload::hashed(body, hash, outcome.clone())
            }
            Payload::Unsigned(named) => {
                signed(&named)?;
                body
            }
            Payload::Chunks { trailers, named } => {
                signed(&named)?;
                let Claim {
                    at,
                    scope,
                    signature,
                    ..
                } = claim;
                let chunks = Chunks::new(key, at, scope, &signature, trailers, outcome.clone());
                parts.extensions.insert(chunks);
                body
            }
        };
        let request = Request::from_parts(parts, body);
        Ok(Admitted { request, outcome })
    }
}

fn verify(
    key: &SigningKey,
    claim: &Claim,
    parts: &Parts,
    style: PathStyle,
    payload: &str,
) -> Result<(), SignatureError> {
    let request = canonical::request(parts, &claim.signed_headers, style, payload);
    let text = signing::string_to_sign(&claim.at, &claim.scope, &request);
    if key.signed(&text, &claim.signature) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The headers, as lines of HTTP/1, that sign a request of the stack's own API without a body.
pub fn headers(key: &Key, region: &str, method: &Method, uri: &str, host: &str) -> String {
    let at = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let signed = [HOST, HeaderName::from_static("x-amz-date")];
    let request = Request::builder().method(method.clone()).uri(uri);
    let request = request
        .header(HOST, host)
        .header("x-amz-date", &at)
        .body(());
    let Ok((parts, ())) = request.map(Request::into_parts) else {
        return String::new(); // and the stack will say that the signature is missing
    };
    let scope = Scope {
        date: at[..8].to_owned(),
        region: region.to_owned(),
        service: STACK.to_owned(),
    };
    let nothing = signing::sha256(b"");
    let canonical = canonical::request(&parts, &signed, PathStyle::Others, &nothing);
    let text = signing::string_to_sign(&at, &scope, &canonical);
    let signature = hex::encode(SigningKey::derive(key.secret(), &scope).sign(&text));
    let (id, names) = (key.id(), canonical::names(&signed));
    format!(
        "X-Amz-Date: {at}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={id}/{scope}, \
         SignedHeaders={names}, Signature={signature}\r\n"
    )
}
