//! The four listings: objects in two generations of the API, versions, and multipart uploads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::convert::{self, etag, initiator, length, limit, owner, timestamp};
use crate::error::Error;
use crate::events::encode_key;
use crate::listing::{Page, PageEnd, Query};
use crate::versions::{self, Version};
use crate::{Store, buckets, list, uploads};
use service::ObjectSummary;

/// The maximum number of objects in a listing for other services of the stack.
const PAGE: usize = 1000;

/// Encodes the names in a listing.
#[derive(Clone, Copy)]
struct Names {
    encoded: bool,
}

impl Names {
    fn new(encoding: Option<&EncodingType>) -> Result<Self, Error> {
        match encoding.map(EncodingType::as_str) {
            None => Ok(Self { encoded: false }),
            Some(EncodingType::URL) => Ok(Self { encoded: true }),
            Some(other) => Err(Error::argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    fn write(self, name: &str) -> String {
        if self.encoded {
            encode_key(name)
        } else {
            name.to_owned()
        }
    }

    fn write_some(self, name: Option<&String>) -> Option<String> {
        name.map(|name| self.write(name))
    }

    fn prefixes(self, prefixes: &[String]) -> Option<Vec<CommonPrefix>> {
        let shown = prefixes.iter().map(|prefix| CommonPrefix {
            prefix: Some(self.write(prefix)),
        });
        (!prefixes.is_empty()).then(|| shown.collect())
    }
}

/// Returns the text, or `None` if it is empty: an empty parameter counts as absent.
fn non_empty(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
}

fn query(
    prefix: Option<&String>,
    delimiter: Option<&String>,
    max: Option<i32>,
    name: &str,
) -> Result<Query, Error> {
    Ok(Query {
        prefix: prefix.cloned().unwrap_or_default(),
        delimiter: non_empty(delimiter).cloned(),
        limit: limit(max, name)?,
        marker_skips_prefix: true,
    })
}

/// The name that a page which is not the last one ended with.
fn last_name<T>(page: &Page<T>, name: impl Fn(&T) -> &str) -> Option<String> {
    match page.next.as_ref()? {
        PageEnd::Entry => page.entries.last().map(|last| name(last).to_owned()),
        PageEnd::CommonPrefix => page.common_prefixes.last().cloned(),
    }
}

fn count(limit: usize) -> Option<i32> {
    i32::try_from(limit).ok()
}

async fn objects(
    store: &Store,
    bucket: String,
    query: Query,
    after: Option<String>,
) -> Result<(buckets::Bucket, Page<Version>), Error> {
    store
        .database
        .read(move |sql| {
            let row = buckets::get(sql, &bucket)?;
            Ok((row, list::objects(sql, &bucket, &query, after.as_deref())?))
        })
        .await
}

/// The objects after `after` for the other services of the stack: a page of a listing without a
/// delimiter.
pub(crate) async fn list_keys(
    store: &Store,
    bucket: &str,
    prefix: &str,
    after: Option<&str>,
) -> Result<Vec<ObjectSummary>, Error> {
    let query = Query {
        prefix: prefix.to_owned(),
        limit: PAGE,
        ..Query::default()
    };
    let (_, page) = objects(store, bucket.to_owned(), query, after.map(str::to_owned)).await?;
    let listed = page.entries.into_iter().map(|version| ObjectSummary {
        key: version.key,
        size: version.size,
    });
    Ok(listed.collect())
}

fn object(version: Version, names: Names, owner: Option<&Owner>) -> Object {
    let checksum = version.details.checksum;
    let class = version.details.headers.storage_class;
    Object {
        key: Some(names.write(&version.key)),
        e_tag: Some(etag(&version.etag)),
        last_modified: Some(timestamp(version.modified)),
        size: Some(length(version.size)),
        owner: owner.cloned(),
        checksum_algorithm: checksum
            .as_ref()
            .map(|sum| vec![ChecksumAlgorithm::from_static(sum.algorithm.name())]),
        checksum_type: checksum.map(|sum| ChecksumType::from_static(sum.kind.name())),
        storage_class: Some(class.unwrap_or_else(|| "STANDARD".into()).into()),
        restore_status: None,
    }
}

pub(super) async fn list_objects(
    store: &Store,
    request: S3Request<ListObjectsInput>,
) -> Result<S3Response<ListObjectsOutput>, Error> {
    let input = request.input;
    let names = Names::new(input.encoding_type.as_ref())?;
    let query = query(
        input.prefix.as_ref(),
        input.delimiter.as_ref(),
        input.max_keys,
        "maxKeys",
    )?;
    let limit = query.limit;
    let (row, page) = objects(store, input.bucket.clone(), query, input.marker.clone()).await?;
    // The first generation names the next page only where a delimiter hides the last key.
    let next = last_name(&page, |version| &version.key).filter(|_| input.delimiter.is_some());
    let owner = owner(store);
    let output = ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(names.write(&input.prefix.unwrap_or_default())),
        marker: Some(names.write(&input.marker.unwrap_or_default())),
        max_keys: count(limit),
        is_truncated: Some(page.next.is_some()),
        common_prefixes: names.prefixes(&page.common_prefixes),
        next_marker: names.write_some(next.as_ref()),
        contents: Some(
            page.entries
                .into_iter()
                .map(|version| object(version, names, Some(&owner)))
                .collect(),
        ),
        delimiter: names.write_some(non_empty(input.delimiter.as_ref())),
        encoding_type: input.encoding_type,
        request_charged: None,
    };
    Ok(with_region(output, &row.region))
}

/// A continuation token holds the last name of the page before, so that it needs no memory here.
pub(super) fn name_in_token(token: &str) -> Result<String, Error> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|name| String::from_utf8(name).ok())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Error::InvalidArgument("The continuation token provided is incorrect".into())
                .with("ArgumentName", "continuation-token")
        })
}

