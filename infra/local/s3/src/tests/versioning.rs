//! Versions and delete markers.

use aws_sdk_s3::types::{
    BucketVersioningStatus, Delete, ObjectIdentifier, VersioningConfiguration,
};

use super::*;

async fn set_versioning(stack: &Stack, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let put = stack.client.put_bucket_versioning().bucket(BUCKET);
    put.versioning_configuration(configuration)
        .send()
        .await
        .unwrap();
}

async fn put(stack: &Stack, body: &'static str) -> String {
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    let put = put
        .body(ByteStream::from_static(body.as_bytes()))
        .send()
        .await
        .unwrap();
    put.version_id().unwrap_or("-").to_owned()
}

/// The versions of the bucket, newest first: `id=etag`'s place, `*` for the latest, `x` for a
/// delete marker.
async fn versions(stack: &Stack) -> Vec<(String, bool, bool)> {
    let list = stack
        .client
        .list_object_versions()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let objects = list
        .versions()
        .iter()
        .map(|v| (v.last_modified(), v.version_id(), v.is_latest(), false));
    let markers = list
        .delete_markers()
        .iter()
        .map(|v| (v.last_modified(), v.version_id(), v.is_latest(), true));
    let mut all: Vec<_> = objects.chain(markers).collect();
    all.sort_by_key(|v| (v.0.map(|time| time.to_millis().unwrap()), v.2));
    all.into_iter()
        .map(|v| (v.1.unwrap().to_owned(), v.2.unwrap(), v.3))
        .collect()
}

#[tokio::test]
async fn versions_outlive_overwriting_and_deleting() {
    let stack = Stack::start().await;
    let client = &stack.client;
    let before = client
        .get_bucket_versioning()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(before.status(), None);
    assert_eq!(put(&stack, "before").await, "-");
    set_versioning(&stack, BucketVersioningStatus::Enabled).await;
    let first = put(&stack, "first").await;
    let second = put(&stack, "second").await;
    assert_eq!(stack.get("k").await, "second");
    let read = async |id: &str| {
        let got = client
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .version_id(id)
            .send()
            .await
            .unwrap();
        assert_eq!(got.version_id(), Some(id));
        text(got.body).await
    };
    assert_eq!(read(&first).await, "first");
    assert_eq!(read("null").await, "before");

    let deleted = client
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap();
    let get = client.get_object().bucket(BUCKET).key("k");
    let error = get.clone().send().await.unwrap_err();
    assert_eq!(
        error
            .raw_response()
            .unwrap()
            .headers()
            .get("x-amz-delete-marker"),
        Some("true")
    );
    assert_eq!(
        refusal::<(), _>(Err(error)),
        "404 NoSuchKey: The specified key does not exist."
    );
    assert_eq!(
        refusal(get.version_id(marker).send().await),
        "405 MethodNotAllowed: The specified method is not allowed against this resource."
    );
    assert_eq!(stack.keys().await, [""; 0]);
    assert_eq!(read(&second).await, "second");
    assert_eq!(
        versions(&stack).await.last(),
        Some(&(marker.to_owned(), true, true))
    );

    // Without the marker the object is there again; without its newest version the one before it.
    let delete = |id: &str| {
        client
            .delete_object()
            .bucket(BUCKET)
            .key("k")
            .version_id(id)
            .send()
    };
    assert_eq!(delete(marker).await.unwrap().delete_marker(), Some(true));
    assert_eq!(stack.get("k").await, "second");
    assert_eq!(delete(&second).await.unwrap().delete_marker(), None);
    assert_eq!(stack.get("k").await, "first");
    delete(&first).await.unwrap();
    assert_eq!(stack.get("k").await, "before");
    delete("null").await.unwrap();
    delete(&first).await.unwrap();
    assert_eq!(stack.files(), 0);
    client.delete_bucket().bucket(BUCKET).send().await.unwrap();
}

#[tokio::test]
async fn suspended_versioning_overwrites_only_the_null_version() {
    let stack = Stack::start().await;
    set_versioning(&stack, BucketVersioningStatus::Enabled).await;
    let kept = put(&stack, "kept").await;
    set_versioning(&stack, BucketVersioningStatus::Suspended).await;
    // Recorded: a write tells only an id that it made.
    assert_eq!(put(&stack, "one").await, "-");
    assert_eq!(put(&stack, "two").await, "-");
    assert_eq!(stack.files(), 2);
    let deleted = stack
        .client
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (deleted.delete_marker(), deleted.version_id()),
        (Some(true), Some("null"))
    );
    let ids: Vec<_> = versions(&stack)
        .await
        .into_iter()
        .map(|v| (v.0, v.2))
        .collect();
    assert_eq!(ids, [(kept, false), ("null".into(), true)]);
    assert_eq!(stack.files(), 1);
}

#[tokio::test]
async fn a_key_that_xml_cannot_carry_is_deleted_by_itself() {
    let stack = Stack::start().await;
    let key = "nul\0";
    stack.put(key, "x").await;
    let object = ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder().objects(object).build().unwrap();
    let many = stack.client.delete_objects().bucket(BUCKET).delete(delete);
    let refused = refusal(many.send().await);
    assert!(refused.starts_with("400 MalformedXML: "), "{refused}");
    assert_eq!(stack.files(), 1);
    let one = stack.client.delete_object().bucket(BUCKET).key(key);
    one.send().await.unwrap();
    assert_eq!(stack.files(), 0);
}

#[tokio::test]
async fn many_objects_are_deleted_at_once() {
    let stack = Stack::start().await;
    for key in ["a", "b", "c"] {
        stack.put(key, key).await;
    }
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = |quiet| {
        let delete = Delete::builder()
            .objects(object("a"))
            .objects(object("never-was"))
            .quiet(quiet);
        stack
            .client
            .delete_objects()
            .bucket(BUCKET)
            .delete(delete.build().unwrap())
            .send()
    };
    let deleted = delete(false).await.unwrap();
    let keys: Vec<_> = deleted
        .deleted()
        .iter()
        .map(|deleted| deleted.key().unwrap())
        .collect();
    assert_eq!(keys, ["a", "never-was"]);
    assert_eq!(delete(true).await.unwrap().deleted().len(), 0);
    assert_eq!(stack.keys().await, ["b", "c"]);
    assert_eq!(stack.files(), 2);
}
