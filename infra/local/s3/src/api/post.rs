//! PostObject: the form upload of browsers.

use http::HeaderMap;
use s3s::dto::*;
use s3s::xml::{Deserialize as _, Deserializer};
use s3s::{S3Request, S3Response};

use super::convert::{self, etag, length, new_version_id};
use super::requester;
use super::write::{store_object, upload_of};
use crate::details::{self, checked_tags, tags_of_header};
use crate::error::Error;
use crate::events::Event;
use crate::form::Form;
use crate::versions::Version;
use crate::{Store, policy};

pub(super) async fn post_object(
    store: &Store,
    request: S3Request<PostObjectInput>,
) -> Result<S3Response<PostObjectOutput>, Error> {
    let by = requester(&request, store);
    let form: Form = request.extensions.get().cloned().unwrap_or_default();
    let mut input = request.input;
    let size = input.content_length.unwrap_or_default().unsigned_abs();
    policy::check_length(form.length, size)?;
    let tags = match &form.tagging {
        Some(document) => tags_of_document(document)?,
        None => tags_of_header(input.tagging.as_deref().unwrap_or_default())?,
    };
    let location = by.location(&input.bucket, &input.key);
    let (upload, headers, body, declared) = upload_of!(input, Event::Post, by, None);
    let (bucket, version) = store_object(store, upload, headers, tags, body, declared).await?;
    let location = match form.redirect {
        None => location,
        Some(to) => redirect(&to, &bucket.name, &version),
    };
    let mut response = S3Response::new(PostObjectOutput {
        e_tag: Some(etag(&version.etag)),
        version_id: new_version_id(&bucket, &version),
        size: Some(length(version.size)),
        ..Default::default()
    });
    response.headers = response_headers(&location, response.output.version_id.as_deref(), &version);
    Ok(response)
}

/// `s3s` answers a form without any headers.
fn response_headers(location: &str, version_id: Option<&str>, version: &Version) -> HeaderMap {
    let etag = format!("\"{}\"", version.etag);
    let mut headers = vec![("location", location), ("etag", &etag)];
    headers.push(("x-amz-server-side-encryption", "AES256"));
    headers.extend(version_id.map(|id| ("x-amz-version-id", id)));
    if let Some(sum) = &version.details.checksum {
        headers.push((sum.algorithm.header(), &sum.value));
        headers.push(("x-amz-checksum-type", sum.kind.name()));
    }
    convert::headers(&headers)
}

/// Returns the URL that a browser is redirected to, with the object's data in the query.
fn redirect(to: &str, bucket: &str, version: &Version) -> String {
    let separator = if to.contains('?') { '&' } else { '?' };
    let value = convert::encode_parameter;
    let (key, etag) = (value(&version.key), value(&format!("\"{}\"", version.etag)));
    format!(
        "{to}{separator}bucket={}&key={key}&etag={etag}",
        value(bucket)
    )
}

/// A document of another kind has no tags.
fn tags_of_document(document: &str) -> Result<Vec<details::Tag>, Error> {
    let malformed = |_| Error::MalformedXml;
    let mut deserializer = Deserializer::new(document.as_bytes());
    if !document.trim_start().starts_with('<') {
        return Err(Error::MalformedXml);
    }
    if !document.contains("<Tagging") {
        return Ok(Vec::new());
    }
    let tagging = Tagging::deserialize(&mut deserializer).map_err(malformed)?;
    checked_tags(super::tagging::tags(tagging))
}
