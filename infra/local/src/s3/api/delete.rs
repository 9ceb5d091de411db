//! DeleteObject and DeleteObjects.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::conditions::WriteConditions;
use super::requester;
use crate::s3::Store;
use crate::s3::buckets::{self, Bucket, Versioning};
use crate::s3::database::Write;
use crate::s3::error::Error;
use crate::s3::events::{self, Event, Requester};
use crate::s3::versions::{self, Deleted};

/// Deletes one object, with its event.
fn delete(
    write: &mut Write,
    by: &Requester,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> Result<Deleted, Error> {
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
    let conditions = WriteConditions::new(input.if_match, None)?;
    let (key, id) = (input.key, input.version_id);
    let asked_for = id.clone();
    let (bucket, deleted) = store
        .database
        .write(move |write| {
            let bucket = buckets::get(write.sql, &input.bucket)?;
            if !conditions.is_empty() {
                conditions.require(versions::newest(write.sql, &bucket.name, &key)?.as_ref())?;
            }
            let deleted = delete(write, &by, &bucket, &key, id.as_deref())?;
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

/// XML can't carry the other control characters: neither in a request, nor, which has to name the key too, in its answer. The
/// parser takes them. Such an object is deleted by itself.
fn is_in_xml(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

pub(super) async fn delete_objects(
    store: &Store,
    request: S3Request<DeleteObjectsInput>,
) -> Result<S3Response<DeleteObjectsOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    let quiet = input.delete.quiet == Some(true);
    let objects = input.delete.objects;
    let all_in_xml = objects
        .iter()
        .all(|object| object.key.chars().all(is_in_xml));
    if objects.is_empty() || objects.len() > 1000 || !all_in_xml {
        return Err(Error::MalformedXml);
    }
    let deleted = store
        .database
        .write(move |write| {
            let bucket = buckets::get(write.sql, &input.bucket)?;
            objects
                .into_iter()
                .map(|object| {
                    let id = object.version_id.as_deref();
                    let deleted = delete(write, &by, &bucket, &object.key, id)?;
                    Ok(describe(object, deleted))
                })
                .collect::<Result<Vec<_>, Error>>()
        })
        .await?;
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: (!quiet).then_some(deleted),
        ..Default::default()
    }))
}

fn describe(asked: ObjectIdentifier, deleted: Deleted) -> DeletedObject {
    let (delete_marker, marker_id) = match deleted {
        Deleted::Nothing => (None, None),
        Deleted::Version(gone) if gone.file.is_none() => (Some(true), Some(gone.version_id)),
        Deleted::Version(_) => (None, None),
        Deleted::Marked(marker) => (Some(true), Some(marker.version_id)),
    };
    DeletedObject {
        delete_marker,
        delete_marker_version_id: marker_id,
        key: Some(asked.key),
        version_id: asked.version_id,
    }
}
