//! Operations on buckets.

use http::HeaderMap;
use s3s::dto::*;
use s3s::{S3Request, S3Response};

use super::convert::{self, owner, timestamp};
use super::list::{name_in_token, token_of_name};
use super::requester;
use crate::buckets::{self, Bucket as Row, Versioning};
use crate::error::Error;
use crate::{Store, versions};

/// The region whose location constraint is written as none at all.
const CLASSIC: &str = "us-east-1";
/// The location constraint `EU`, and the region that it stands for.
const EU: (&str, &str) = ("EU", "eu-west-1");

/// The other location constraints:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html>
const REGIONS: [&str; 37] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Returns the region of a new bucket: the location constraint, if the endpoint can create it
/// there. The endpoint of us-east-1 creates buckets in any region.
fn location(constraint: Option<&str>, endpoint: &str) -> Result<String, Error> {
    let region = match constraint {
        Some(constraint) if constraint == EU.0 => EU.1,
        Some(constraint) => constraint,
        None => CLASSIC,
    };
    if endpoint == CLASSIC {
        return match constraint {
            Some(constraint) if region == CLASSIC || !REGIONS.contains(&region) => {
                Err(Error::InvalidLocationConstraint.with("LocationConstraint", constraint))
            }
            _ => Ok(constraint.unwrap_or(CLASSIC).to_owned()),
        };
    }
    if region == endpoint {
        return Ok(constraint.unwrap_or(endpoint).to_owned());
    }
    let constraint = constraint.unwrap_or("unspecified").to_owned();
    Err(Error::IllegalLocationConstraint(constraint))
}

/// Returns the headers of the responses about a bucket.
fn bucket_headers(bucket: &str) -> HeaderMap {
    let arn = format!("arn:aws:s3:::{bucket}");
    convert::headers(&[("x-amz-bucket-arn", arn.as_str())])
}

pub(super) async fn create_bucket(
    store: &Store,
    request: S3Request<CreateBucketInput>,
) -> Result<S3Response<CreateBucketOutput>, Error> {
    let by = requester(&request, store);
    let input = request.input;
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(Error::NotImplemented("Object Lock is not implemented"));
    }
    let constraint = input
        .create_bucket_configuration
        .and_then(|configuration| configuration.location_constraint)
        .map(|constraint| constraint.as_str().to_owned());
    let constraint = constraint.filter(|constraint| !constraint.is_empty());
    let region = location(constraint.as_deref(), &by.region)?;
    let headers = bucket_headers(&input.bucket);
    let location = match region.as_str() {
        CLASSIC => format!("/{}", input.bucket),
        _ => by.location(&input.bucket, ""),
    };
    let made_in = region.clone();
    let made = store
        .database
        .write(move |write| buckets::create(write, &input.bucket, &made_in))
        .await?;
    // There, and only there, a second creation by the owner succeeds.
    if !made && region != CLASSIC {
        return Err(Error::BucketAlreadyOwnedByYou);
    }
    let mut response = S3Response::new(CreateBucketOutput {
        location: Some(location),
    });
    response.headers = headers;
    Ok(response)
}

pub(super) async fn delete_bucket(
    store: &Store,
    request: S3Request<DeleteBucketInput>,
) -> Result<S3Response<DeleteBucketOutput>, Error> {
    let name = request.input.bucket;
    let delete = store
        .database
        .delete(move |write| buckets::delete(write, &name));
    delete.await?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

pub(super) async fn head_bucket(
    store: &Store,
    request: S3Request<HeadBucketInput>,
) -> Result<S3Response<HeadBucketOutput>, Error> {
    let bucket = find(store, request.input.bucket).await?;
    let mut headers = bucket_headers(&bucket.name);
    headers.extend(convert::headers(&[("content-type", "application/xml")]));
    let mut response = S3Response::new(HeadBucketOutput {
        access_point_alias: Some(false),
        bucket_region: Some(region_of(bucket.region)),
        ..Default::default()
    });
    response.headers = headers;
    Ok(response)
}

/// The region of a bucket whose location may have the old name of one.
fn region_of(location: String) -> String {
    if location == EU.0 {
        return EU.1.to_owned();
    }
    location
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
    let after = match input.continuation_token.as_deref() {
        None | Some("") => String::new(),
        Some(token) => name_in_token(token)?,
    };
    let region = input.bucket_region;
    let known = |region: &String| region == CLASSIC || REGIONS.contains(&region.as_str());
    if let Some(region) = region.as_ref().filter(|region| !known(region)) {
        return Err(Error::InvalidArgument(
            format!("Argument value {region} is not a valid AWS Region").into(),
        )
        .with("ArgumentName", "bucket-region"));
    }
    let mut found = store
        .database
        .read(move |sql| buckets::list(sql, &prefix, &after, region.as_deref(), limit + 1))
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more);
    let next = next.map(|last| token_of_name(&last.name));
    let buckets = found.into_iter().map(|row| Bucket {
        bucket_region: Some(region_of(row.region)),
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
    let status = configuration.status.ok_or(Error::IllegalVersioning)?;
    let status = Versioning::from_name(status.as_str()).ok_or(Error::MalformedXml)?;
    store
        .database
        .write(move |write| buckets::set_versioning(write, &input.bucket, status))
        .await?;
    Ok(S3Response::new(PutBucketVersioningOutput {}))
}

/// Returns the bucket and an object's metadata; a delete marker has none.
pub(super) fn bucket_and_metadata(
    sql: &rusqlite::Connection,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
) -> Result<(Row, versions::Version), Error> {
    let row = buckets::get(sql, bucket)?;
    let version = versions::find(sql, bucket, key, version_id)?;
    match version.file {
        Some(_) => Ok((row, version)),
        None => Err(Error::MethodNotAllowed.with("ResourceType", "DeleteMarker")),
    }
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
