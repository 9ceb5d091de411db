//! DeleteObject and DeleteObjects.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::conditions::WriteConditions;
use super::requester;
use crate::Store;
use crate::buckets::{self, Bucket, Versioning};
use crate::database::Write;
use crate::error::Error;
use crate::events::{self, Event, Requester};
use crate::versions::{self, Deleted};

/// Deletes one object if the conditions hold, with its event.
fn delete(
    write: &mut Write,
    by: &Requester,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
    conditions: &WriteConditions,
) -> Result<Deleted, Error> {
    if !conditions.is_empty() {
        let version = match version_id {
            None => versions::newest(write.sql, &bucket.name, key)?,
            Some(id) => versions::exact(write.sql, &bucket.name, key, id)?,
        };
        conditions.require(key, version.as_ref())?;
    }
    let deleted = versions::delete(write, bucket, key, version_id)?;
    match &deleted {
        Deleted::Nothing => {}
        Deleted::Version(version) => events::emit(write, by, bucket, Event::Delete, version)?,
        Deleted::Marked(marker) => {
            events::emit(write, by, bucket, Event::DeleteMarkerCreated, marker)?;
        }
    }
    Ok(deleted)
}

pub(super) async fn delete_object(
    store: &Store,
    request: S3Request<DeleteObjectInput>,
) -> Result<S3Response<DeleteObjectOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    for (is_given, header) in [
        (
            input.if_match_last_modified_time.is_some(),
            "x-amz-if-match-last-modified-time",
        ),
        (input.if_match_size.is_some(), "x-amz-if-match-size"),
    ] {
        if is_given {
            return Err(Error::HeaderNotImplemented.with("Header", header));
        }
    }
    refuse_bypass(input.bypass_governance_retention)?;
    let conditions = WriteConditions::of_delete(input.if_match);
    let (key, id) = (input.key, input.version_id);
    let asked_for = id.clone();
    let (bucket, deleted) = store
        .database
        .delete(move |write| {
            let bucket = buckets::get(write.sql, &input.bucket)?;
            versions::check_id(id.as_deref())?;
            let deleted = delete(write, &by, &bucket, &key, id.as_deref(), &conditions)?;
            Ok((bucket, deleted))
        })
        .await?;
    let (delete_marker, version_id) = match deleted {
        Deleted::Nothing => (None, asked_for),
        Deleted::Version(gone) => (gone.file.is_none().then_some(true), asked_for),
        Deleted::Marked(marker) => (Some(true), Some(marker.version_id)),
    };
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker,
        version_id: version_id.filter(|_| bucket.versioning != Versioning::Off),
        request_charged: None,
    }))
}

pub(super) async fn delete_objects(
    store: &Store,
    request: S3Request<DeleteObjectsInput>,
) -> Result<S3Response<DeleteObjectsOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    refuse_bypass(input.bypass_governance_retention)?;
    let quiet = input.delete.quiet == Some(true);
    let objects = input.delete.objects;
    if objects.is_empty() || objects.len() > 1000 {
        return Err(Error::MalformedXml);
    }
    let outcomes = store
        .database
        .delete(move |write| {
            let bucket = buckets::get(write.sql, &input.bucket)?;
            let mut outcomes = Vec::with_capacity(objects.len());
            for object in objects {
                let outcome = delete_listed(write, &by, &bucket, &object);
                if outcome.as_ref().is_err_and(|error| !error.is_refusal()) {
                    return outcome.map(|_| Vec::new());
                }
                outcomes.push((object, outcome));
            }
            Ok(outcomes)
        })
        .await?;
    let mut output = DeleteObjectsOutput::default();
    for (object, outcome) in outcomes {
        match outcome {
            Ok(_) if quiet => {}
            Ok(deleted) => {
                let list = output.deleted.get_or_insert_default();
                list.push(describe(object, deleted));
            }
            Err(error) => output.errors.get_or_insert_default().push(s3s::dto::Error {
                code: Some(error.code_name()),
                key: Some(object.key),
                message: Some(error.to_string()),
                version_id: object.version_id,
            }),
        }
    }
    Ok(S3Response::new(output))
}

fn refuse_bypass(bypass: Option<bool>) -> Result<(), Error> {
    const HEADER: &str = "x-amz-bypass-governance-retention";
    match bypass {
        None => Ok(()),
        Some(_) => Err(Error::InvalidArgument(
            format!("{HEADER} is only applicable to Object Lock enabled buckets.").into(),
        )
        .with("ArgumentName", HEADER)),
    }
}

/// Deletes an object of a list. A version that can't be deleted counts as missing, unlike in
/// DeleteObject.
fn delete_listed(
    write: &mut Write,
    by: &Requester,
    bucket: &Bucket,
    object: &ObjectIdentifier,
) -> Result<Deleted, Error> {
    let id = object.version_id.as_deref();
    versions::check_id(id).map_err(|_| Error::NoSuchVersion)?;
    let conditions = WriteConditions::of_delete(object.e_tag.clone().map(ETagCondition::ETag));
    delete(write, by, bucket, &object.key, id, &conditions)
}

fn describe(requested: ObjectIdentifier, deleted: Deleted) -> DeletedObject {
    let (delete_marker, marker_id) = match deleted {
        Deleted::Nothing => (None, None),
        Deleted::Version(gone) if gone.file.is_none() => (Some(true), Some(gone.version_id)),
        Deleted::Version(_) => (None, None),
        Deleted::Marked(marker) => (Some(true), Some(marker.version_id)),
    };
    DeletedObject {
        delete_marker,
        delete_marker_version_id: marker_id,
        key: Some(requested.key),
        version_id: requested.version_id,
    }
}
