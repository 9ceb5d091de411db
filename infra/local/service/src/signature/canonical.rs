//! The canonical form of a request, the input of its signature.
//!
//! See "Create a canonical request" in
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use http::request::Parts;
use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// The characters to encode in a query: all but the unreserved characters of RFC 3986.
const QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: AsciiSet = QUERY.remove(b'/');

/// The rule by which a path becomes canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathStyle {
    /// Encoded once and otherwise as it is: `a//../b` is a key of an object.
    S3,
    /// Normalized, without `.`, `..` and empty segments, and with the encoded path encoded once
    /// more.
    Others,
}

/// The canonical request, whose body has the hash `payload` (or what stands for it).
pub(super) fn request(
    parts: &Parts,
    signed_headers: &[HeaderName],
    style: PathStyle,
    payload: &str,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    let mut line = |bytes: &[u8]| {
        text.extend_from_slice(bytes);
        text.push(b'\n');
    };
    line(parts.method.as_str().as_bytes());
    line(path(parts.uri.path(), style).as_bytes());
    line(query(parts.uri.query().unwrap_or_default()).as_bytes());
    for name in signed_headers {
        line(&header(&parts.headers, name));
    }
    line(b"");
    line(names(signed_headers).as_bytes());
    text.extend_from_slice(payload.as_bytes());
    text
}

/// The names, as `SignedHeaders` has them.
pub(super) fn names(signed_headers: &[HeaderName]) -> String {
    let names: Vec<&str> = signed_headers.iter().map(HeaderName::as_str).collect();
    names.join(";")
}

fn path(path: &str, style: PathStyle) -> String {
    match style {
        // A client may encode what needs none, or not all that does: what both mean is one path.
        PathStyle::S3 => {
            let decoded: Vec<u8> = percent_decode_str(path).collect();
            percent_encode(&decoded, &PATH).to_string()
        }
        PathStyle::Others => percent_encode(normalized(path).as_bytes(), &PATH).to_string(),
    }
}

/// RFC 3986, section 5.2.4, where `//` is `/` besides.
fn normalized(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let names_a_folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let end = if names_a_folder && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

/// Names and values encoded, and sorted by name and value; without the signature itself.
fn query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Encodes a '+' as a space, as the services read it: the verified request must equal the executed
/// one.
fn encoded(text: &str) -> String {
    let spaced = text.replace('+', "%20");
    let decoded: Vec<u8> = percent_decode_str(&spaced).collect();
    percent_encode(&decoded, &QUERY).to_string()
}

/// `name:value`, several values separated by commas, spaces in a row as one.
fn header(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let mut line = name.as_str().as_bytes().to_vec();
    line.push(b':');
    for (nth, value) in headers.get_all(name).iter().enumerate() {
        if nth > 0 {
            line.push(b',');
        }
        let words = value.as_bytes().split(|byte| *byte == b' ');
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        line.extend_from_slice(&words.join(&b' '));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (input, s3, others) in [
            ("/", "/", "/"),
            ("/a/b", "/a/b", "/a/b"),
            ("/a/", "/a/", "/a/"),
            ("/a//b/../c/.", "/a//b/../c/.", "/a/c/"),
            ("/../..", "/../..", "/"),
            ("//", "//", "/"),
            ("/a%20b", "/a%20b", "/a%2520b"),
            ("/%7e%c3%bc", "/~%C3%BC", "/%257e%25c3%25bc"),
            ("/arn:x", "/arn%3Ax", "/arn%3Ax"),
            ("/a%2Fb", "/a/b", "/a%252Fb"),
            ("/100%", "/100%25", "/100%25"),
        ] {
            assert_eq!(path(input, PathStyle::S3), s3, "{input}");
            assert_eq!(path(input, PathStyle::Others), others, "{input}");
        }
    }

    #[test]
    fn queries() {
        for (text, expected) in [
            ("", ""),
            ("&&", ""),
            ("acl", "acl="),
            ("b=2&a=1&a=0", "a=0&a=1&b=2"),
            ("prefix=a/b&marker=%2f", "marker=%2F&prefix=a%2Fb"),
            ("a=x+y%2B", "a=x%20y%2B"),
            ("a=b=c", "a=b%3Dc"),
            ("X-Amz-Signature=00&X-Amz-Date=1", "X-Amz-Date=1"),
            ("%", "%25="),
        ] {
            assert_eq!(query(text), expected, "{text}");
        }
    }
}
