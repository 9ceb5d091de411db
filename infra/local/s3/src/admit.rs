//! Admits requests to S3 and prepares them for the protocol layer.
//!
//! If the stack verifies signatures, `service::signature` has already done so, for all services at
//! once. If not, every access key is valid, which `s3s` has no setting for. So the signature is
//! removed here, along with the work that `s3s` ties to verification: decoding `aws-chunked` bodies
//! and checking the expiry of presigned URLs.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use s3s::{S3Error, S3ErrorCode, StdError, s3_error};

use super::chunked::Decoder;
use super::digest::Algorithm;
use super::error::Error;
use super::events::Requester;
use super::presigned::Presigned;
use super::{form, normalize, xml};
use service::signature::Chunks;

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");

/// The trailers of a request's body, there once the body has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailers(Arc<OnceLock<HeaderMap>>);

impl Trailers {
    pub(super) fn get(&self) -> Option<&HeaderMap> {
        self.0.get()
    }
}

/// Removes the signature of a request without checking the key. If a verifier came with the
/// request, it verifies the chunks' signatures.
pub(super) async fn any_key(
    request: Request<axum::body::Body>,
) -> Result<Request<s3s::Body>, S3Error> {
    let (mut parts, body) = request.into_parts();
    check_owner(&parts)?;
    let query = parts.uri.query().unwrap_or_default();
    let presigned = Presigned::parse(query)?;
    if presigned.is_none() && !parts.headers.contains_key(AUTHORIZATION) {
        refuse_overrides(query)?;
    }
    let mut query = query.to_owned();
    if let Some(presigned) = presigned {
        presigned.check_expiry(jiff::Timestamp::now())?;
        presigned.hoist(&mut parts.headers);
        query = presigned.rest;
    }
    parts.uri = with_query(&parts.uri, &normalize::query(&query))?;
    parts.headers.remove(AUTHORIZATION);
    refuse_two_checksums(&parts.headers)?;
    normalize::headers(&mut parts.headers);
    let body = body_for(&mut parts, body).await?;
    Ok(Request::from_parts(parts, body))
}

/// The body as `s3s` reads it: without its chunks, a form's without its signature, a document's
/// whole.
async fn body_for(parts: &mut Parts, body: axum::body::Body) -> Result<s3s::Body, S3Error> {
    let body = if take_chunked(&mut parts.headers) {
        let trailers = Trailers::default();
        let length = decoded_length(&mut parts.headers)?;
        parts.extensions.insert(trailers.clone());
        let signed = parts.extensions.remove::<Chunks>();
        decoded(body, Decoder::new(length, signed), trailers)
    } else if is_form(parts) {
        let bucket = parts.uri.path().trim_matches('/');
        let (form, body) = form::read(bucket, &parts.headers, body.into_data_stream()).await?;
        parts.extensions.insert(form);
        body_of(body)
    } else {
        s3s::Body::http_body_unsync(body)
    };
    if is_upload_without_form(parts) {
        let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
        return Err(Error::PreconditionFailed
            .with("Condition", condition)
            .into());
    }
    if xml::is_document(&parts.method, &parts.uri) {
        let document = xml::read(body, parts).await?;
        // S3 says what is wrong with no list of parts; `s3s` says that no document is malformed.
        if document.is_empty() && xml::is_completion(&parts.method, &parts.uri) {
            return Ok(Bytes::from_static(b"<CompleteMultipartUpload/>").into());
        }
        return Ok(document.into());
    }
    Ok(body)
}

/// Refuses the response overrides of anonymous callers, who may not choose response headers.
fn refuse_overrides(query: &str) -> Result<(), S3Error> {
    if query.split('&').any(|pair| pair.starts_with("response-")) {
        return Err(s3_error!(
            InvalidRequest,
            "Request specific response headers cannot be used for anonymous GET requests."
        ));
    }
    Ok(())
}

fn refuse_two_checksums(headers: &HeaderMap) -> Result<(), S3Error> {
    let has_checksum = |algorithm: &Algorithm| headers.contains_key(algorithm.header());
    if Algorithm::ALL.into_iter().filter(has_checksum).count() > 1 {
        return Err(s3_error!(
            InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        ));
    }
    Ok(())
}

