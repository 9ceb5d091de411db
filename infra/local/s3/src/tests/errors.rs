//! AWS's error codes, texts and statuses.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::*;

#[tokio::test]
async fn refusals_read_like_awss() {
    let stack = Stack::start().await;
    let client = &stack.client;
    stack.put("k", "hello").await;
    const NO_BUCKET: &str = "404 NoSuchBucket: The specified bucket does not exist";
    const NO_KEY: &str = "404 NoSuchKey: The specified key does not exist.";
    const NO_UPLOAD: &str = "404 NoSuchUpload: The specified upload does not exist. The upload ID \
                             may be invalid, or the upload may have been aborted or completed.";
    /// `check!(operation(fields), refusal)`
    macro_rules! check {
        ($operation:ident($($field:ident = $value:expr),*), $expect:expr) => {{
            let outcome = client.$operation()$(.$field($value))*.send().await;
            assert_eq!(refusal(outcome), $expect, stringify!($operation));
        }};
    }
    check!(get_object(bucket = "no-bucket", key = "k"), NO_BUCKET);
    check!(put_object(bucket = "no-bucket", key = "k"), NO_BUCKET);
    check!(
        copy_object(bucket = "no-bucket", key = "k", copy_source = "photos/k"),
        NO_BUCKET
    );
    check!(
        copy_object(bucket = BUCKET, key = "k", copy_source = "no-bucket/k"),
        NO_BUCKET
    );
    check!(list_objects_v2(bucket = "no-bucket"), NO_BUCKET);
    check!(list_objects(bucket = "no-bucket"), NO_BUCKET);
    check!(list_object_versions(bucket = "no-bucket"), NO_BUCKET);
    check!(list_multipart_uploads(bucket = "no-bucket"), NO_BUCKET);
    check!(delete_bucket(bucket = "no-bucket"), NO_BUCKET);
    check!(delete_object(bucket = "no-bucket", key = "k"), NO_BUCKET);
    check!(get_bucket_location(bucket = "no-bucket"), NO_BUCKET);
    check!(get_bucket_versioning(bucket = "no-bucket"), NO_BUCKET);
    check!(
        create_multipart_upload(bucket = "no-bucket", key = "k"),
        NO_BUCKET
    );
    check!(get_object(bucket = BUCKET, key = "no"), NO_KEY);
    check!(get_object_tagging(bucket = BUCKET, key = "no"), NO_KEY);
    check!(
        get_object(bucket = BUCKET, key = "k", version_id = "x"),
        "400 InvalidArgument: Invalid version id specified"
    );
    check!(head_object(bucket = BUCKET, key = "no"), "404 NotFound: -");
    check!(head_bucket(bucket = "no-bucket"), "404 NotFound: -");
    check!(
        delete_bucket(bucket = BUCKET),
        "409 BucketNotEmpty: The bucket you tried to delete is not empty"
    );
    check!(
        create_bucket(bucket = "Not_A_Bucket"),
        "400 InvalidBucketName: The specified bucket is not valid."
    );
    check!(
        put_object(bucket = BUCKET, key = "k".repeat(1025)),
        "400 KeyTooLongError: Your key is too long"
    );
    check!(
        put_object(bucket = BUCKET, key = "k", content_md5 = "nonsense"),
        "400 InvalidDigest: The Content-MD5 you specified was invalid."
    );
    check!(
        put_object(
            bucket = BUCKET,
            key = "k",
            content_md5 = "AAAAAAAAAAAAAAAAAAAAAA=="
        ),
        "400 BadDigest: The Content-MD5 you specified did not match what we received."
    );
    check!(
        put_object(
            bucket = BUCKET,
            key = "k",
            checksum_sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
        ),
        "400 BadDigest: The SHA256 you specified did not match the calculated checksum."
    );
    check!(
        put_object(bucket = BUCKET, key = "k", checksum_crc32 = "AAAA"),
        "400 InvalidRequest: Value for x-amz-checksum-crc32 header is invalid."
    );
    let put = client
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .metadata("a", "v".repeat(2048));
    assert_eq!(
        refusal(put.send().await),
        "400 MetadataTooLarge: Your metadata headers exceed the maximum allowed metadata size"
    );
    check!(
        put_object(
            bucket = BUCKET,
            key = "k",
            expected_bucket_owner = "999999999999"
        ),
        "403 AccessDenied: Access Denied"
    );
    check!(
        upload_part(
            bucket = BUCKET,
            key = "k",
            upload_id = "no",
            part_number = 1
        ),
        NO_UPLOAD
    );
    check!(
        list_parts(bucket = BUCKET, key = "k", upload_id = "no"),
        NO_UPLOAD
    );
    check!(
        abort_multipart_upload(bucket = BUCKET, key = "k", upload_id = "no"),
        NO_UPLOAD
    );
    check!(
        upload_part(
            bucket = BUCKET,
            key = "k",
            upload_id = "no",
            part_number = 10001
        ),
        "400 InvalidArgument: Part number must be an integer between 1 and 10000, inclusive"
    );
    check!(
        list_objects_v2(bucket = BUCKET, max_keys = -1),
        "400 InvalidArgument: Argument maxKeys must be an integer between 0 and 2147483647"
    );
    check!(
        list_objects_v2(bucket = BUCKET, continuation_token = "?"),
        "400 InvalidArgument: The continuation token provided is incorrect"
    );
    check!(
        get_bucket_policy(bucket = BUCKET),
        "501 NotImplemented: GetBucketPolicy is not implemented yet"
    );
    check!(
        get_object_torrent(bucket = BUCKET, key = "k"),
        "501 NotImplemented: GetObjectTorrent is not implemented yet"
    );
    assert_eq!(stack.get("k").await, "hello", "no refusal changed anything");
    assert_eq!(stack.files(), 1);
}