/// The token of a page that ended with this name.
pub(super) fn token_of_name(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// Adds the bucket's region to the response of a listing.
fn with_region<T>(output: T, region: &str) -> S3Response<T> {
    let mut response = S3Response::new(output);
    response.headers = convert::headers(&[("x-amz-bucket-region", region)]);
    response
}

pub(super) async fn list_objects_v2(
    store: &Store,
    request: S3Request<ListObjectsV2Input>,
) -> Result<S3Response<ListObjectsV2Output>, Error> {
    let input = request.input;
    let names = Names::new(input.encoding_type.as_ref())?;
    let query = query(
        input.prefix.as_ref(),
        input.delimiter.as_ref(),
        input.max_keys,
        "maxKeys",
    )?;
    let limit = query.limit;
    let after = match &input.continuation_token {
        Some(token) => Some(name_in_token(token)?),
        None => input.start_after.clone(),
    };
    let query = Query {
        marker_skips_prefix: false,
        ..query
    };
    let (row, page) = objects(store, input.bucket.clone(), query, after).await?;
    let next = last_name(&page, |version| &version.key);
    let owner = (input.fetch_owner == Some(true)).then(|| owner(store));
    let start_after = input
        .start_after
        .filter(|_| input.continuation_token.is_none());
    let output = ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(names.write(&input.prefix.unwrap_or_default())),
        max_keys: count(limit),
        key_count: count(page.entries.len() + page.common_prefixes.len()),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: next.map(|name| token_of_name(&name)),
        common_prefixes: names.prefixes(&page.common_prefixes),
        contents: Some(
            page.entries
                .into_iter()
                .map(|version| object(version, names, owner.as_ref()))
                .collect(),
        ),
        delimiter: names.write_some(non_empty(input.delimiter.as_ref())),
        start_after: names.write_some(start_after.as_ref()),
        encoding_type: input.encoding_type,
        request_charged: None,
    };
    Ok(with_region(output, &row.region))
}

pub(super) async fn list_object_versions(
    store: &Store,
    request: S3Request<ListObjectVersionsInput>,
) -> Result<S3Response<ListObjectVersionsOutput>, Error> {
    let input = request.input;
    let names = Names::new(input.encoding_type.as_ref())?;
    let query = query(
        input.prefix.as_ref(),
        input.delimiter.as_ref(),
        input.max_keys,
        "maxKeys",
    )?;
    let limit = query.limit;
    let page = version_page(
        store,
        &input.bucket,
        query,
        &input.key_marker,
        &input.version_id_marker,
    )
    .await?;
    let next_version = page.entries.last().map(|last| last.version_id.clone());
    let next_key = last_name(&page, |version| &version.key);
    let mut output = ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(names.write(&input.prefix.unwrap_or_default())),
        key_marker: Some(names.write(&input.key_marker.unwrap_or_default())),
        version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
        max_keys: count(limit),
        is_truncated: Some(page.next.is_some()),
        next_key_marker: names.write_some(next_key.as_ref()),
        next_version_id_marker: next_version.filter(|_| page.next == Some(PageEnd::Entry)),
        common_prefixes: names.prefixes(&page.common_prefixes),
        delimiter: names.write_some(non_empty(input.delimiter.as_ref())),
        encoding_type: input.encoding_type,
        ..Default::default()
    };
    show_versions(&mut output, page.entries, names, &owner(store));
    Ok(S3Response::new(output))
}

