//! PutObject, and the code that it shares with form uploads.

use std::path::Path;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use s3s::dto::*;
use s3s::{S3Request, S3Response, StdError};

use super::conditions::WriteConditions;
use super::convert::{etag, new_version_id};
use super::read::stream;
use super::{requester, trailers};
use crate::Store;
use crate::buckets::{self, Bucket};
use crate::database::Write;
use crate::details::{Details, Headers, Tag, tags_of_header};
use crate::digest::{Algorithm, show_checksum};
use crate::error::Error;
use crate::events::{self, Event, Requester};
use crate::files::Stored;
use crate::receive::{DeclaredDigests, receive};
use crate::versions::{self, NewVersion, Version};

/// An object that is about to be written.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) conditions: WriteConditions,
    pub(super) event: Event,
    pub(super) by: Requester,
}

/// Takes the upload, its headers, its body and the declared digests from the input of PutObject or
/// PostObject.
macro_rules! upload_of {
    ($input:expr, $event:expr, $by:expr, $trailers:expr) => {{
        let declared = $crate::receive::DeclaredDigests::new(
            $input.content_md5.as_deref(),
            $crate::digest::given_checksum!($input),
            $input
                .checksum_algorithm
                .as_ref()
                .map(ChecksumAlgorithm::as_str),
            $trailers,
        )?;
        let headers = $crate::api::convert::headers_of!($input)?;
        let conditions = $crate::api::conditions::WriteConditions::new(
            $input.if_match,
            $input.if_none_match.as_ref(),
        )?;
        let upload = $crate::api::write::Upload {
            bucket: $input.bucket,
            key: $input.key,
            conditions,
            event: $event,
            by: $by,
        };
        let body = $input
            .body
            .unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
        (upload, headers, body, declared)
    }};
}
pub(super) use upload_of;

pub(super) async fn put_object(
    store: &Store,
    request: S3Request<PutObjectInput>,
) -> Result<S3Response<PutObjectOutput>, Error> {
    let by = requester(&request, store);
    let trailers = trailers(&request);
    let mut input = request.input;
    refuse_unsupported(&input)?;
    let tags = tags_of_header(input.tagging.as_deref().unwrap_or_default())?;
    let (upload, headers, body, declared) = upload_of!(input, Event::Put, by, trailers);
    let (bucket, version) = store_object(store, upload, headers, tags, body, declared).await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&version.etag)),
        version_id: new_version_id(&bucket, &version),
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

/// Stores bytes that another service of the stack has.
pub(crate) async fn put_bytes(
    store: &Store,
    by: Requester,
    bucket: &str,
    key: &str,
    body: Bytes,
    content_type: &str,
) -> Result<(), Error> {
    let body = futures::stream::iter([Ok(body)]);
    put_stream(store, by, bucket, key, body, content_type).await
}

/// Stores a file's bytes that another service of the stack has.
pub(crate) async fn put_file(
    store: &Store,
    by: Requester,
    bucket: &str,
    key: &str,
    path: &Path,
    content_type: &str,
) -> Result<(), Error> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let body = stream(file, length).map_err(Into::into);
    put_stream(store, by, bucket, key, body, content_type).await
}

async fn put_stream(
    store: &Store,
    by: Requester,
    bucket: &str,
    key: &str,
    body: impl Stream<Item = Result<Bytes, StdError>>,
    content_type: &str,
) -> Result<(), Error> {
    let upload = Upload {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        conditions: WriteConditions::default(),
        event: Event::Put,
        by,
    };
    let headers = Headers {
        content_type: Some(content_type.to_owned()),
        ..Default::default()
    };
    let declared = DeclaredDigests::default();
    store_object(store, upload, headers, Vec::new(), body, declared).await?;
    Ok(())
}

/// The whole way of an object: bytes to a file, then row and event in one transaction.
pub(super) async fn store_object(
    store: &Store,
    upload: Upload,
    headers: Headers,
    tags: Vec<Tag>,
    body: impl Stream<Item = Result<Bytes, StdError>>,
    declared: DeclaredDigests,
) -> Result<(Bucket, Version), Error> {
    super::buckets::find(store, upload.bucket.clone()).await?;
    let algorithm = declared.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let received = receive(&store.files, body, &declared, algorithm).await?;
    let (stored, new) = received.into_version(algorithm);
    let details = Details {
        headers,
        ..new.details
    };
    let new = NewVersion {
        details,
        tags,
        ..new
    };
    add(store, upload, new, stored, |_, _| Ok(())).await
}

/// Adds the version, its event and whatever `also` does in one transaction, if the conditions hold.
pub(super) async fn add(
    store: &Store,
    upload: Upload,
    new: NewVersion,
    stored: Stored,
    also: impl FnOnce(&mut Write, &WriteConditions) -> Result<(), Error> + Send + 'static,
) -> Result<(Bucket, Version), Error> {
    store
        .database
        .write(move |write| {
            let bucket = buckets::get(write.sql, &upload.bucket)?;
            if !upload.conditions.is_empty() {
                let newest = versions::newest(write.sql, &upload.bucket, &upload.key)?;
                upload.conditions.require(&upload.key, newest.as_ref())?;
            }
            also(write, &upload.conditions)?;
            let version = versions::add(write, &bucket, &upload.key, new)?;
            events::emit(write, &upload.by, &bucket, upload.event, &version)?;
            write.keep(stored);
            Ok((bucket, version))
        })
        .await
}
