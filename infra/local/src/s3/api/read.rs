//! GetObject, HeadObject, GetObjectAttributes: finding a version, judging conditions, streaming a range.

use std::fs::File;
use std::ops;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures::Stream;
use http::{HeaderMap, HeaderValue, StatusCode};
use rusqlite::Connection;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result};
use tokio::io::AsyncReadExt as _;

use super::conditions::{ReadConditions, Verdict};
use super::convert::{etag, length, seconds, show_object, timestamp, version_id};
use crate::s3::Store;
use crate::s3::buckets::{self, Bucket};
use crate::s3::digest::{Kind, show_checksum};
use crate::s3::error::Error;
use crate::s3::files::{self, FileId};
use crate::s3::receive::blocking;
use crate::s3::versions::{self, Version};

/// How many bytes of a download are read at once.
const PIECE: usize = 256 << 10;

/// Finds an object that other services of the stack want.
pub(in crate::s3) async fn look_up(
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

/// An object's bytes, all at once.
pub(in crate::s3) async fn read_bytes(
    store: &Store,
    bucket: &str,
    key: &str,
) -> Result<Bytes, Error> {
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

/// At most `most` of an object's bytes, from the byte `at` on.
pub(in crate::s3) async fn read_piece(
    store: &Store,
    (bucket, key, version): (&str, &str, Option<String>),
    at: u64,
    most: usize,
) -> Result<Bytes, Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let ((), file) = open(store, move |sql| {
        let version = versions::object(sql, &bucket, &key, version.as_deref())?;
        Ok(((), version.file))
    })
    .await?;
    let file = files::seek(file.ok_or(Error::NoSuchKey)?, at)?;
    let mut bytes = Vec::with_capacity(most);
    tokio::fs::File::from_std(file)
        .take(most as u64)
        .read_to_end(&mut bytes)
        .await?;
    Ok(bytes.into())
}

/// Copies an object's bytes to a new file: the kernel moves them, where it can.
pub(in crate::s3) async fn save(
    store: &Store,
    bucket: &str,
    key: &str,
    path: &Path,
) -> Result<(), Error> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let ((), file) = open(store, move |sql| {
        let version = versions::object(sql, &bucket, &key, None)?;
        Ok(((), version.file))
    })
    .await?;
    let mut from = file.ok_or(Error::NoSuchKey)?;
    let path = path.to_owned();
    blocking(move || {
        std::io::copy(&mut from, &mut File::create(path)?)?;
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

/// What GetObject and HeadObject ask for.
struct Asked {
    bucket: String,
    key: String,
    version_id: Option<String>,
    range: Option<Range>,
    part: Option<i32>,
    conditions: ReadConditions,
    checksum: bool,
}

macro_rules! asked {
    ($input:expr) => {
        Asked {
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
                .is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED),
        }
    };
}

/// What there is to answer.
struct Answer {
    bucket: Bucket,
    version: Version,
    slice: Slice,
    file: Option<File>,
    /// The client wants to see the checksum.
    checksum: bool,
}

/// Which bytes of the object.
#[derive(Debug, PartialEq, Eq)]
struct Slice {
    bytes: ops::Range<u64>,
    /// They are a part of it: 206.
    content_range: Option<String>,
    parts_count: Option<i32>,
}

/// Finds what is asked for, if the conditions hold; with its file where the bytes are wanted.
async fn prepare(store: &Store, asked: Asked, bytes: bool) -> S3Result<Answer> {
    let (name, key, id) = (
        asked.bucket.clone(),
        asked.key.clone(),
        asked.version_id.clone(),
    );
    let ((bucket, version), file) = open(store, move |sql| {
        let bucket = buckets::get(sql, &name)?;
        let version = versions::find(sql, &name, &key, id.as_deref())?;
        let file = version.file.filter(|_| bytes);
        Ok(((bucket, version), file))
    })
    .await?;
    if version.file.is_none() {
        return Err(refuse_marker(&asked, &version));
    }
    match asked.conditions.judge(&version) {
        Verdict::Go => {}
        Verdict::Failed => return Err(Error::PreconditionFailed.into()),
        Verdict::NotModified => return Err(not_modified(&version)),
    }
    Ok(Answer {
        bucket,
        slice: slice(&version, &asked)?,
        version,
        file,
        checksum: asked.checksum,
    })
}

fn slice(version: &Version, asked: &Asked) -> Result<Slice, Error> {
    let size = version.size;
    let whole = Slice {
        bytes: 0..size,
        content_range: None,
        parts_count: None,
    };
    let (bytes, parts_count) = match (asked.range, asked.part) {
        (None, None) => return Ok(whole),
        (Some(_), Some(_)) => {
            return Err(Error::InvalidRequest(
                "Cannot specify both Range header and partNumber query parameter".into(),
            ));
        }
        (Some(range), None) => {
            let bytes = range.check(size).map_err(|_| Error::InvalidRange)?;
            (bytes, None)
        }
        (None, Some(number)) => part(version, number)?,
    };
    if bytes.is_empty() {
        return match asked.part {
            Some(_) => Ok(whole),
            None => Err(Error::InvalidRange),
        };
    }
    Ok(Slice {
        content_range: Some(format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1)),
        bytes,
        parts_count,
    })
}

/// The bytes of a part, and how many parts there are. An object that came in one piece is its own only part.
fn part(version: &Version, number: i32) -> Result<(ops::Range<u64>, Option<i32>), Error> {
    let parts = &version.details.parts;
    let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    let index = index.ok_or(Error::InvalidPartNumber)?;
    if parts.is_empty() && index == 0 {
        return Ok((0..version.size, None));
    }
    let size = parts.get(index).ok_or(Error::InvalidPartNumber)?;
    let start: u64 = parts[..index].iter().sum();
    Ok((start..start + size, i32::try_from(parts.len()).ok()))
}

/// AWS says with a delete marker that it is one.
fn refuse_marker(asked: &Asked, marker: &Version) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(&marker.version_id) {
        headers.insert("x-amz-version-id", id);
    }
    let error = match asked.version_id {
        None => Error::NoSuchKey,
        Some(_) => {
            headers.insert(http::header::ALLOW, HeaderValue::from_static("DELETE"));
            Error::MethodNotAllowed
        }
    };
    let mut error = S3Error::from(error);
    error.set_headers(headers);
    error
}