async fn version_page(
    store: &Store,
    bucket: &str,
    query: Query,
    key_marker: &Option<String>,
    version_marker: &Option<String>,
) -> Result<Page<Version>, Error> {
    let bucket = bucket.to_owned();
    let key_marker = key_marker.clone().filter(|key| !key.is_empty());
    let version_marker = version_marker.clone().filter(|id| !id.is_empty());
    if version_marker.is_some() && key_marker.is_none() {
        return Err(Error::argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version_marker.unwrap_or_default(),
        ));
    }
    versions::check_id(version_marker.as_deref()).map_err(|_| {
        let id = version_marker.clone().unwrap_or_default();
        Error::argument("Invalid version id specified", "version-id-marker", id)
    })?;
    store
        .database
        .read(move |sql| {
            buckets::get(sql, &bucket)?;
            let row = match (&key_marker, &version_marker) {
                (Some(key), Some(id)) => versions::exact(sql, &bucket, key, id)?,
                _ => None,
            };
            let row = row.map(|row| row.id);
            let after = key_marker.as_deref().map(|key| (key, row));
            list::versions(sql, &bucket, &query, after)
        })
        .await
}

fn show_versions(
    output: &mut ListObjectVersionsOutput,
    entries: Vec<Version>,
    names: Names,
    owner: &Owner,
) {
    let (objects, markers): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|version| version.file.is_some());
    let objects = objects
        .into_iter()
        .map(|version| object_version(version, names, owner));
    let markers = markers
        .into_iter()
        .map(|version| marker(version, names, owner));
    output.versions = Some(objects.collect());
    output.delete_markers = Some(markers.collect());
}

fn object_version(version: Version, names: Names, owner: &Owner) -> ObjectVersion {
    let (latest, id) = (version.latest, version.version_id.clone());
    let object = object(version, names, Some(owner));
    ObjectVersion {
        checksum_algorithm: object.checksum_algorithm,
        checksum_type: object.checksum_type,
        e_tag: object.e_tag,
        is_latest: Some(latest),
        key: object.key,
        last_modified: object.last_modified,
        owner: object.owner,
        restore_status: None,
        size: object.size,
        storage_class: object
            .storage_class
            .map(|class| class.as_str().to_owned().into()),
        version_id: Some(id),
    }
}

fn marker(version: Version, names: Names, owner: &Owner) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        is_latest: Some(version.latest),
        key: Some(names.write(&version.key)),
        last_modified: Some(timestamp(version.modified)),
        owner: Some(owner.clone()),
        version_id: Some(version.version_id),
    }
}

pub(super) async fn list_multipart_uploads(
    store: &Store,
    request: S3Request<ListMultipartUploadsInput>,
) -> Result<S3Response<ListMultipartUploadsOutput>, Error> {
    let input = request.input;
    let names = Names::new(input.encoding_type.as_ref())?;
    let max = input.max_uploads;
    let query = query(
        input.prefix.as_ref(),
        input.delimiter.as_ref(),
        max,
        "max-uploads",
    )?;
    let limit = query.limit;
    let key_marker = input.key_marker.clone().filter(|key| !key.is_empty());
    let has_key_marker = key_marker.is_some();
    let id_marker = input.upload_id_marker.clone().filter(|id| !id.is_empty());
    let bucket = input.bucket.clone();
    let page = store
        .database
        .read(move |sql| {
            buckets::get(sql, &bucket)?;
            let after = key_marker.as_deref().map(|key| (key, id_marker.as_deref()));
            uploads::list(sql, &bucket, &query, after)
        })
        .await?;
    // Unlike the other listings, this one names the last upload of the last page too.
    let last = page
        .entries
        .last()
        .filter(|_| page.next != Some(PageEnd::CommonPrefix));
    let next_id = last.map_or_else(String::new, |last| last.id.clone());
    let next_key = last_name(&page, |upload| &upload.key)
        .or_else(|| last.map(|last| last.key.clone()))
        .unwrap_or_default();
    let owner = owner(store);
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: names.write_some(input.prefix.as_ref()),
        key_marker: Some(names.write(&input.key_marker.unwrap_or_default())),
        upload_id_marker: Some(
            input
                .upload_id_marker
                .filter(|_| has_key_marker)
                .unwrap_or_default(),
        ),
        max_uploads: count(limit),
        is_truncated: Some(page.next.is_some()),
        next_key_marker: Some(names.write(&next_key)),
        next_upload_id_marker: Some(next_id),
        common_prefixes: names.prefixes(&page.common_prefixes),
        delimiter: names.write_some(non_empty(input.delimiter.as_ref())),
        encoding_type: input.encoding_type,
        uploads: Some(
            page.entries
                .into_iter()
                .map(|upload| multipart_upload(upload, names, &owner, initiator(store)))
                .collect(),
        ),
        request_charged: None,
    }))
}

fn multipart_upload(
    upload: uploads::Upload,
    names: Names,
    owner: &Owner,
    initiator: Initiator,
) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: upload
            .checksum
            .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: upload
            .checksum
            .map(|(_, kind)| ChecksumType::from_static(kind.name())),
        initiated: Some(timestamp(upload.initiated)),
        initiator: Some(initiator),
        key: Some(names.write(&upload.key)),
        owner: Some(owner.clone()),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id),
    }
}