/// Returns true if the body is `aws-chunked`, and removes the headers that say so.
pub(super) fn take_chunked(headers: &mut HeaderMap) -> bool {
    let streaming = headers
        .remove(CONTENT_SHA256)
        .is_some_and(|value| value.as_bytes().starts_with(b"STREAMING-"));
    let encodings: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|encoding| encoding.trim().to_owned())
        .collect();
    let others: Vec<&str> = encodings
        .iter()
        .map(String::as_str)
        .filter(|encoding| *encoding != "aws-chunked" && !encoding.is_empty())
        .collect();
    let named = encodings.iter().any(|encoding| encoding == "aws-chunked");
    if named {
        headers.remove(CONTENT_ENCODING);
        if let Ok(value) = HeaderValue::from_str(&others.join(","))
            && !others.is_empty()
        {
            headers.insert(CONTENT_ENCODING, value);
        }
    }
    streaming || named
}

/// Makes `Content-Length` that of the decoded body.
fn decoded_length(headers: &mut HeaderMap) -> Result<u64, S3Error> {
    let value = headers
        .remove(DECODED_LENGTH)
        .ok_or_else(|| s3_error!(MissingContentLength))?;
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    headers.insert(CONTENT_LENGTH, value);
    length.ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "The x-amz-decoded-content-length header is not a number."
        )
    })
}

fn decoded(body: axum::body::Body, decoder: Decoder, trailers: Trailers) -> s3s::Body {
    let start = (body.into_data_stream(), Some(decoder), trailers);
    let stream = stream::try_unfold(start, |(mut body, decoder, trailers)| async {
        let Some(mut decoder) = decoder else {
            return Ok(None);
        };
        loop {
            if let Some(data) = decoder.next().map_err(StdError::from)? {
                return Ok(Some((data, (body, Some(decoder), trailers))));
            }
            match body.next().await {
                Some(piece) => decoder.feed(&piece?),
                None => {
                    let _ = trailers.0.set(decoder.finish()?);
                    return Ok::<_, StdError>(None);
                }
            }
        }
    });
    body_of(stream)
}

fn body_of(data: impl Stream<Item = Result<Bytes, StdError>> + Send + 'static) -> s3s::Body {
    let frames = data.map(|data| data.map(hyper::body::Frame::data));
    s3s::Body::http_body_unsync(http_body_util::StreamBody::new(frames))
}

fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE);
    parts.method == Method::POST
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"))
}

/// Returns true for a POST to a bucket that is no form: such a request is an upload, unless its
/// query selects another operation.
fn is_upload_without_form(parts: &Parts) -> bool {
    let path = parts.uri.path().trim_matches('/');
    let to_bucket = !path.is_empty() && !path.contains('/');
    let names_operation = parts.uri.query().is_some_and(|query| !query.is_empty());
    parts.method == Method::POST && to_bucket && !names_operation && !is_form(parts)
}

/// Checks the expected bucket owner: one account owns all buckets here.
fn check_owner(parts: &Parts) -> Result<(), S3Error> {
    let requester: Option<&Requester> = parts.extensions.get();
    let account = requester.map(|requester| requester.identity.account.as_bytes());
    let expected = [
        "x-amz-expected-bucket-owner",
        "x-amz-source-expected-bucket-owner",
    ]
    .into_iter()
    .filter_map(|name| parts.headers.get(name));
    for expected in expected.map(HeaderValue::as_bytes) {
        if expected.len() != 12 || !expected.iter().all(u8::is_ascii_digit) {
            let expected = String::from_utf8_lossy(expected);
            let text = format!(
                "The value of the expected bucket owner parameter must be an AWS Account ID... \
                 [{expected}]"
            );
            let code = S3ErrorCode::Custom("InvalidBucketOwnerAWSAccountID".into());
            let mut error = S3Error::with_message(code, text);
            error.set_status_code(StatusCode::BAD_REQUEST);
            return Err(error);
        }
        if account.is_some_and(|account| account != expected) {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
    }
    Ok(())
}

fn with_query(uri: &Uri, query: &str) -> Result<Uri, S3Error> {
    let mut parts = uri.clone().into_parts();
    let path = match query {
        "" => uri.path().to_owned(),
        query => format!("{}?{query}", uri.path()),
    };
    parts.path_and_query = Some(path.parse().map_err(|_| s3_error!(InvalidURI))?);
    Uri::from_parts(parts).map_err(|_| s3_error!(InvalidURI))
}
