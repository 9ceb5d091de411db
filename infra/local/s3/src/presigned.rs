//! The signature parameters in the query of a presigned URL.

use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::{S3Error, s3_error};

use super::error::Error;

/// The query of a presigned URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presigned {
    /// The expiry: a time of signing with a duration in seconds, or an absolute time.
    expiry: Expiry,
    /// Headers that the signer put into the query.
    hoisted: Vec<(String, String)>,
    /// The rest of the query, still encoded.
    pub(super) rest: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Expiry {
    PostCommit { date: String, seconds: String },
    At(String),
}

impl Presigned {
    /// `None` where the query has no signature.
    pub(super) fn parse(query: &str) -> Result<Option<Self>, S3Error> {
        let pairs: Vec<(&str, &str)> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let find = |name: &str| pairs.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = |name: &str| find(name).map(|(_, value)| (*value).to_owned());
        let v4 = find("X-Amz-Signature").is_some();
        let v2 = ["Signature", "AWSAccessKeyId"]
            .iter()
            .any(|name| find(name).is_some());
        if !v4 && !v2 {
            return Ok(None);
        }
        let all_of_v2 = ["Signature", "Expires", "AWSAccessKeyId"];
        if !v4 && !all_of_v2.iter().all(|name| find(name).is_some()) {
            return Err(s3_error!(
                AccessDenied,
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId \
                 parameters"
            ));
        }
        let incomplete = || {
            s3_error!(
                AuthorizationQueryParametersError,
                "Query-string authentication version 4 requires the X-Amz-Algorithm, \
                 X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
                 X-Amz-Expires parameters."
            )
        };
        let expiry = if v4 {
            Expiry::PostCommit {
                date: value("X-Amz-Date").ok_or_else(incomplete)?,
                seconds: value("X-Amz-Expires").ok_or_else(incomplete)?,
            }
        } else {
            Expiry::At(value("Expires").unwrap_or_default())
        };
        let mut presigned = Self {
            expiry,
            hoisted: Vec::new(),
            rest: String::new(),
        };
        for (name, value) in pairs {
            presigned.sort(v4, name, value);
        }
        Ok(Some(presigned))
    }

    fn sort(&mut self, v4: bool, name: &str, value: &str) {
        let lower = name.to_ascii_lowercase();
        let of_signature = match lower.as_str() {
            "x-amz-algorithm"
            | "x-amz-credential"
            | "x-amz-date"
            | "x-amz-expires"
            | "x-amz-security-token"
            | "x-amz-signature"
            | "x-amz-signedheaders" => true,
            "awsaccesskeyid" | "expires" | "signature" => !v4,
            _ => false,
        };
        if of_signature {
            return;
        }
        if lower.starts_with("x-amz-") {
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            self.hoisted.push((lower, value.into_owned()));
            return;
        }
        if !self.rest.is_empty() {
            self.rest.push('&');
        }
        self.rest.push_str(name);
        self.rest.push('=');
        self.rest.push_str(value);
    }

    pub(super) fn check_expiry(&self, now: jiff::Timestamp) -> Result<(), S3Error> {
        let until = match &self.expiry {
            Expiry::PostCommit { date, seconds } => {
                let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok();
                let seconds: Option<u64> = seconds.parse().ok().filter(|s| *s <= 604_800);
                let at = date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
                at.zip(seconds)
                    .map(|(at, seconds)| at.timestamp().as_second() + seconds.cast_signed())
            }
            Expiry::At(second) => second.parse().ok(),
        };
        match until {
            None => Err(s3_error!(
                AuthorizationQueryParametersError,
                "X-Amz-Expires must be less than a week (in seconds); that is, the given \
                 X-Amz-Expires must be less than 604800 seconds"
            )),
            Some(until) if until < now.as_second() => Err(self.expired(until, now)),
            Some(_) => Ok(()),
        }
    }

    fn expired(&self, until: i64, now: jiff::Timestamp) -> S3Error {
        let time = |seconds| jiff::Timestamp::from_second(seconds).unwrap_or_default();
        let error = Error::AccessDenied("Request has expired".into());
        let error = match &self.expiry {
            Expiry::PostCommit { seconds, .. } => error.with("X-Amz-Expires", seconds),
            Expiry::At(_) => error,
        };
        error
            .with("Expires", time(until).to_string())
            .with("ServerTime", time(now.as_second()).to_string())
            .into()
    }

    pub(super) fn hoist(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.hoisted {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                headers.entry(name).or_insert(value);
            }
        }
    }
}
