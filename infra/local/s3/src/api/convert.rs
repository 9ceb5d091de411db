//! Converts between the protocol's types and the store's.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{ETag, Initiator, Owner, Timestamp};

use crate::Store;
use crate::buckets::{Bucket, Versioning};
use crate::details::Headers;
use crate::error::Error;
use crate::versions::Version;

/// Converts milliseconds since 1970 to a time in whole seconds, S3's precision.
pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(milliseconds.unsigned_abs() / 1000))
}

/// Headers for a response, without those that HTTP can't carry.
pub(super) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .filter_map(|(name, value)| Some((*name, HeaderValue::from_str(value).ok()?)))
        .map(|(name, value)| (HeaderName::from_static(name), value))
        .collect()
}

/// A value in a query.
pub(super) fn encode_parameter(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

pub(super) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

/// The one account that owns everything.
pub(super) fn owner(store: &Store) -> Owner {
    Owner {
        display_name: None,
        id: Some(store.identity.account.clone()),
    }
}

/// Returns the initiator of an upload: the same identity as the owner.
pub(super) fn initiator(store: &Store) -> Initiator {
    Initiator {
        display_name: Some(store.identity.account.clone()),
        id: Some(store.identity.account.clone()),
    }
}

/// The id of a version that was just written: a new one, which a bucket has only while versioning
/// is enabled.
pub(super) fn new_version_id(bucket: &Bucket, version: &Version) -> Option<String> {
    (bucket.versioning == Versioning::Enabled).then(|| version.version_id.clone())
}

/// The version's id, where the bucket has or had versioning.
pub(super) fn version_id(bucket: &Bucket, version: &Version) -> Option<String> {
    (bucket.versioning != Versioning::Off).then(|| version.version_id.clone())
}

pub(super) fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A count from the request, between 0 and 1,000.
pub(super) fn limit(requested: Option<i32>, name: &str) -> Result<usize, Error> {
    let requested = requested.unwrap_or(1000);
    let limit = usize::try_from(requested).map_err(|_| {
        Error::argument(
            format!("Argument {name} must be an integer between 0 and 2147483647"),
            name,
            requested.to_string(),
        )
    })?;
    Ok(limit.min(1000))
}

/// The headers that the inputs of PutObject, CopyObject and CreateMultipartUpload share.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::details::Headers {
            content_type: $input.content_type.take(),
            cache_control: $input.cache_control.take(),
            content_disposition: $input.content_disposition.take(),
            content_encoding: $input.content_encoding.take(),
            content_language: $input.content_language.take(),
            expires: $input.expires.take(),
            website_redirect_location: $input.website_redirect_location.take(),
            storage_class: $input
                .storage_class
                .take()
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != "STANDARD"),
            metadata: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        }
        .checked()
    };
}

/// Fills what the outputs of GetObject and HeadObject share.
macro_rules! show_object {
    ($output:expr, $version:expr) => {{
        let headers = &$version.details.headers;
        $output.accept_ranges = Some("bytes".into());
        $output.cache_control = headers.cache_control.clone();
        $output.content_disposition = headers.content_disposition.clone();
        $output.content_encoding = headers.content_encoding.clone();
        $output.content_language = headers.content_language.clone();
        $output.content_type = Some($crate::api::convert::content_type(headers));
        $output.e_tag = Some($crate::api::convert::etag(&$version.etag));
        $output.expires = headers.expires.clone();
        $output.last_modified = Some($crate::api::convert::timestamp($version.modified));
        $output.metadata = Some(headers.metadata.clone().into_iter().collect());
        $output.storage_class = headers.storage_class.clone().map(Into::into);
        $output.website_redirect_location = headers.website_redirect_location.clone();
    }};
}

pub(super) use {headers_of, show_object};

/// Returns the content type, with S3's default.
pub(super) fn content_type(headers: &Headers) -> String {
    let unknown = || "binary/octet-stream".to_owned();
    headers.content_type.clone().unwrap_or_else(unknown)
}
