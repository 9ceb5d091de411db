//! S3 events: which writes emit them, to which functions, and their message.
//!
//! The message is version 2.1 of
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>. It
//! is written to the outbox in the same transaction as the write; see `dispatcher`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::buckets::{Bucket, Versioning};
use super::database::Write;
use super::error::Error;
use super::now;
use super::versions::Version;
use service::Identity;

/// A notification rule: the events of a bucket that go to one function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    /// For example `s3:ObjectCreated:*`.
    pub(super) events: Vec<String>,
    pub(super) function_arn: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// True if the rule is from the template rather than a client: the next start replaces it.
    #[serde(default)]
    pub(super) declared: bool,
}

impl Rule {
    fn wants(&self, event: Event, key: &str) -> bool {
        key.starts_with(&self.prefix)
            && key.ends_with(&self.suffix)
            && self
                .events
                .iter()
                .any(|wanted| covers(wanted, event.name()))
    }

    /// Returns true if one event could match both rules, which AWS refuses.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let either = |a: &str, b: &str, f: fn(&str, &str) -> bool| f(a, b) || f(b, a);
        let same_event = self.events.iter().any(|mine| {
            other
                .events
                .iter()
                .any(|theirs| covers_pattern(mine, theirs) || covers_pattern(theirs, mine))
        });
        same_event
            && either(&self.prefix, &other.prefix, |a, b| a.starts_with(b))
            && either(&self.suffix, &other.suffix, |a, b| a.ends_with(b))
    }
}

/// `s3:ObjectCreated:*` covers `ObjectCreated:Put`.
fn covers(pattern: &str, event: &str) -> bool {
    let Some(pattern) = pattern.strip_prefix("s3:") else {
        return false;
    };
    match pattern.strip_suffix('*') {
        Some(stem) => event.starts_with(stem),
        None => event == pattern,
    }
}

fn covers_pattern(pattern: &str, other: &str) -> bool {
    other
        .strip_prefix("s3:")
        .is_some_and(|other| covers(pattern, other))
}

/// The event types that a rule may name.
pub(super) fn is_known(pattern: &str) -> bool {
    Event::ALL.iter().any(|event| covers(pattern, event.name()))
        && (!pattern.ends_with('*') || pattern.ends_with(":*"))
}

/// The type of an S3 event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Put,
    Post,
    Copy,
    CompleteMultipartUpload,
    Delete,
    DeleteMarkerCreated,
    TaggingPut,
    TaggingDelete,
}

impl Event {
    const ALL: [Self; 8] = [
        Self::Put,
        Self::Post,
        Self::Copy,
        Self::CompleteMultipartUpload,
        Self::Delete,
        Self::DeleteMarkerCreated,
        Self::TaggingPut,
        Self::TaggingDelete,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Post => "ObjectCreated:Post",
            Self::Copy => "ObjectCreated:Copy",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
            Self::Delete => "ObjectRemoved:Delete",
            Self::DeleteMarkerCreated => "ObjectRemoved:DeleteMarkerCreated",
            Self::TaggingPut => "ObjectTagging:Put",
            Self::TaggingDelete => "ObjectTagging:Delete",
        }
    }

    fn has_content(self) -> bool {
        !matches!(self, Self::Delete | Self::DeleteMarkerCreated)
    }
}

/// The requester, as an event reports it.
#[derive(Clone, Debug)]
pub(super) struct Requester {
    pub(super) request_id: String,
    pub(super) host_id: String,
    pub(super) source_ip: String,
    pub(super) identity: Identity,
    /// The host and port of the request.
    pub(super) host: String,
    /// True if the host names the bucket.
    pub(super) is_virtual_host: bool,
    /// The region of the request: that of its signature.
    pub(super) region: String,
}

impl Requester {
    /// The URL of an object, with the bucket where the request has it.
    pub(super) fn location(&self, bucket: &str, key: &str) -> String {
        let key = encode_key(key).replace('+', "%20");
        if self.is_virtual_host {
            return format!("http://{}/{key}", self.host);
        }
        format!("http://{}/{bucket}/{key}", self.host)
    }
}

/// Writes the event to the outbox, once for each rule that wants it.
pub(super) fn emit(
    write: &mut Write,
    by: &Requester,
    bucket: &Bucket,
    event: Event,
    version: &Version,
) -> Result<(), Error> {
    for rule in bucket
        .rules
        .iter()
        .filter(|rule| rule.wants(event, &version.key))
    {
        let record = record(by, bucket, event, version, &rule.id);
        let payload = json!({ "Records": [record] }).to_string();
        write
            .sql
            .prepare_cached("INSERT INTO outbox (bucket, function, payload) VALUES (?1, ?2, ?3)")?
            .execute(params![bucket.name, rule.function_arn, payload])?;
        write.notify_later();
    }
    Ok(())
}

fn record(
    by: &Requester,
    bucket: &Bucket,
    event: Event,
    version: &Version,
    configuration_id: &str,
) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": time(now()),
        "eventName": event.name(),
        "userIdentity": { "principalId": format!("AWS:{}", by.identity.account) },
        "requestParameters": { "sourceIPAddress": by.source_ip },
        "responseElements": {
            "x-amz-request-id": by.request_id,
            "x-amz-id-2": by.host_id,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": { "principalId": by.identity.account },
                "arn": format!("arn:aws:s3:::{}", bucket.name),
            },
            "object": object(bucket, event, version),
        },
    })
}

fn object(bucket: &Bucket, event: Event, version: &Version) -> Value {
    let mut object = json!({ "key": encode_key(&version.key) });
    if event.has_content() {
        object["size"] = version.size.into();
        object["eTag"] = version.etag.as_str().into();
    }
    if bucket.versioning != Versioning::Off {
        object["versionId"] = version.version_id.as_str().into();
    }
    // Later for what happened later to the key: a version's end after its beginning, before the
    // next version's.
    object["sequencer"] = format!("{:016X}{:02X}", version.id, event as u8).into();
    object
}

fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}

const KEPT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/')
    .remove(b' ');

/// A key as S3 writes it in events and in lists with `encoding-type=url`: percent-encoded, a space
/// as `+`.
pub(super) fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, &KEPT)
        .to_string()
        .replace(' ', "+")
}
