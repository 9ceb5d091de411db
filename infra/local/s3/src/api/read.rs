//! GetObject, HeadObject, GetObjectAttributes: finding a version, judging conditions, streaming a
//! range.

use std::fs::File;
use std::ops;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures::Stream;
use http::{HeaderMap, HeaderValue};
use rusqlite::Connection;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result};
use tokio::io::AsyncReadExt as _;

use super::conditions::{self, ReadConditions, Verdict};
use super::convert::{self, etag, length, show_object, timestamp, version_id};
use crate::Store;
use crate::buckets::{self, Bucket};
use crate::digest::{Checksum, Kind, show_checksum};
use crate::error::{Error, add_headers};
use crate::files::{self, FileId};
use crate::receive::blocking;
use crate::versions::{self, Version};

/// The number of bytes of a download read at once.
const READ_SIZE: usize = 256 << 10;

/// Finds an object that other services of the stack want.
pub(crate) async fn look_up(
    store: &Store,
    bucket: &str,
    key: &str,
    version: Option<String>,
) -> Result<Version, Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    store
        .database
        .read(move |sql| versions::object(sql, &bucket, &key, version.as_deref()))
        .await
}

/// Returns all bytes of an object.
pub(crate) async fn read_bytes(store: &Store, bucket: &str, key: &str) -> Result<Bytes, Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let (version, file) = open(store, move |sql| {
        let version = versions::object(sql, &bucket, &key, None)?;
        let file = version.file;
        Ok((version, file))
    })
    .await?;
    let file = file.ok_or(Error::NoSuchKey)?;
    let mut bytes = Vec::with_capacity(usize::try_from(version.size).unwrap_or_default());
    tokio::fs::File::from_std(file)
        .read_to_end(&mut bytes)
        .await?;
    Ok(bytes.into())
}

/// Returns at most `max_bytes` bytes of an object, from `offset` on.
pub(crate) async fn read_piece(
    store: &Store,
    bucket: &str,
    key: &str,
    version: Option<String>,
    offset: u64,
    max_bytes: usize,
) -> Result<Bytes, Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let ((), file) = open(store, move |sql| {
        let version = versions::object(sql, &bucket, &key, version.as_deref())?;
        Ok(((), version.file))
    })
    .await?;
    let file = files::seek(file.ok_or(Error::NoSuchKey)?, offset)?;
    let mut bytes = Vec::with_capacity(max_bytes);
    tokio::fs::File::from_std(file)
        .take(max_bytes as u64)
        .read_to_end(&mut bytes)
        .await?;
    Ok(bytes.into())
}

/// Copies an object's bytes to a new file: the kernel moves them, where it can.
pub(crate) async fn save(store: &Store, bucket: &str, key: &str, path: &Path) -> Result<(), Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let ((), file) = open(store, move |sql| {
        let version = versions::object(sql, &bucket, &key, None)?;
        Ok(((), version.file))
    })
    .await?;
    let mut from = file.ok_or(Error::NoSuchKey)?;
    let path = path.to_owned();
    blocking(move || {
        std::io::copy(&mut from, &mut service::private::create(&path)?)?;
        Ok(())
    })
    .await
}

/// Looks something up and opens the file that it names, if it names one.
pub(super) async fn open<T: Send + 'static>(
    store: &Store,
    look_up: impl Fn(&Connection) -> Result<(T, Option<FileId>), Error> + Send + 'static,
) -> Result<(T, Option<File>), Error> {
    let files = store.files.clone();
    store
        .database
        .read(move |sql| files.find(|| look_up(sql)))
        .await
}

/// The parameters of GetObject and HeadObject.
struct ObjectRequest {
    bucket: String,
    key: String,
    version_id: Option<String>,
    range: Option<Range>,
    part: Option<i32>,
    conditions: ReadConditions,
    checksum: bool,
}

