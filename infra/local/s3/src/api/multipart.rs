//! Multipart uploads: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>.

use s3s::dto::*;
use s3s::{S3Request, S3Response};
use uuid::Uuid;

use super::conditions::WriteConditions;
use super::convert::{etag, headers_of, initiator, length, limit, owner, timestamp, version_id};
use super::write::{Upload, add};
use super::{requester, trailers};
use crate::buckets::Bucket;
use crate::database::Write;
use crate::details::{Details, tags_of_header};
use crate::digest::{self, Algorithm, Kind, Md5, given_checksum, show_checksum};
use crate::error::Error;
use crate::events::Event;
use crate::receive::{DeclaredDigests, Received, blocking, receive};
use crate::versions::{NewVersion, Version};
use crate::{Store, now, uploads};

/// 5 MiB: only the last part may be smaller.
const MIN_PART_SIZE: u64 = 5 << 20;
const MOST_PARTS: i32 = 10_000;

pub(super) async fn create_multipart_upload(
    store: &Store,
    request: S3Request<CreateMultipartUploadInput>,
) -> Result<S3Response<CreateMultipartUploadOutput>, Error> {
    let mut input = request.input;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .map(ChecksumAlgorithm::as_str);
    let kind = input.checksum_type.as_ref().map(ChecksumType::as_str);
    let upload = uploads::Upload {
        id: Uuid::new_v4().simple().to_string(),
        initiated: now(),
        checksum: chosen_checksum(algorithm, kind)?,
        tags: tags_of_header(input.tagging.as_deref().unwrap_or_default())?,
        headers: headers_of!(input)?,
        key: input.key.clone(),
        disturbed: false,
    };
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key),
        upload_id: Some(upload.id.clone()),
        checksum_algorithm: upload
            .checksum
            .map(|(algorithm, _)| checksum_algorithm(algorithm)),
        checksum_type: upload
            .checksum
            .map(|(_, kind)| ChecksumType::from_static(kind.name())),
        ..Default::default()
    };
    store
        .database
        .write(move |write| uploads::create(write, &input.bucket, &upload))
        .await?;
    Ok(S3Response::new(output))
}

fn checksum_algorithm(algorithm: Algorithm) -> ChecksumAlgorithm {
    ChecksumAlgorithm::from_static(algorithm.name())
}

fn chosen_checksum(
    algorithm: Option<&str>,
    kind: Option<&str>,
) -> Result<Option<(Algorithm, Kind)>, Error> {
    let algorithm = DeclaredDigests::new(None, None, algorithm, None)?.algorithm;
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(Error::InvalidRequest(
                "The x-amz-checksum-type header can only be used \
                                                  with the x-amz-checksum-algorithm header."
                    .into(),
            )),
        };
    };
    let kind = match kind {
        None => algorithm.default_kind(),
        Some(name) => Kind::from_name(name).ok_or_else(|| {
            Error::InvalidRequest("Value for x-amz-checksum-type header is invalid.".into())
        })?,
    };
    if !algorithm.supports(kind) {
        let (kind, algorithm) = (kind.name(), algorithm.name().to_lowercase());
        return Err(Error::InvalidRequest(
            format!(
                "The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
            )
            .into(),
        ));
    }
    Ok(Some((algorithm, kind)))
}

pub(super) fn check_part_number(number: i32) -> Result<(), Error> {
    if (1..=MOST_PARTS).contains(&number) {
        return Ok(());
    }
    Err(Error::argument(
        "Part number must be an integer between 1 and 10000, inclusive",
        "partNumber",
        number.to_string(),
    ))
}

async fn find(store: &Store, bucket: &str, key: &str, id: &str) -> Result<uploads::Upload, Error> {
    let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
    let get = move |sql: &rusqlite::Connection| uploads::get(sql, &bucket, &key, &id);
    store.database.read(get).await
}

