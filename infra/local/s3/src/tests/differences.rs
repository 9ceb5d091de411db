//! Deliberate differences from AWS: the rows of docs/limits.md. Change them together.

use aws_sdk_s3::types::{ObjectLockMode, ServerSideEncryption};

use super::wire::send;
use super::*;

#[tokio::test]
async fn keys_of_kms_are_taken_for_s3s_own() {
    let stack = Stack::start().await;
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    let put = put.server_side_encryption(ServerSideEncryption::AwsKms);
    let put = put.send().await.unwrap();
    assert_eq!(
        put.server_side_encryption,
        Some(ServerSideEncryption::Aes256)
    );
}

#[tokio::test]
async fn customers_keys_and_object_lock_are_not_implemented() {
    let stack = Stack::start().await;
    let put = || stack.client.put_object().bucket(BUCKET).key("k");
    assert_eq!(
        refusal(put().sse_customer_algorithm("AES256").send().await),
        "501 NotImplemented: Server-side encryption with customer-provided keys is not implemented"
    );
    let locked = put().object_lock_mode(ObjectLockMode::Governance);
    assert_eq!(
        refusal(locked.send().await),
        "501 NotImplemented: Object Lock is not implemented"
    );
    let bucket = stack.client.create_bucket().bucket("locked");
    let bucket = bucket.object_lock_enabled_for_bucket(true);
    assert_eq!(
        refusal(bucket.send().await),
        "501 NotImplemented: Object Lock is not implemented"
    );
}

#[tokio::test]
async fn an_operation_that_is_not_there_does_not_look_for_its_bucket() {
    let stack = Stack::start().await;
    let get = stack.client.get_bucket_policy().bucket("no-bucket");
    assert_eq!(
        refusal(get.send().await),
        "501 NotImplemented: GetBucketPolicy is not implemented yet"
    );
}

#[tokio::test]
async fn a_page_of_uploads_names_the_common_prefix_that_it_ended_with() {
    let stack = Stack::start().await;
    for key in ["a/1", "b"] {
        let create = stack.client.create_multipart_upload();
        create.bucket(BUCKET).key(key).send().await.unwrap();
    }
    let list = stack.client.list_multipart_uploads().bucket(BUCKET);
    let page = list.delimiter("/").max_uploads(1).send().await.unwrap();
    assert_eq!(
        (page.is_truncated(), page.next_key_marker()),
        (Some(true), Some("a/"))
    );
}

#[tokio::test]
async fn a_marker_whose_version_is_gone_stands_for_its_whole_key() {
    let stack = Stack::start().await;
    let bucket = template::Bucket {
        logical_id: String::new(),
        name: BUCKET.into(),
        versioned: true,
        notifications: Vec::new(),
    };
    stack.s3.declare_bucket(&bucket).await.unwrap();
    for body in ["1", "2", "3"] {
        stack.put("k", body).await;
    }
    let list = || stack.client.list_object_versions().bucket(BUCKET);
    let first = list().max_keys(1).send().await.unwrap();
    let id = first.next_version_id_marker().unwrap();
    let delete = stack.client.delete_object().bucket(BUCKET).key("k");
    delete.version_id(id).send().await.unwrap();
    let rest = list().key_marker("k").version_id_marker(id).send().await;
    assert_eq!(rest.unwrap().versions().len(), 0);
}

#[tokio::test]
async fn a_location_has_the_bucket_in_its_path() {
    let stack = Stack::start().await;
    let create = stack.client.create_multipart_upload();
    let create = create.bucket(BUCKET).key("k ü").send().await.unwrap();
    let id = create.upload_id.unwrap();
    let part = stack.client.upload_part().bucket(BUCKET).key("k ü");
    let part = part.upload_id(&id).part_number(1).send().await.unwrap();
    let part = format!(
        "<Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>",
        part.e_tag.unwrap()
    );
    let complete = Request::post(format!("/{BUCKET}/k%20%C3%BC?uploadId={id}"));
    let complete = complete.header("host", "127.0.0.1:4566");
    let body = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    let (_, body) = send(&stack, complete, body).await;
    assert!(
        body.contains("<Location>http://127.0.0.1:4566/photos/k%20%C3%BC</Location>"),
        "{body}"
    );
}

#[tokio::test]
async fn headers_beyond_ascii_are_refused_but_for_metadata() {
    let stack = Stack::start().await;
    let put = Request::put(format!("/{BUCKET}/k")).header("cache-control", "ü".as_bytes());
    let (status, body) = send(&stack, put, "").await;
    assert_eq!(status, 400, "{body}");
    assert!(
        body.contains("<Message>The value of cache-control is not valid</Message>"),
        "{body}"
    );
}

#[tokio::test]
async fn access_control_lists_are_ignored() {
    let stack = Stack::start().await;
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    put.acl(aws_sdk_s3::types::ObjectCannedAcl::PublicRead)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_archived_cannot_be_restored() {
    let stack = Stack::start().await;
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    let put = put.storage_class(aws_sdk_s3::types::StorageClass::Glacier);
    put.send().await.unwrap();
    let get = stack.client.get_object().bucket(BUCKET).key("k");
    assert_eq!(
        refusal(get.send().await),
        "403 InvalidObjectState: The operation is not valid for the object's storage class"
    );
    let restore = stack.client.restore_object().bucket(BUCKET).key("k");
    assert_eq!(
        refusal(restore.send().await),
        "501 NotImplemented: RestoreObject is not implemented yet"
    );
}

#[tokio::test]
async fn a_list_of_buckets_has_no_arns() {
    let stack = Stack::start().await;
    let list = stack.client.list_buckets().send().await.unwrap();
    assert_eq!(list.buckets()[0].bucket_arn(), None);
}

#[tokio::test]
async fn tags_of_a_bucket_that_is_created_are_ignored() {
    let stack = Stack::start().await;
    let body = "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags></CreateBucketConfiguration>";
    let (status, answer) = send(&stack, Request::put("/tagged"), body).await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = send(&stack, Request::get("/tagged?tagging"), "").await;
    assert_eq!(status, 501, "{answer}");
}