macro_rules! object_request {
    ($input:expr) => {
        ObjectRequest {
            bucket: $input.bucket,
            key: $input.key,
            version_id: $input.version_id,
            range: $input.range,
            part: $input.part_number,
            conditions: ReadConditions {
                if_match: $input.if_match,
                if_none_match: $input.if_none_match,
                if_modified_since: $input.if_modified_since,
                if_unmodified_since: $input.if_unmodified_since,
            },
            checksum: $input
                .checksum_mode
                .is_some_and(|mode| mode.as_str().eq_ignore_ascii_case(ChecksumMode::ENABLED)),
        }
    };
}

/// The data of the response.
struct ObjectResponse {
    bucket: Bucket,
    version: Version,
    slice: Slice,
    file: Option<File>,
    /// The checksum of the returned bytes, if the client requested it.
    checksum: Option<Checksum>,
}

/// A byte range of the object.
#[derive(Debug, PartialEq, Eq)]
struct Slice {
    bytes: ops::Range<u64>,
    /// Set if the range is a part of the object: status 206.
    content_range: Option<String>,
    parts_count: Option<i32>,
}

/// Finds the object, if the conditions hold, and opens its file if `bytes` is true.
async fn prepare(store: &Store, object: ObjectRequest, bytes: bool) -> S3Result<ObjectResponse> {
    let (name, key, id) = (
        object.bucket.clone(),
        object.key.clone(),
        object.version_id.clone(),
    );
    let ((bucket, version), file) = open(store, move |sql| {
        let bucket = buckets::get(sql, &name)?;
        let version = versions::find(sql, &name, &key, id.as_deref())?;
        let file = version.file.filter(|_| bytes);
        Ok(((bucket, version), file))
    })
    .await?;
    if version.file.is_none() {
        return Err(refuse_marker(&object, &version));
    }
    match object.conditions.judge(&version) {
        Verdict::Go => {}
        Verdict::Failed(header) => return Err(conditions::failed(header).into()),
        Verdict::NotModified(_) => return Err(not_modified(&version)),
    }
    if bytes {
        version.details.headers.require_online()?;
    }
    let slice = slice(&version, &object)?;
    Ok(ObjectResponse {
        bucket,
        checksum: checksum(&version, &object, &slice).filter(|_| object.checksum),
        slice,
        version,
        file,
    })
}

/// Returns the checksum of the bytes of a slice, if known: clients verify against it. A part has
/// its own checksum if the object's is composite.
fn checksum(version: &Version, object: &ObjectRequest, slice: &Slice) -> Option<Checksum> {
    let details = &version.details;
    match (object.part, &details.checksum) {
        (Some(number), Some(sum)) if sum.kind == Kind::Composite => {
            details.part_checksum(usize::try_from(number).ok()?.checked_sub(1)?)
        }
        (_, sum) if slice.bytes == (0..version.size) => sum.clone(),
        _ => None,
    }
}

fn slice(version: &Version, object: &ObjectRequest) -> Result<Slice, Error> {
    let size = version.size;
    let whole = Slice {
        bytes: 0..size,
        content_range: None,
        parts_count: None,
    };
    let (bytes, parts_count) = match (object.range, object.part) {
        (None, None) => return Ok(whole),
        (Some(_), Some(_)) => {
            return Err(Error::InvalidRequest(
                "Cannot specify both Range header and partNumber query parameter".into(),
            ));
        }
        (Some(range), None) => {
            let bytes = range.check(size).ok().filter(|bytes| !bytes.is_empty());
            let bytes = bytes.ok_or_else(|| {
                Error::InvalidRange
                    .with("RangeRequested", range.to_header_string())
                    .with("ActualObjectSize", size.to_string())
            })?;
            (bytes, None)
        }
        (None, Some(number)) => part(version, number)?,
    };
    if bytes.is_empty() {
        return Ok(whole);
    }
    Ok(Slice {
        content_range: Some(format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1)),
        bytes,
        parts_count,
    })
}