pub(super) async fn upload_part(
    store: &Store,
    request: S3Request<UploadPartInput>,
) -> Result<S3Response<UploadPartOutput>, Error> {
    let trailers = trailers(&request);
    let input = request.input;
    check_part_number(input.part_number)?;
    let upload = find(store, &input.bucket, &input.key, &input.upload_id).await?;
    let mut declared = DeclaredDigests::new(
        input.content_md5.as_deref(),
        given_checksum!(input),
        input
            .checksum_algorithm
            .as_ref()
            .map(ChecksumAlgorithm::as_str),
        trailers,
    )?;
    declared.is_part = true;
    same_algorithm(upload.checksum, declared.algorithm)?;
    let (algorithm, _) = upload.resulting_checksum();
    let body = input
        .body
        .unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    let received = receive(&store.files, body, &declared, algorithm).await?;
    let shown = declared
        .algorithm
        .or(upload.checksum.map(|(algorithm, _)| algorithm));
    let shown = shown.and_then(|algorithm| received.digests.checksum(algorithm).cloned());
    let (bucket, key, id) = (input.bucket, input.key, input.upload_id);
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
    let mut output = UploadPartOutput {
        e_tag: Some(etag(&part.md5)),
        ..Default::default()
    };
    show_checksum!(output, &shown);
    Ok(S3Response::new(output))
}

/// A part's checksum must be of the algorithm that the upload was begun with.
fn same_algorithm(
    expected: Option<(Algorithm, Kind)>,
    actual: Option<Algorithm>,
) -> Result<(), Error> {
    let (Some((expected, _)), Some(actual)) = (expected, actual) else {
        return Ok(());
    };
    if expected == actual {
        return Ok(());
    }
    let (expected, actual) = (expected.name().to_lowercase(), actual.name().to_lowercase());
    Err(Error::InvalidRequest(
        format!(
            "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual \
                 checksum Type: {actual}"
        )
        .into(),
    ))
}

/// Puts received bytes into their place in the upload.
pub(super) async fn keep_part(
    store: &Store,
    bucket: String,
    key: String,
    upload: String,
    number: i32,
    received: Received,
    algorithm: Algorithm,
) -> Result<uploads::Part, Error> {
    let checksum = received.digests.checksum(algorithm).cloned();
    let part = uploads::Part {
        number,
        file: received.stored.id(),
        size: received.size,
        md5: received.digests.md5.to_string(),
        checksum: checksum.ok_or(Error::InvalidPart)?,
        modified: now(),
    };
    store
        .database
        .write(move |write| {
            // The upload may have been completed or aborted while the bytes came.
            uploads::get(write.sql, &bucket, &key, &upload)?;
            uploads::put_part(write, &upload, &part)?;
            write.keep(received.stored);
            Ok(part)
        })
        .await
}

pub(super) async fn complete_multipart_upload(
    store: &Store,
    request: S3Request<CompleteMultipartUploadInput>,
) -> Result<S3Response<CompleteMultipartUploadOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    let claimed = given_checksum!(input);
    let listed = input
        .multipart_upload
        .and_then(|list| list.parts)
        .unwrap_or_default();
    let location = by.location(&input.bucket, &input.key);
    let target = Upload {
        conditions: WriteConditions::new(input.if_match, input.if_none_match.as_ref())?,
        bucket: input.bucket,
        key: input.key,
        event: Event::CompleteMultipartUpload,
        by,
    };
    let (upload, uploaded) = with_parts(store, &target, input.upload_id).await?;
    let kind = input.checksum_type.as_ref().map(ChecksumType::as_str);
    check_mode(&upload, kind, &listed)?;
    let parts = chosen_parts(&listed, uploaded)?;
    let new = combine_parts(&upload, &parts)?;
    check_claims(&new, claimed.as_ref(), input.mpu_object_size)?;
    let (bucket, version) = join(store, target, upload.id, new, &parts).await?;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(location),
        e_tag: Some(etag(&version.etag)),
        version_id: version_id(&bucket, &version),
        bucket: Some(bucket.name),
        key: Some(version.key),
        ..Default::default()
    };
    if let Some(sum) = &version.details.checksum {
        show_checksum!(output, Some(sum));
        output.checksum_type = Some(ChecksumType::from_static(sum.kind.name()));
    }
    Ok(S3Response::new(output))
}

async fn with_parts(
    store: &Store,
    target: &Upload,
    id: String,
) -> Result<(uploads::Upload, Vec<uploads::Part>), Error> {
    let (bucket, key) = (target.bucket.clone(), target.key.clone());
    store
        .database
        .read(move |sql| {
            let upload = uploads::get(sql, &bucket, &key, &id)?;
            Ok((upload, uploads::parts(sql, &id, 0, usize::from(u16::MAX))?))
        })
        .await
}

