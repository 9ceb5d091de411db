//! Requests as `s3s` is to read them, where it reads or refuses what S3 takes otherwise.

use http::header::{IF_MATCH, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that are lists: an SDK sends the values in one, separated by commas, or each in its own.
const LISTS: [HeaderName; 2] = [
    HeaderName::from_static("x-amz-object-attributes"),
    HeaderName::from_static("x-amz-optional-object-attributes"),
];

/// Parameters that are not there if they are empty.
const OPTIONAL: [&str; 5] = [
    "max-keys",
    "max-parts",
    "max-uploads",
    "max-buckets",
    "part-number-marker",
];

/// The headers in the one form that `s3s` takes as S3 does.
pub(super) fn headers(headers: &mut HeaderMap) {
    drop_unusable_range(headers);
    split_lists(headers);
    quote_tags(headers);
    escape_spaces(headers);
}

/// The query without parameters that are not there if they are empty.
pub(super) fn query(query: &str) -> String {
    let is_empty = |pair: &&str| {
        let name = pair.strip_suffix('=').unwrap_or(pair);
        OPTIONAL.contains(&name)
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_empty(pair)).collect();
    kept.join("&")
}

/// Makes each value of a list a header of its own, as `s3s` reads lists.
fn split_lists(headers: &mut HeaderMap) {
    for name in LISTS {
        let values: Vec<HeaderValue> = headers
            .get_all(&name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|value| HeaderValue::from_str(value.trim()).ok())
            .filter(|value| !value.is_empty())
            .collect();
        headers.remove(&name);
        for value in values {
            headers.append(&name, value);
        }
    }
}

/// Quotes malformed entity tags in conditions, so that they match no object; `s3s` would reject
/// them.
fn quote_tags(headers: &mut HeaderMap) {
    for name in [
        IF_MATCH,
        IF_NONE_MATCH,
        HeaderName::from_static("x-amz-copy-source-if-match"),
        HeaderName::from_static("x-amz-copy-source-if-none-match"),
    ] {
        let bare = headers.get(&name).and_then(|value| value.to_str().ok());
        let bare = bare.filter(|tag| !tag.contains('"') && *tag != "*");
        if let Some(quoted) = bare.and_then(|tag| format!("\"{tag}\"").parse().ok()) {
            headers.insert(name, quoted);
        }
    }
}

/// S3 takes a `+` in the source of a copy for a space, as in a query.
fn escape_spaces(headers: &mut HeaderMap) {
    if let Some(source) = headers.get("x-amz-copy-source")
        && let Ok(source) = source.to_str()
        && let Ok(escaped) = source.replace('+', "%20").parse()
    {
        headers.insert("x-amz-copy-source", escaped);
    }
}

/// S3 ignores a range that it cannot read; `s3s` would refuse it, and takes `bytes=-` for the last
/// 0 bytes.
fn drop_unusable_range(headers: &mut HeaderMap) {
    let usable = |value: &HeaderValue| {
        value
            .to_str()
            .is_ok_and(|text| text != "bytes=-" && s3s::dto::Range::parse(text).is_ok())
    };
    if headers.get(RANGE).is_some_and(|value| !usable(value)) {
        headers.remove(RANGE);
    }
}