/// Fills what the outputs of GetObject and HeadObject share.
macro_rules! show_answer {
    ($output:expr, $answer:expr) => {{
        let Answer {
            bucket,
            version,
            slice,
            ..
        } = $answer;
        show_object!($output, version);
        $output.content_length = Some(length(slice.bytes.end - slice.bytes.start));
        $output.content_range = slice.content_range.clone();
        $output.parts_count = slice.parts_count;
        $output.version_id = version_id(bucket, version);
        // The checksum is that of the whole object: a client would hold a range against it.
        if $answer.checksum && slice.content_range.is_none() {
            show_checksum!($output, &version.details.checksum);
            $output.checksum_type = version.details.checksum.as_ref().map(|sum| kind(sum.kind));
        }
    }};
}

fn kind(kind: Kind) -> ChecksumType {
    ChecksumType::from_static(kind.name())
}

pub(super) async fn get_object(
    store: &Store,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let answer = prepare(store, asked!(request.input), true).await?;
    let mut output = GetObjectOutput::default();
    show_answer!(output, &answer);
    output.tag_count = i32::try_from(answer.version.tags.len())
        .ok()
        .filter(|n| *n > 0);
    let Slice { bytes, .. } = answer.slice;
    if let Some(file) = answer.file {
        let file = files::seek(file, bytes.start).map_err(Error::from)?;
        output.body = Some(StreamingBlob::wrap(stream(file, bytes.end - bytes.start)));
    }
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    store: &Store,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let answer = prepare(store, asked!(request.input), false).await?;
    let mut output = HeadObjectOutput::default();
    show_answer!(output, &answer);
    let partial = answer.slice.content_range.is_some();
    let mut response = S3Response::new(output);
    response.status = partial.then_some(StatusCode::PARTIAL_CONTENT);
    Ok(response)
}

/// 304 with what the client may compare.
fn not_modified(version: &Version) -> S3Error {
    let mut error = S3Error::new(s3s::S3ErrorCode::NotModified);
    let mut headers = HeaderMap::new();
    let mut time = Vec::new();
    let format = TimestampFormat::HttpDate;
    if seconds(version.modified).format(format, &mut time).is_ok()
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
        let want = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        let mut piece = BytesMut::with_capacity(want);
        if (&mut file).take(want as u64).read_buf(&mut piece).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let left = left - piece.len() as u64;
        Ok(Some((piece.freeze(), (file, left))))
    })
}

pub(super) async fn get_object_attributes(
    store: &Store,
    request: S3Request<GetObjectAttributesInput>,
) -> Result<S3Response<GetObjectAttributesOutput>, Error> {
    let input = request.input;
    let wanted: Vec<String> = input
        .object_attributes
        .iter()
        .map(|attribute| attribute.as_str().to_owned())
        .collect();
    let wants = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let version = input.version_id.clone();
    let (bucket, version) = store
        .database
        .read(move |sql| {
            super::buckets::bucket_and_object(sql, &input.bucket, &input.key, version.as_deref())
        })
        .await?;
    let mut output = GetObjectAttributesOutput {
        last_modified: Some(timestamp(version.modified)),
        version_id: version_id(&bucket, &version),
        ..Default::default()
    };
    output.e_tag = wants("ETag").then(|| etag(&version.etag));
    output.object_size = wants("ObjectSize").then(|| length(version.size));
    output.storage_class = wants("StorageClass").then(|| {
        let class = version.details.headers.storage_class.clone();
        class.unwrap_or_else(|| "STANDARD".into()).into()
    });
    if wants("Checksum")
        && let Some(sum) = &version.details.checksum
    {
        let mut shown = Checksum::default();
        show_checksum!(shown, Some(sum));
        shown.checksum_type = Some(kind(sum.kind));
        output.checksum = Some(shown);
    }
    if wants("ObjectParts") && !version.details.parts.is_empty() {
        output.object_parts = Some(GetObjectAttributesParts {
            total_parts_count: i32::try_from(version.details.parts.len()).ok(),
            ..Default::default()
        });
    }
    Ok(S3Response::new(output))
}