/// Makes one file of the parts, and the upload an object.
async fn join(
    store: &Store,
    target: Upload,
    upload: String,
    new: NewVersion,
    parts: &[uploads::Part],
) -> Result<(Bucket, Version), Error> {
    let ids: Vec<_> = parts.iter().map(|part| part.file).collect();
    let files = store.files.clone();
    // A part that is uploaded again meanwhile is not the part that the client lists.
    let joined = blocking(move || Ok(files.join(&ids)?)).await?;
    let stored = joined.ok_or(Error::InvalidPart)?;
    let new = NewVersion {
        file: Some(stored.id()),
        ..new
    };
    let (bucket, key) = (target.bucket.clone(), target.key.clone());
    let forget = move |write: &mut Write, conditions: &WriteConditions| {
        let upload = uploads::get(write.sql, &bucket, &key, &upload)?;
        conditions.require_undisturbed(upload.disturbed)?;
        uploads::forget(write, &upload.id)
    };
    add(store, target, new, stored, forget).await
}

/// Refuses another kind of checksum than the upload was begun with, and a list that leaves out
/// those of its parts.
fn check_mode(
    upload: &uploads::Upload,
    kind: Option<&str>,
    listed: &[CompletedPart],
) -> Result<(), Error> {
    let begun = upload.checksum.map(|(_, kind)| kind.name());
    if kind.is_some() && kind != begun {
        let begun = begun.unwrap_or("null");
        return Err(Error::InvalidRequest(
            format!(
                "The upload was created using the {begun} \
                                                  checksum mode. The complete request must use \
                                                  the same checksum mode."
            )
            .into(),
        ));
    }
    let (algorithm, _) = upload.resulting_checksum();
    for part in listed {
        let other = given_checksum!(part).filter(|sum| sum.algorithm != algorithm);
        let number = part.part_number.unwrap_or(0);
        match (other, upload.checksum) {
            (None, _) => {}
            (Some(_), None) => return Err(invalid_part(part)),
            (Some(sum), Some(_)) => {
                let algorithm = sum.algorithm.name().to_lowercase();
                return Err(Error::BadPartChecksum(algorithm, number));
            }
        }
    }
    let Some((algorithm, Kind::Composite)) = upload.checksum else {
        return Ok(());
    };
    let without = listed
        .iter()
        .find(|part| given_checksum!(part).is_none_or(|sum| sum.algorithm != algorithm));
    match without.and_then(|part| part.part_number) {
        None => Ok(()),
        Some(number) => Err(Error::InvalidRequest(
            format!(
                "The upload was created using a {} checksum. The complete request must include the \
             checksum for each part. It was missing for part {number} in the request.",
                algorithm.name().to_lowercase()
            )
            .into(),
        )),
    }
}

fn invalid_part(listed: &CompletedPart) -> Error {
    let tag = listed.e_tag.as_ref().map_or("", |tag| tag.value());
    Error::InvalidPart
        .with("ETag", tag)
        .with("PartNumber", listed.part_number.unwrap_or(0).to_string())
}

/// The uploaded parts that the client lists, if the list is in order.
fn chosen_parts(
    listed: &[CompletedPart],
    uploaded: Vec<uploads::Part>,
) -> Result<Vec<uploads::Part>, Error> {
    if listed.is_empty() {
        return Err(Error::InvalidRequest(
            "You must specify at least one part".into(),
        ));
    }
    if !listed.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(Error::InvalidPartOrder);
    }
    let mut uploaded = uploaded.into_iter();
    let mut chosen = Vec::with_capacity(listed.len());
    for expected in listed {
        let part = uploaded
            .find(|part| Some(part.number) == expected.part_number)
            .ok_or_else(|| invalid_part(expected))?;
        let same_bytes = expected
            .e_tag
            .as_ref()
            .is_some_and(|tag| tag.value() == part.md5);
        let claimed = given_checksum!(expected);
        let same_checksum = claimed
            .is_none_or(|sum| sum.algorithm != part.checksum.algorithm || sum == part.checksum);
        if !same_bytes || !same_checksum {
            return Err(invalid_part(expected));
        }
        chosen.push(part);
    }
    let all_but_last = &chosen[..chosen.len() - 1];
    if let Some(small) = all_but_last.iter().find(|part| part.size < MIN_PART_SIZE) {
        return Err(Error::EntityTooSmall
            .with("ETag", &small.md5)
            .with("PartNumber", small.number.to_string())
            .with("ProposedSize", small.size.to_string())
            .with("MinSizeAllowed", MIN_PART_SIZE.to_string()));
    }
    Ok(chosen)
}