/// Returns the bytes of a part, and the number of parts. An object uploaded in one request has one
/// part.
fn part(version: &Version, number: i32) -> Result<(ops::Range<u64>, Option<i32>), Error> {
    let parts = &version.details.parts;
    super::multipart::check_part_number(number)?;
    if parts.is_empty() && number == 1 {
        return Ok((0..version.size, None));
    }
    let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
    let size = parts.get(index).ok_or_else(|| {
        Error::InvalidPartNumber
            .with("PartNumberRequested", number.to_string())
            .with("ActualPartCount", parts.len().max(1).to_string())
    })?;
    let start: u64 = parts[..index].iter().sum();
    Ok((start..start + size, i32::try_from(parts.len()).ok()))
}

/// Returns the error for a delete marker, whose headers identify it as one.
fn refuse_marker(object: &ObjectRequest, marker: &Version) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(&marker.version_id) {
        headers.insert("x-amz-version-id", id);
    }
    let error = match object.version_id {
        None => Error::NoSuchKey,
        Some(_) => {
            headers.insert(http::header::ALLOW, HeaderValue::from_static("DELETE"));
            Error::MethodNotAllowed.with("ResourceType", "DeleteMarker")
        }
    };
    let mut error = S3Error::from(error);
    add_headers(&mut error, headers);
    error
}

/// Fills what the outputs of GetObject and HeadObject share.
macro_rules! fill_output {
    ($output:expr, $object:expr) => {{
        let ObjectResponse {
            bucket,
            version,
            slice,
            ..
        } = $object;
        show_object!($output, version);
        $output.content_length = Some(length(slice.bytes.end - slice.bytes.start));
        $output.content_range = slice.content_range.clone();
        $output.parts_count = slice.parts_count;
        $output.version_id = version_id(bucket, version);
        show_checksum!($output, &$object.checksum);
        $output.checksum_type = $object.checksum.as_ref().map(|sum| kind(sum.kind));
    }};
}

/// Returns the number of tags, or `None` if the object has none.
fn tag_count(version: &Version) -> Option<i32> {
    let count = i32::try_from(version.tags.len());
    count.ok().filter(|count| *count > 0)
}

fn kind(kind: Kind) -> ChecksumType {
    ChecksumType::from_static(kind.name())
}

pub(super) async fn get_object(
    store: &Store,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let object = prepare(store, object_request!(request.input), true).await?;
    let mut output = GetObjectOutput::default();
    fill_output!(output, &object);
    output.tag_count = tag_count(&object.version);
    let Slice { bytes, .. } = object.slice;
    if let Some(file) = object.file {
        let file = files::seek(file, bytes.start).map_err(Error::from)?;
        output.body = Some(StreamingBlob::wrap(stream(file, bytes.end - bytes.start)));
    }
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    store: &Store,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let object = prepare(store, object_request!(request.input), false).await?;
    let mut output = HeadObjectOutput::default();
    fill_output!(output, &object);
    let mut response = S3Response::new(output);
    if let Some(count) = tag_count(&object.version) {
        response.headers = convert::headers(&[("x-amz-tagging-count", &count.to_string())]);
    }
    Ok(response)
}

/// Returns status 304 with the headers that clients compare.
fn not_modified(version: &Version) -> S3Error {
    let mut error = S3Error::new(s3s::S3ErrorCode::NotModified);
    let mut headers = HeaderMap::new();
    let mut time = Vec::new();
    let format = TimestampFormat::HttpDate;
    if timestamp(version.modified)
        .format(format, &mut time)
        .is_ok()
        && let Ok(time) = HeaderValue::from_bytes(&time)
    {
        headers.insert(http::header::LAST_MODIFIED, time);
    }
    if let Ok(tag) = etag(&version.etag).to_http_header() {
        headers.insert(http::header::ETAG, tag);
    }
    error.set_headers(headers);
    error
}

/// The next `left` bytes of a file, a piece at a time.
pub(super) fn stream(
    file: File,
    left: u64,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + Sync {
    let start = (tokio::fs::File::from_std(file), left);
    futures::stream::try_unfold(start, |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let want = usize::try_from(left).map_or(READ_SIZE, |left| left.min(READ_SIZE));
        let mut piece = BytesMut::with_capacity(want);
        if (&mut file).take(want as u64).read_buf(&mut piece).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let left = left - piece.len() as u64;
        Ok(Some((piece.freeze(), (file, left))))
    })
}
