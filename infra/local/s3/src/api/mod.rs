//! The operations, as `s3s` calls them. An operation that is not here answers `NotImplemented` and
//! its name.

mod attributes;
mod buckets;
mod conditions;
mod convert;
mod copy;
mod delete;
mod list;
mod multipart;
mod notifications;
mod post;
mod read;
mod tagging;
mod write;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

pub(super) use self::list::list_keys;
pub(super) use self::notifications::declare;
pub(super) use self::read::{look_up, read_bytes, read_piece, save};
pub(super) use self::write::{put_bytes, put_file};

use super::Store;
use super::admit::Trailers;
use super::events::Requester;

/// The operations over a store.
pub(super) struct Api {
    store: Store,
}

impl Api {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }
}

/// Returns the requester that `handle` recorded with the request.
fn requester<T>(request: &S3Request<T>, store: &Store) -> Requester {
    request
        .extensions
        .get()
        .cloned()
        .unwrap_or_else(|| Requester {
            request_id: super::response::request_id(),
            host_id: super::response::host_id(),
            source_ip: "127.0.0.1".into(),
            identity: store.identity.clone(),
            host: "localhost".into(),
            is_virtual_host: false,
            region: store.identity.region.clone(),
        })
}

fn trailers<T>(request: &S3Request<T>) -> Option<Trailers> {
    request.extensions.get().cloned()
}

/// Sets the encryption of an output. S3 encrypts every object, by default with its own keys, and
/// reports it with each.
macro_rules! set_encryption {
    ($response:expr, encrypted) => {
        let aes = ServerSideEncryption::from_static(ServerSideEncryption::AES256);
        $response.output.server_side_encryption = Some(aes);
    };
}

/// Defines one method for each operation, implemented in the module of that name.
macro_rules! operations {
    ($($module:ident :: $name:ident ($input:ty) -> $output:ty $(, $encrypted:ident)?;)*) => {
        #[async_trait::async_trait]
        impl s3s::S3 for Api {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                #[allow(unused_mut, reason = "only what is about bytes is changed")]
                let mut response = $module::$name(&self.store, request).await?;
                $(set_encryption!(response, $encrypted);)?
                Ok(response)
            })*
        }
    };
}

operations! {
    buckets::create_bucket(CreateBucketInput) -> CreateBucketOutput;
    buckets::delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
    buckets::head_bucket(HeadBucketInput) -> HeadBucketOutput;
    buckets::list_buckets(ListBucketsInput) -> ListBucketsOutput;
    buckets::get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
    buckets::get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput;
    buckets::put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput;
    notifications::get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
        -> GetBucketNotificationConfigurationOutput;
    notifications::put_bucket_notification_configuration(PutBucketNotificationConfigurationInput)
        -> PutBucketNotificationConfigurationOutput;
    write::put_object(PutObjectInput) -> PutObjectOutput, encrypted;
    post::post_object(PostObjectInput) -> PostObjectOutput, encrypted;
    copy::copy_object(CopyObjectInput) -> CopyObjectOutput, encrypted;
    copy::upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput, encrypted;
    read::get_object(GetObjectInput) -> GetObjectOutput, encrypted;
    read::head_object(HeadObjectInput) -> HeadObjectOutput, encrypted;
    attributes::get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput;
    delete::delete_object(DeleteObjectInput) -> DeleteObjectOutput;
    delete::delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
    tagging::get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput;
    tagging::put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput;
    tagging::delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput;
    list::list_objects(ListObjectsInput) -> ListObjectsOutput;
    list::list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
    list::list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput;
    list::list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput;
    multipart::create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput, encrypted;
    multipart::upload_part(UploadPartInput) -> UploadPartOutput, encrypted;
    multipart::complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput, encrypted;
    multipart::abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    multipart::list_parts(ListPartsInput) -> ListPartsOutput;
}