/// The object that the parts make.
fn combine_parts(upload: &uploads::Upload, parts: &[uploads::Part]) -> Result<NewVersion, Error> {
    let md5s = parts.iter().map(|part| Md5::from_hex(&part.md5));
    let md5s: Vec<Md5> = md5s.collect::<Option<_>>().ok_or(Error::InvalidPart)?;
    let sums: Vec<_> = parts
        .iter()
        .map(|part| (&part.checksum, part.size))
        .collect();
    let (algorithm, kind) = upload.resulting_checksum();
    Ok(NewVersion {
        file: None,
        size: parts.iter().map(|part| part.size).sum(),
        etag: Md5::etag_of_parts(&md5s),
        details: Details {
            headers: upload.headers.clone(),
            checksum: digest::Checksum::of_parts(algorithm, kind, &sums),
            parts: parts.iter().map(|part| part.size).collect(),
            part_checksums: match upload.checksum {
                Some(_) => parts
                    .iter()
                    .map(|part| part.checksum.value.clone())
                    .collect(),
                None => Vec::new(),
            },
        },
        tags: upload.tags.clone(),
    })
}

fn check_claims(
    new: &NewVersion,
    checksum: Option<&digest::Checksum>,
    size: Option<i64>,
) -> Result<(), Error> {
    if let (Some(claimed), Some(computed)) = (checksum, &new.details.checksum)
        && claimed.algorithm == computed.algorithm
        && claimed.value != computed.value
    {
        return Err(Error::BadChecksum(claimed.algorithm.name()));
    }
    match size {
        Some(claimed) if claimed != length(new.size) => Err(Error::InvalidRequest(
            format!(
                "The provided 'x-amz-mp-object-size' header value {claimed} does not match \
                     what was computed: {}",
                new.size
            )
            .into(),
        )),
        _ => Ok(()),
    }
}

pub(super) async fn abort_multipart_upload(
    store: &Store,
    request: S3Request<AbortMultipartUploadInput>,
) -> Result<S3Response<AbortMultipartUploadOutput>, Error> {
    let input = request.input;
    store
        .database
        .delete(move |write| {
            let upload = uploads::get(write.sql, &input.bucket, &input.key, &input.upload_id)?;
            uploads::forget(write, &upload.id)
        })
        .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    store: &Store,
    request: S3Request<ListPartsInput>,
) -> Result<S3Response<ListPartsOutput>, Error> {
    let input = request.input;
    let limit = limit(input.max_parts, "max-parts")?;
    let after = input.part_number_marker.unwrap_or(0);
    let upload = find(store, &input.bucket, &input.key, &input.upload_id).await?;
    let id = upload.id.clone();
    let mut parts = store
        .database
        .read(move |sql| uploads::parts(sql, &id, after, limit + 1))
        .await?;
    let truncated = parts.len() > limit && limit > 0;
    parts.truncate(limit);
    let next = parts.last().map_or(0, |last| last.number);
    let asked_for = upload.checksum;
    let parts = parts.into_iter().map(|part| {
        let mut shown = Part {
            e_tag: Some(etag(&part.md5)),
            last_modified: Some(timestamp(part.modified)),
            part_number: Some(part.number),
            size: Some(length(part.size)),
            ..Default::default()
        };
        show_checksum!(shown, asked_for.map(|_| &part.checksum));
        shown
    });
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        owner: Some(owner(store)),
        checksum_algorithm: asked_for.map(|(algorithm, _)| checksum_algorithm(algorithm)),
        checksum_type: asked_for.map(|(_, kind)| ChecksumType::from_static(kind.name())),
        is_truncated: Some(truncated),
        max_parts: i32::try_from(limit).ok(),
        part_number_marker: Some(after),
        next_part_number_marker: Some(next),
        initiator: Some(initiator(store)),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        parts: Some(parts.collect()),
        ..Default::default()
    }))
}
