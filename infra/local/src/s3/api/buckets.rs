//! Operations on buckets.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::convert::{owner, timestamp};
use crate::s3::buckets::{self, Bucket as Row, Versioning};
use crate::s3::error::Error;
use crate::s3::{Store, versions};

/// The region whose location constraint is written as none at all.
const CLASSIC: &str = "us-east-1";

pub(super) async fn create_bucket(
    store: &Store,
    request: S3Request<CreateBucketInput>,
) -> Result<S3Response<CreateBucketOutput>, Error> {
    let input = request.input;
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(Error::NotImplemented("Object Lock is not implemented"));
    }
    let constraint = input
        .create_bucket_configuration
        .and_then(|configuration| configuration.location_constraint)
        .map(|constraint| constraint.as_str().to_owned());
    let region = constraint.unwrap_or_else(|| store.identity.region.clone());
    let location = format!("/{}", input.bucket);
    let made_in = region.clone();
    let made = store
        .database
        .write(move |write| buckets::create(write, &input.bucket, &made_in))
        .await?;
    // There, and only there, a second creation by the owner succeeds.
    if !made && region != CLASSIC {
        return Err(Error::BucketAlreadyOwnedByYou);
    }
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(location),
    }))
}

pub(super) async fn delete_bucket(
    store: &Store,
    request: S3Request<DeleteBucketInput>,
) -> Result<S3Response<DeleteBucketOutput>, Error> {
    let name = request.input.bucket;
    let delete = store
        .database
        .write(move |write| buckets::delete(write, &name));
    delete.await?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

pub(super) async fn head_bucket(
    store: &Store,
    request: S3Request<HeadBucketInput>,
) -> Result<S3Response<HeadBucketOutput>, Error> {
    let bucket = find(store, request.input.bucket).await?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(bucket.region),
        ..Default::default()
    }))
}

/// The bucket, or `NoSuchBucket`.
pub(super) async fn find(store: &Store, name: String) -> Result<Row, Error> {
    store
        .database
        .read(move |sql| buckets::get(sql, &name))
        .await
}

pub(super) async fn list_buckets(
    store: &Store,
    request: S3Request<ListBucketsInput>,
) -> Result<S3Response<ListBucketsOutput>, Error> {
    let input = request.input;
    let limit = input.max_buckets.unwrap_or(10_000);
    let limit = usize::try_from(limit).unwrap_or(0).clamp(1, 10_000);
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.unwrap_or_default();
    let mut found = store
        .database
        .read(move |sql| buckets::list(sql, &prefix, &after, limit + 1))
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.name.clone());
    let buckets = found.into_iter().map(|row| Bucket {
        bucket_region: Some(row.region),
        creation_date: Some(timestamp(row.created)),
        name: Some(row.name),
    });
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(buckets.collect()),
        continuation_token: next,
        owner: Some(owner(store)),
        prefix: input.prefix,
    }))
}

pub(super) async fn get_bucket_location(
    store: &Store,
    request: S3Request<GetBucketLocationInput>,
) -> Result<S3Response<GetBucketLocationOutput>, Error> {
    let bucket = find(store, request.input.bucket).await?;
    let constraint = Some(bucket.region).filter(|region| region != CLASSIC);
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint: constraint.map(BucketLocationConstraint::from),
    }))
}

pub(super) async fn get_bucket_versioning(
    store: &Store,
    request: S3Request<GetBucketVersioningInput>,
) -> Result<S3Response<GetBucketVersioningOutput>, Error> {
    let bucket = find(store, request.input.bucket).await?;
    let status = bucket.versioning.name();
    Ok(S3Response::new(GetBucketVersioningOutput {
        status: status.map(BucketVersioningStatus::from_static),
        ..Default::default()
    }))
}

pub(super) async fn put_bucket_versioning(
    store: &Store,
    request: S3Request<PutBucketVersioningInput>,
) -> Result<S3Response<PutBucketVersioningOutput>, Error> {
    let input = request.input;
    let configuration = input.versioning_configuration;
    if configuration
        .mfa_delete
        .is_some_and(|mfa| mfa.as_str() == MFADelete::ENABLED)
    {
        return Err(Error::NotImplemented("MFA Delete is not implemented"));
    }
    let status = configuration.status.ok_or(Error::MalformedXml)?;
    let status = Versioning::from_name(status.as_str()).ok_or(Error::MalformedXml)?;
    store
        .database
        .write(move |write| buckets::set_versioning(write, &input.bucket, status))
        .await?;
    Ok(S3Response::new(PutBucketVersioningOutput {}))
}

/// The bucket and the object in it, read at one moment.
pub(super) fn bucket_and_object(
    sql: &rusqlite::Connection,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
) -> Result<(Row, versions::Version), Error> {
    let row = buckets::get(sql, bucket)?;
    let version = versions::object(sql, bucket, key, version_id)?;
    Ok((row, version))
}
