//! Parses the signature of a request, from the `Authorization` header or from the query of a
//! presigned URL.

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use super::error::SignatureError;
use super::scope::Scope;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The maximum clock skew between client and stack, as on AWS.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(15);
/// The longest that a presigned URL is good for, in seconds: seven days.
const MAX_EXPIRY: i64 = 604_800;
const SIGNATURE: &str = "X-Amz-Signature";

/// A signature with the scope and time that it declares.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key_id: String,
    pub(super) scope: Scope,
    pub(super) signed_headers: Vec<HeaderName>,
    pub(super) signature: [u8; 32],
    /// The time of signing, as the client writes it: `20260101T000000Z`.
    pub(super) at: String,
    made: Timestamp,
    /// The validity of a presigned URL, in seconds.
    pub(super) expires: Option<i64>,
}

impl Claim {
    pub(super) fn of(parts: &Parts) -> Result<Self, SignatureError> {
        let query = Query::of(parts.uri.query().unwrap_or_default());
        let presigned = query.has("X-Amz-Algorithm") || query.has(SIGNATURE);
        match parts.headers.get(AUTHORIZATION) {
            Some(_) if presigned => Err(SignatureError::Ambiguous),
            Some(header) => Self::of_header(header, parts),
            None if presigned => Self::of_query(&query),
            None if query.has("AWSAccessKeyId") => Err(SignatureError::Unsupported),
            None => Err(SignatureError::Missing),
        }
    }

    fn of_header(header: &HeaderValue, parts: &Parts) -> Result<Self, SignatureError> {
        if parts.headers.get_all(AUTHORIZATION).iter().count() > 1 {
            return Err(SignatureError::Ambiguous);
        }
        let header = header.to_str().map_err(|_| SignatureError::Unsupported)?;
        let fields = header
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(SignatureError::Unsupported)?;
        let field = |name: &'static str| {
            let mut found = fields.split(',').filter_map(|field| {
                let (key, value) = field.trim().split_once('=')?;
                (key == name).then_some(value)
            });
            match (found.next(), found.next()) {
                (Some(value), None) => Ok(value),
                _ => Err(SignatureError::Incomplete(name)),
            }
        };
        let at = parts
            .headers
            .get("x-amz-date")
            .ok_or(SignatureError::NoDate)?;
        let at = at.to_str().map_err(|_| SignatureError::NoDate)?;
        Self::new(
            field("Credential")?,
            field("SignedHeaders")?,
            field("Signature")?,
            at,
            None,
        )
    }

    fn of_query(query: &Query) -> Result<Self, SignatureError> {
        if query.one("X-Amz-Algorithm")? != ALGORITHM {
            return Err(SignatureError::Unsupported);
        }
        let expires = query.one("X-Amz-Expires")?;
        let expires = expires
            .parse()
            .ok()
            .filter(|s| (0..=MAX_EXPIRY).contains(s));
        Self::new(
            &query.one("X-Amz-Credential")?,
            &query.one("X-Amz-SignedHeaders")?,
            &query.one(SIGNATURE)?,
            &query.one("X-Amz-Date")?,
            Some(expires.ok_or(SignatureError::Expiry)?),
        )
    }

    fn new(
        credential: &str,
        signed_headers: &str,
        signature: &str,
        at: &str,
        expires: Option<i64>,
    ) -> Result<Self, SignatureError> {
        let (key_id, scope) =
            Scope::split(credential).ok_or(SignatureError::Incomplete("Credential"))?;
        let made = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", at).ok();
        let made = made.and_then(|made| made.to_zoned(jiff::tz::TimeZone::UTC).ok());
        let made = made.ok_or(SignatureError::NoDate)?.timestamp();
        if at.get(..8) != Some(&scope.date) {
            return Err(SignatureError::Date {
                actual: scope.date,
                expected: at.get(..8).unwrap_or_default().to_owned(),
            });
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| SignatureError::Mismatch)?;
        Ok(Self {
            key_id,
            scope,
            signed_headers: header_names(signed_headers)?,
            signature: bytes,
            at: at.to_owned(),
            made,
            expires,
        })
    }

    /// Checks that the signature is for this service and region, and within the allowed clock skew.
    pub(super) fn check(
        &self,
        region: &str,
        service: &str,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let of = |actual: &str, expected: &str| (actual.to_owned(), expected.to_owned());
        if self.scope.region != region {
            let (actual, expected) = of(&self.scope.region, region);
            return Err(SignatureError::Region { actual, expected });
        }
        if self.scope.service != service {
            let (actual, expected) = of(&self.scope.service, service);
            return Err(SignatureError::Service { actual, expected });
        }
        let age = now.duration_since(self.made);
        match self.expires {
            Some(_) if age < -MAX_SKEW => Err(SignatureError::NotYetValid),
            Some(seconds) if age > SignedDuration::from_secs(seconds) => {
                Err(SignatureError::Expired)
            }
            None if age.abs() > MAX_SKEW => Err(SignatureError::Skewed {
                at: self.at.clone(),
                now: now.strftime("%Y%m%dT%H%M%SZ").to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Checks that all required headers are signed: the host, and every header that AWS gives a
    /// meaning.
    pub(super) fn check_headers(&self, parts: &Parts) -> Result<(), SignatureError> {
        let is_there = |name: &&HeaderName| parts.headers.contains_key(*name);
        if !self.signed_headers.iter().all(|name| is_there(&name)) {
            return Err(SignatureError::Mismatch);
        }
        let must = |name: &&HeaderName| **name == HOST || name.as_str().starts_with("x-amz-");
        let forgotten = std::iter::once(&HOST)
            .chain(parts.headers.keys())
            .filter(must)
            .find(|name| !self.signed_headers.contains(name));
        match forgotten {
            Some(name) => Err(SignatureError::NotSigned(name.as_str().to_owned())),
            None => Ok(()),
        }
    }
}

/// Lower case, sorted, and each once: the only form that has one signature.
fn header_names(text: &str) -> Result<Vec<HeaderName>, SignatureError> {
    let names: Vec<&str> = text.split(';').collect();
    if !names.is_sorted_by(|one, next| one < next) {
        return Err(SignatureError::Incomplete("SignedHeaders"));
    }
    let names = names.into_iter().map(|name| {
        let lower = name == name.to_ascii_lowercase();
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        parsed.filter(|_| lower)
    });
    let names: Option<Vec<HeaderName>> = names.collect();
    names.ok_or(SignatureError::Incomplete("SignedHeaders"))
}

/// The parameters of a query, still encoded.
struct Query<'q>(Vec<(&'q str, &'q str)>);

impl<'q> Query<'q> {
    fn of(query: &'q str) -> Self {
        let pairs = query.split('&');
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .collect(),
        )
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| *other == name)
    }

    /// The value of a parameter that must be there once.
    fn one(&self, name: &'static str) -> Result<String, SignatureError> {
        let mut values = self.0.iter().filter(|(other, _)| *other == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => {
                let decoded = percent_decode_str(value).decode_utf8();
                decoded
                    .map(std::borrow::Cow::into_owned)
                    .map_err(|_| SignatureError::Incomplete(name))
            }
            _ => Err(SignatureError::Incomplete(name)),
        }
    }
}
