//! GetObjectAttributes.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::convert::{self, etag, length, timestamp, version_id};
use crate::Store;
use crate::buckets::Bucket;
use crate::details::Details;
use crate::digest::{self, show_checksum};
use crate::error::Error;
use crate::versions::Version;

pub(super) async fn get_object_attributes(
    store: &Store,
    request: S3Request<GetObjectAttributesInput>,
) -> Result<S3Response<GetObjectAttributesOutput>, Error> {
    let input = request.input;
    let wanted = input.object_attributes;
    let limit = convert::limit(input.max_parts, "max-parts")?;
    let after = input.part_number_marker.unwrap_or(0);
    let (bucket, version) = store
        .database
        .read(move |sql| {
            let id = input.version_id.as_deref();
            super::buckets::bucket_and_object(sql, &input.bucket, &input.key, id)
        })
        .await?;
    for attribute in &wanted {
        if !KNOWN.contains(&attribute.as_str()) {
            let name = "x-amz-object-attributes";
            return Err(Error::argument(
                "Invalid attribute name specified.",
                name,
                attribute.as_str(),
            ));
        }
    }
    let wants = |name: &str| wanted.iter().any(|wanted| wanted.as_str() == name);
    let mut output = attributes_output(&bucket, &version);
    if !wants(ObjectAttributes::ETAG) {
        output.e_tag = None;
    }
    if !wants(ObjectAttributes::OBJECT_SIZE) {
        output.object_size = None;
    }
    if !wants(ObjectAttributes::STORAGE_CLASS) {
        output.storage_class = None;
    }
    if wants(ObjectAttributes::CHECKSUM) {
        output.checksum = version.details.checksum.as_ref().map(checksum);
    }
    if wants(ObjectAttributes::OBJECT_PARTS) {
        output.object_parts = parts(&version.details, after, limit);
    }
    Ok(S3Response::new(output))
}

const KNOWN: [&str; 5] = [
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::ETAG,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::OBJECT_SIZE,
    ObjectAttributes::STORAGE_CLASS,
];

fn attributes_output(bucket: &Bucket, version: &Version) -> GetObjectAttributesOutput {
    let class = version.details.headers.storage_class.clone();
    GetObjectAttributesOutput {
        e_tag: Some(etag(&version.etag)),
        last_modified: Some(timestamp(version.modified)),
        object_size: Some(length(version.size)),
        storage_class: Some(class.unwrap_or_else(|| "STANDARD".into()).into()),
        version_id: version_id(bucket, version),
        ..Default::default()
    }
}

/// Converts a checksum. Only in this operation does a composite checksum lack the number of parts.
fn checksum(sum: &digest::Checksum) -> Checksum {
    let mut value = sum.clone();
    if let Some((digest, _)) = sum.value.split_once('-') {
        value.value = digest.to_owned();
    }
    let mut shown = Checksum::default();
    show_checksum!(shown, Some(&value));
    shown.checksum_type = Some(ChecksumType::from_static(sum.kind.name()));
    shown
}

/// The parts that follow the number `after`, where the object's checksum is one of theirs; else
/// only how many there are.
fn parts(details: &Details, after: i32, limit: usize) -> Option<GetObjectAttributesParts> {
    let total = i32::try_from(details.parts.len()).ok()?;
    if total == 0 {
        return None;
    }
    let counted = GetObjectAttributesParts {
        total_parts_count: Some(total),
        ..Default::default()
    };
    let composite = details
        .checksum
        .as_ref()
        .is_some_and(|sum| sum.kind == digest::Kind::Composite);
    if !composite || details.part_checksums.is_empty() {
        return Some(counted);
    }
    let start = usize::try_from(after).unwrap_or(0);
    let listed = details.parts.iter().enumerate().skip(start).take(limit);
    let listed: Vec<ObjectPart> = listed
        .map(|(index, size)| {
            let mut part = ObjectPart {
                part_number: i32::try_from(index + 1).ok(),
                size: Some(length(*size)),
                ..Default::default()
            };
            show_checksum!(part, &details.part_checksum(index));
            part
        })
        .collect();
    Some(GetObjectAttributesParts {
        is_truncated: Some(start + listed.len() < details.parts.len() && !listed.is_empty()),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: Some(listed.last().and_then(|part| part.part_number).unwrap_or(0)),
        part_number_marker: Some(after),
        parts: Some(listed),
        ..counted
    })
}
