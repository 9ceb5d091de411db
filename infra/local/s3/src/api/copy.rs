//! CopyObject and UploadPartCopy.

use std::fs::File;

use futures::TryStreamExt as _;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};
use s3s::dto::*;
use s3s::{S3Request, S3Response, StdError};

use super::conditions::{ReadConditions, WriteConditions};
use super::convert::{etag, headers_of, timestamp, version_id};
use super::multipart::{check_part_number, keep_part};
use super::read::{open, stream};
use super::requester;
use super::write::{Upload, add};
use crate::Store;
use crate::details::{Details, Headers, Tag, tags_of_header};
use crate::digest::{Algorithm, show_checksum};
use crate::error::Error;
use crate::events::Event;
use crate::files::Stored;
use crate::receive::{DeclaredDigests, blocking, receive};
use crate::versions::{self, NewVersion, Version};
use crate::{files, uploads};

/// 5 GiB: larger objects are copied in parts.
const LIMIT: u64 = 5 << 30;

/// The object to copy from.
struct Source {
    version: Version,
    /// The version's id, where it has one.
    version_id: Option<String>,
    file: File,
    /// True if source and destination are the same object.
    same: bool,
}

async fn source(
    store: &Store,
    from: CopySource,
    to_bucket: &str,
    to_key: &str,
    conditions: &ReadConditions,
) -> Result<Source, Error> {
    let CopySource::Bucket {
        bucket,
        key,
        version_id: id,
    } = from
    else {
        return Err(Error::NotImplemented("Access points are not implemented"));
    };
    let same = bucket[..] == *to_bucket && key[..] == *to_key && id.is_none();
    let ((row, version), file) = open(store, move |sql| {
        let found = super::buckets::bucket_and_object(sql, &bucket, &key, id.as_deref());
        let found = found.map_err(|error| about_source(error, &bucket, &key, id.as_deref()))?;
        let file = found.1.file;
        Ok((found, file))
    })
    .await?;
    conditions.require(&version)?;
    version.details.headers.require_online()?;
    Ok(Source {
        version_id: version_id(&row, &version).filter(|id| id != versions::NULL),
        version,
        file: file.ok_or(Error::NoSuchKey)?,
        same,
    })
}

/// Errors are about the source, which is not the object that the request names.
fn about_source(error: Error, bucket: &str, key: &str, id: Option<&str>) -> Error {
    match (error, id) {
        (error @ Error::NoSuchBucket, _) => error.with("BucketName", bucket),
        (error @ Error::NoSuchKey, _) => error.with("Key", key),
        (error @ Error::NoSuchVersion, id) => error
            .with("Key", key)
            .with("VersionId", id.unwrap_or_default()),
        (Error::Detailed(error, _), Some(_)) if matches!(*error, Error::MethodNotAllowed) => {
            Error::InvalidRequest(
                "The source of a copy request may not specifically refer to a \
                                   delete marker by version id."
                    .into(),
            )
        }
        (error, _) => error,
    }
}

macro_rules! source_conditions {
    ($input:expr) => {
        ReadConditions {
            if_match: $input.copy_source_if_match.take(),
            if_none_match: $input.copy_source_if_none_match.take(),
            if_modified_since: $input.copy_source_if_modified_since.take(),
            if_unmodified_since: $input.copy_source_if_unmodified_since.take(),
        }
    };
}

pub(super) async fn copy_object(
    store: &Store,
    request: S3Request<CopyObjectInput>,
) -> Result<S3Response<CopyObjectOutput>, Error> {
    let by = requester(&request, store);
    let write_conditions = WriteConditions::new(
        condition(&request.headers, &IF_MATCH)?,
        condition(&request.headers, &IF_NONE_MATCH)?.as_ref(),
    )?;
    let mut input = request.input;
    let conditions = source_conditions!(input);
    let from = input.copy_source.clone();
    let source = source(store, from, &input.bucket, &input.key, &conditions).await?;
    refuse_illegal(&input, &source)?;
    let copy = copied_metadata(&mut input, &source.version)?;
    let algorithm = algorithm(input.checksum_algorithm.as_ref())?;
    let source_version = source.version_id.clone();
    let (stored, new) = duplicate(store, source, algorithm).await?;
    let upload = Upload {
        bucket: input.bucket,
        key: input.key,
        conditions: write_conditions,
        event: Event::Copy,
        by,
    };
    let new = NewVersion {
        tags: copy.tags,
        details: Details {
            headers: copy.headers,
            ..new.details
        },
        ..new
    };
    let (bucket, version) = add(store, upload, new, stored, |_, _| Ok(())).await?;
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&version.etag)),
        last_modified: Some(timestamp(version.modified)),
        ..Default::default()
    };
    show_checksum!(result, &version.details.checksum);
    result.checksum_type = version
        .details
        .checksum
        .as_ref()
        .map(|sum| ChecksumType::from_static(sum.kind.name()));
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: source_version,
        version_id: version_id(&bucket, &version),
        ..Default::default()
    }))
}

/// A condition on the object that a copy becomes, of which `s3s` does not know.
fn condition(headers: &HeaderMap, name: &HeaderName) -> Result<Option<ETagCondition>, Error> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let parsed = ETagCondition::parse_http_header(value.as_bytes());
    let invalid = |_| Error::argument("The entity tag is not valid", name.as_str(), "");
    parsed.map(Some).map_err(invalid)
}

