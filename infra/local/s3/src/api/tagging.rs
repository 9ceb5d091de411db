//! Tags of objects.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::buckets::bucket_and_metadata;
use super::convert::version_id;
use super::requester;
use crate::Store;
use crate::details::{self, checked_tags};
use crate::error::Error;
use crate::events::{self, Event, Requester};
use crate::versions;

pub(super) async fn get_object_tagging(
    store: &Store,
    request: S3Request<GetObjectTaggingInput>,
) -> Result<S3Response<GetObjectTaggingOutput>, Error> {
    let input = request.input;
    let (bucket, version) = store
        .database
        .read(move |sql| {
            bucket_and_metadata(sql, &input.bucket, &input.key, input.version_id.as_deref())
        })
        .await?;
    let tag_set = version.tags.iter().map(|tag| Tag {
        key: Some(tag.key.clone()),
        value: Some(tag.value.clone()),
    });
    Ok(S3Response::new(GetObjectTaggingOutput {
        tag_set: tag_set.collect(),
        version_id: version_id(&bucket, &version),
    }))
}

pub(super) async fn put_object_tagging(
    store: &Store,
    request: S3Request<PutObjectTaggingInput>,
) -> Result<S3Response<PutObjectTaggingOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    let tags = checked_tags(tags(input.tagging))?;
    let version_id = replace(
        store,
        by,
        input.bucket,
        input.key,
        input.version_id,
        tags,
        Event::TaggingPut,
    )
    .await?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
}

/// The tags of a document.
pub(super) fn tags(tagging: Tagging) -> Vec<details::Tag> {
    let tags = tagging.tag_set.into_iter().map(|tag| details::Tag {
        key: tag.key.unwrap_or_default(),
        value: tag.value.unwrap_or_default(),
    });
    tags.collect()
}

pub(super) async fn delete_object_tagging(
    store: &Store,
    request: S3Request<DeleteObjectTaggingInput>,
) -> Result<S3Response<DeleteObjectTaggingOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    let version_id = replace(
        store,
        by,
        input.bucket,
        input.key,
        input.version_id,
        Vec::new(),
        Event::TaggingDelete,
    )
    .await?;
    Ok(S3Response::new(DeleteObjectTaggingOutput { version_id }))
}

/// Replaces the tags of bucket, key and perhaps version; gives the version's id.
async fn replace(
    store: &Store,
    by: Requester,
    bucket: String,
    key: String,
    version: Option<String>,
    tags: Vec<details::Tag>,
    event: Event,
) -> Result<Option<String>, Error> {
    store
        .database
        .write(move |write| {
            let (bucket, version) =
                bucket_and_metadata(write.sql, &bucket, &key, version.as_deref())?;
            versions::set_tags(write, version.id, &tags)?;
            events::emit(write, &by, &bucket, event, &version)?;
            Ok(version_id(&bucket, &version))
        })
        .await
}
