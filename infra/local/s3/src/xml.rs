//! The XML documents of requests: read completely and checked against their digests, before `s3s`
//! parses them.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::request::Parts;
use http::{Method, Uri};
use s3s::dto::StreamingBlob;

use super::error::Error;
use super::receive;

/// The longest document that is read: some 20 times as much as S3 takes.
const LIMIT: usize = 20 << 20;

/// The operations on objects whose body is a document, rather than an object's bytes.
const ON_OBJECTS: [&str; 4] = ["acl", "legal-hold", "retention", "tagging"];

/// Returns true if the body of such a request, if any, is an XML document. Forms are not.
pub(super) fn is_document(method: &Method, uri: &Uri) -> bool {
    let path = uri.path().trim_start_matches('/');
    let has_key = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let query = uri.query().unwrap_or_default();
    let names = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    match *method {
        Method::PUT => !has_key || names.into_iter().any(|name| ON_OBJECTS.contains(&name)),
        Method::POST => has_key || !query.is_empty(),
        _ => false,
    }
}

/// Returns true if the request completes a multipart upload.
pub(super) fn is_completion(method: &Method, uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    *method == Method::POST && query.split('&').any(|pair| pair.starts_with("uploadId="))
}

/// The document with characters for the references to them that `s3s` refuses and S3 takes.
fn resolve_references(document: Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(&document) else {
        return document;
    };
    if !text.contains("&#") {
        return document;
    }
    let mut pieces = text.split("&#");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece
            .split_once(';')
            .and_then(|(number, rest)| Some((referred(number)?, rest)))
        {
            Some((character, rest)) => {
                plain.push(character);
                plain.push_str(rest);
            }
            None => {
                plain.push_str("&#");
                plain.push_str(piece);
            }
        }
    }
    plain.into()
}

/// The character with that number, which may be hexadecimal (`x1`): a control character, or one
/// beyond ASCII.
fn referred(number: &str) -> Option<char> {
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let is_resolved = |c: &char| !matches!(c, '\0' | '\t' | '\n' | '\r' | ' '..='~');
    char::from_u32(code.ok()?).filter(is_resolved)
}

/// Reads a document to its end, but buffers no more than the limit.
pub(super) async fn read(body: s3s::Body, parts: &Parts) -> Result<Bytes, Error> {
    let mut body = StreamingBlob::from(body);
    let mut document = BytesMut::new();
    let mut length = 0;
    while let Some(piece) = body.next().await {
        let piece: Bytes = piece.map_err(receive::broken_body)?;
        length += piece.len();
        if length <= LIMIT {
            document.extend_from_slice(&piece);
        } else {
            document = BytesMut::new();
        }
    }
    if length > LIMIT {
        return Err(Error::TooLong);
    }
    // No XML has it, not even as a reference. Other control characters S3's keys and its XML have.
    if document.contains(&0) {
        return Err(Error::MalformedXml);
    }
    // The checksum of a completion is the object's, not the document's.
    let with_checksum = !is_completion(&parts.method, &parts.uri);
    receive::check_document(&parts.headers, &document, with_checksum)?;
    Ok(resolve_references(document.freeze()))
}
