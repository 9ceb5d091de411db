//! PutObject, and the form upload of browsers.

use bytes::Bytes;
use futures::Stream;
use s3s::dto::*;
use s3s::{S3Request, S3Response, StdError};

use super::conditions::WriteConditions;
use super::convert::{etag, headers_of, length, version_id};
use super::{requester, trailers};
use crate::s3::Store;
use crate::s3::buckets::{self, Bucket};
use crate::s3::database::Write;
use crate::s3::details::{Details, Headers, Tag, tags_of_header};
use crate::s3::digest::{Algorithm, given_checksum, show_checksum};
use crate::s3::error::Error;
use crate::s3::events::{self, Event, Requester};
use crate::s3::receive::{Claims, receive};
use crate::s3::versions::{self, NewVersion, Version};

/// An object that is about to be written.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) headers: Headers,
    pub(super) tags: Vec<Tag>,
    pub(super) conditions: WriteConditions,
    pub(super) event: Event,
    pub(super) by: Requester,
}

pub(super) async fn put_object(
    store: &Store,
    request: S3Request<PutObjectInput>,
) -> Result<S3Response<PutObjectOutput>, Error> {
    let by = requester(&request, store);
    let trailers = trailers(&request);
    let mut input = request.input;
    refuse_unsupported(&input)?;
    let claims = Claims::new(
        input.content_md5.as_deref(),
        given_checksum!(input),
        input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str),
        trailers,
    )?;
    let upload = Upload {
        headers: headers_of!(input)?,
        tags: tags_of_header(input.tagging.as_deref().unwrap_or_default())?,
        conditions: WriteConditions::new(input.if_match, input.if_none_match)?,
        bucket: input.bucket,
        key: input.key,
        event: Event::Put,
        by,
    };
    let body = input.body.unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    let (bucket, version) = store_object(store, upload, body, claims).await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&version.etag)),
        version_id: version_id(&bucket, &version),
        ..Default::default()
    };
    show_checksum!(output, &version.details.checksum);
    output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
    Ok(S3Response::new(output))
}

fn refuse_unsupported(input: &PutObjectInput) -> Result<(), Error> {
    if input.sse_customer_algorithm.is_some() {
        return Err(Error::NotImplemented(
            "Server-side encryption with customer-provided keys is not implemented",
        ));
    }
    if input.object_lock_mode.is_some() || input.object_lock_legal_hold_status.is_some() {
        return Err(Error::NotImplemented("Object Lock is not implemented"));
    }
    if input.write_offset_bytes.is_some() {
        return Err(Error::NotImplemented(
            "Appending is for directory buckets, which are not implemented",
        ));
    }
    Ok(())
}

pub(super) async fn post_object(
    store: &Store,
    request: S3Request<PostObjectInput>,
) -> Result<S3Response<PostObjectOutput>, Error> {
    let by = requester(&request, store);
    let mut input = request.input;
    let checksum = given_checksum!(input);
    let claims = Claims::new(input.content_md5.as_deref(), checksum, None, None)?;
    let upload = Upload {
        headers: headers_of!(input)?,
        tags: tags_of_header(input.tagging.as_deref().unwrap_or_default())?,
        conditions: WriteConditions::default(),
        bucket: input.bucket,
        key: input.key,
        event: Event::Post,
        by,
    };
    let body = input.body.unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    let (bucket, version) = store_object(store, upload, body, claims).await?;
    Ok(S3Response::new(PostObjectOutput {
        e_tag: Some(etag(&version.etag)),
        version_id: version_id(&bucket, &version),
        size: Some(length(version.size)),
        ..Default::default()
    }))
}

/// Stores bytes that another service of the stack has.
pub(in crate::s3) async fn put_bytes(
    store: &Store,
    by: Requester,
    bucket: &str,
    key: &str,
    body: Bytes,
    content_type: &str,
) -> Result<(), Error> {
    let upload = Upload {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        headers: Headers {
            content_type: Some(content_type.to_owned()),
            ..Default::default()
        },
        tags: Vec::new(),
        conditions: WriteConditions::default(),
        event: Event::Put,
        by,
    };
    let body = futures::stream::iter([Ok(body)]);
    store_object(store, upload, body, Claims::default()).await?;
    Ok(())
}

/// The whole way of an object: bytes to a file, then row and event in one transaction.
async fn store_object(
    store: &Store,
    upload: Upload,
    body: impl Stream<Item = Result<Bytes, StdError>>,
    claims: Claims,
) -> Result<(Bucket, Version), Error> {
    super::buckets::find(store, upload.bucket.clone()).await?;
    let algorithm = claims.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let mut received = receive(&store.files, body, &claims, algorithm).await?;
    store
        .database
        .write(move |write| {
            let new = NewVersion {
                file: Some(received.stored.id()),
                size: received.size,
                etag: received.digests.md5.to_string(),
                details: Details {
                    headers: upload.headers.clone(),
                    checksum: received.digests.checksum(algorithm).cloned(),
                    parts: Vec::new(),
                },
                tags: upload.tags.clone(),
            };
            let added = add(write, &upload, new)?;
            received.stored.adopt();
            Ok(added)
        })
        .await
}

/// Adds the version and its event, if the conditions hold.
pub(super) fn add(
    write: &mut Write,
    upload: &Upload,
    new: NewVersion,
) -> Result<(Bucket, Version), Error> {
    let bucket = buckets::get(write.sql, &upload.bucket)?;
    if !upload.conditions.is_empty() {
        let newest = versions::newest(write.sql, &upload.bucket, &upload.key)?;
        upload.conditions.require(newest.as_ref())?;
    }
    let version = versions::add(write, &bucket, &upload.key, new)?;
    events::emit(write, &upload.by, &bucket, upload.event, &version)?;
    Ok((bucket, version))
}