fn refuse_illegal(input: &CopyObjectInput, source: &Source) -> Result<(), Error> {
    let metadata = input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str);
    let changes = replaces(metadata)?
        || input.storage_class.is_some()
        || input.website_redirect_location.is_some()
        || input.checksum_algorithm.is_some();
    if source.same && !changes {
        return Err(Error::InvalidRequest(
            "This copy request is illegal because it is trying to \
                                          copy an object to itself without changing the object's \
                                          metadata, storage class, website redirect location or \
                                          encryption attributes."
                .into(),
        ));
    }
    if source.version.size > LIMIT {
        return Err(Error::InvalidRequest(
            "The specified copy source is larger than the maximum \
                                          allowable size for a copy source: 5368709120"
                .into(),
        ));
    }
    Ok(())
}

/// The metadata of the copy.
struct CopiedMetadata {
    headers: Headers,
    tags: Vec<Tag>,
}

fn copied_metadata(input: &mut CopyObjectInput, source: &Version) -> Result<CopiedMetadata, Error> {
    let metadata = input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str);
    let tagging = input
        .tagging_directive
        .as_ref()
        .map(TaggingDirective::as_str);
    let (replace, replace_tags) = (replaces(metadata)?, replaces(tagging)?);
    let requested: Headers = headers_of!(input)?;
    let headers = if replace {
        requested
    } else {
        Headers {
            storage_class: requested.storage_class,
            website_redirect_location: requested.website_redirect_location,
            ..source.details.headers.clone()
        }
    };
    let tags = if replace_tags {
        tags_of_header(input.tagging.as_deref().unwrap_or_default())?
    } else {
        source.tags.clone()
    };
    Ok(CopiedMetadata { headers, tags })
}

/// Returns true if the request's values replace the source's.
fn replaces(name: Option<&str>) -> Result<bool, Error> {
    match name {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(Error::InvalidArgument("Unknown metadata directive.".into())),
    }
}

fn algorithm(named: Option<&ChecksumAlgorithm>) -> Result<Option<Algorithm>, Error> {
    let declared = DeclaredDigests::new(None, None, named.map(ChecksumAlgorithm::as_str), None)?;
    Ok(declared.algorithm)
}

/// Copies the source's bytes. An object uploaded in one request, with the requested checksum, only
/// gets a second link; a multipart object is read, since the copy's entity tag is the MD5 of its
/// bytes.
async fn duplicate(
    store: &Store,
    source: Source,
    wanted: Option<Algorithm>,
) -> Result<(Stored, NewVersion), Error> {
    let Source { version, file, .. } = source;
    let has = version.details.checksum.as_ref().map(|sum| sum.algorithm);
    let alike = version.details.parts.is_empty() && (wanted.is_none() || wanted == has);
    if let Some(id) = version.file.filter(|_| alike) {
        let files = store.files.clone();
        if let Some(stored) = blocking(move || Ok(files.link(id)?)).await? {
            let new = NewVersion {
                file: Some(stored.id()),
                size: version.size,
                etag: version.etag,
                details: version.details,
                tags: Vec::new(),
            };
            return Ok((stored, new));
        }
    }
    let algorithm = wanted.or(has).unwrap_or(Algorithm::Crc64Nvme);
    let bytes = stream(file, version.size).map_err(StdError::from);
    let received = receive(&store.files, bytes, &DeclaredDigests::default(), algorithm).await?;
    Ok(received.into_version(algorithm))
}

pub(super) async fn upload_part_copy(
    store: &Store,
    request: S3Request<UploadPartCopyInput>,
) -> Result<S3Response<UploadPartCopyOutput>, Error> {
    let mut input = request.input;
    check_part_number(input.part_number)?;
    let conditions = source_conditions!(input);
    let from = input.copy_source.clone();
    let Source {
        version,
        version_id,
        file,
        ..
    } = source(store, from, &input.bucket, "", &conditions).await?;
    let bytes = match &input.copy_source_range {
        None => 0..version.size,
        Some(range) => copy_range(range, version.size)?,
    };
    if bytes.end - bytes.start > LIMIT {
        return Err(Error::EntityTooLarge);
    }
    let (bucket, key, id) = (input.bucket, input.key, input.upload_id);
    let find = {
        let (bucket, key, id) = (bucket.clone(), key.clone(), id.clone());
        move |sql: &rusqlite::Connection| uploads::get(sql, &bucket, &key, &id)
    };
    let upload = store.database.read(find).await?;
    let (algorithm, _) = upload.resulting_checksum();
    let length = bytes.end - bytes.start;
    let file = files::seek(file, bytes.start)?;
    let body = stream(file, length).map_err(StdError::from);
    let received = receive(&store.files, body, &DeclaredDigests::default(), algorithm).await?;
    let part = keep_part(
        store,
        bucket,
        key,
        id,
        input.part_number,
        received,
        algorithm,
    )
    .await?;
    let mut result = CopyPartResult {
        e_tag: Some(etag(&part.md5)),
        last_modified: Some(timestamp(part.modified)),
        ..Default::default()
    };
    show_checksum!(result, upload.checksum.map(|_| &part.checksum));
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: version_id,
        ..Default::default()
    }))
}

/// The range of `x-amz-copy-source-range`, which must lie in the source.
fn copy_range(range: &str, size: u64) -> Result<std::ops::Range<u64>, Error> {
    let argument = |text| Error::argument(text, "x-amz-copy-source-range", range);
    match Range::parse(range) {
        Ok(Range::Int {
            first,
            last: Some(last),
        }) if last < size => Ok(first..last + 1),
        Ok(Range::Int {
            first,
            last: Some(_),
        }) if first >= size => Err(Error::InvalidRequest(
            "The specified copy range is invalid for the source object size".into(),
        )),
        Ok(Range::Int { last: Some(_), .. }) => Err(argument(format!(
            "Range specified is not valid for source object of size: {size}"
        ))),
        _ => Err(argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last \
                           where first and last are the zero-based offsets of the first and last \
                           bytes to copy"
                .to_owned(),
        )),
    }
}