#[tokio::test]
async fn an_error_names_its_request_and_its_subject() {
    let stack = Stack::start().await;
    let error = stack
        .client
        .get_object()
        .bucket(BUCKET)
        .key("a<b")
        .send()
        .await
        .unwrap_err();
    let response = error.raw_response().unwrap();
    let id = response.headers().get("x-amz-request-id").unwrap();
    let host = response.headers().get("x-amz-id-2").unwrap();
    let body = std::str::from_utf8(response.body().bytes().unwrap()).unwrap();
    assert_eq!(
        body,
        format!(
            "<?xml version=\"1.0\" \
             encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does \
             not \
             exist.</Message><Key>a&lt;b</Key><RequestId>{id}</RequestId><HostId>{host}</HostId></Error>"
        )
    );
}

#[tokio::test]
async fn buckets_come_and_go() {
    let stack = Stack::start().await;
    let client = &stack.client;
    // In us-east-1 a second creation succeeds.
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    client
        .create_bucket()
        .bucket("another.bucket")
        .send()
        .await
        .unwrap();
    let list = client.list_buckets().send().await.unwrap();
    let names: Vec<_> = list
        .buckets()
        .iter()
        .map(|bucket| bucket.name().unwrap())
        .collect();
    assert_eq!(names, ["another.bucket", BUCKET]);
    let page = client.list_buckets().max_buckets(1).send().await.unwrap();
    let next = client
        .list_buckets()
        .continuation_token(page.continuation_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(next.buckets()[0].name(), Some(BUCKET));
    assert_eq!(next.continuation_token(), None);
    let head = client.head_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("us-east-1"));
    let location = client
        .get_bucket_location()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(
        location
            .location_constraint()
            .map(|c| c.as_str())
            .unwrap_or_default(),
        ""
    );
    client.delete_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        client.list_buckets().send().await.unwrap().buckets().len(),
        1
    );
}

#[tokio::test]
async fn elsewhere_a_bucket_is_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let identity = Identity {
        region: "eu-west-1".into(),
        ..Identity::default()
    };
    let address = serve(S3::open(directory.path(), identity).unwrap()).await;
    let client = client_in(&address, "eu-west-1");
    let here = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let create = client
        .create_bucket()
        .bucket(BUCKET)
        .create_bucket_configuration(here);
    create.clone().send().await.unwrap();
    assert_eq!(
        refusal(create.send().await),
        "409 BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded \
         and you already own it."
    );
    let location = client
        .get_bucket_location()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(
        location.location_constraint().unwrap().as_str(),
        "eu-west-1"
    );
}
