//! Multipart uploads.

use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use super::*;

/// The least that a part which is not the last may have.
const PART: usize = 5 << 20;

async fn create(stack: &Stack, key: &str) -> String {
    let create = stack
        .client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .content_type("video/mp4");
    create
        .metadata("a", "1")
        .tagging("t=1")
        .send()
        .await
        .unwrap()
        .upload_id()
        .unwrap()
        .to_owned()
}

async fn upload(stack: &Stack, key: &str, id: &str, number: i32, body: Vec<u8>) -> CompletedPart {
    let upload = stack
        .client
        .upload_part()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id)
        .part_number(number);
    let done = upload.body(body.into()).send().await.unwrap();
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(done.e_tag)
        .build()
}

fn list(parts: impl IntoIterator<Item = CompletedPart>) -> CompletedMultipartUpload {
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts.into_iter().collect()))
        .build()
}

#[tokio::test]
async fn parts_become_an_object() {
    let stack = Stack::start().await;
    let id = create(&stack, "k").await;
    let second = upload(&stack, "k", &id, 7, b"tail".to_vec()).await;
    let first = upload(&stack, "k", &id, 1, vec![b'x'; PART]).await;
    assert_eq!(stack.keys().await, [""; 0]);
    let listed = stack
        .client
        .list_parts()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id)
        .send()
        .await
        .unwrap();
    let numbers: Vec<_> = listed
        .parts()
        .iter()
        .map(|part| part.part_number().unwrap())
        .collect();
    assert_eq!(numbers, [1, 7]);
    let complete = stack
        .client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id);
    let done = complete
        .multipart_upload(list([first, second]))
        .send()
        .await
        .unwrap();
    // md5(md5("x" * 5 MiB) + md5("tail")), as Python computes it.
    assert_eq!(done.e_tag(), Some("\"a45f1422f2dbe3d2890829dd76adba1b-2\""));
    let got = stack
        .client
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (got.content_type(), got.tag_count()),
        (Some("video/mp4"), Some(1))
    );
    assert_eq!(got.metadata().unwrap()["a"], "1");
    let body = got.body.collect().await.unwrap().to_vec();
    assert!(body.len() == PART + 4 && body.ends_with(b"xtail"));
    let tail = stack
        .client
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .part_number(2)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (tail.parts_count(), tail.content_range()),
        (Some(2), Some("bytes 5242880-5242883/5242884"))
    );
    assert_eq!(text(tail.body).await, "tail");
    assert_eq!(stack.files(), 1, "the parts are gone");
}

#[tokio::test]
async fn checksums_of_parts_make_the_checksum_of_the_object() {
    let stack = Stack::start().await;
    let whole = [vec![b'x'; PART], b"tail".to_vec()].concat();
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
    ] {
        let create = stack
            .client
            .create_multipart_upload()
            .bucket(BUCKET)
            .key("parts");
        let create = create
            .checksum_algorithm(algorithm.clone())
            .checksum_type(ChecksumType::FullObject);
        let id = create.send().await.unwrap().upload_id.unwrap();
        let mut parts = Vec::new();
        for (number, body) in [(1, &whole[..PART]), (2, &whole[PART..])] {
            let upload = stack
                .client
                .upload_part()
                .bucket(BUCKET)
                .key("parts")
                .upload_id(&id)
                .part_number(number);
            let done = upload
                .checksum_algorithm(algorithm.clone())
                .body(body.to_vec().into())
                .send()
                .await
                .unwrap();
            parts.push(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(done.e_tag)
                    .build(),
            );
        }
        let complete = stack
            .client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("parts")
            .upload_id(&id);
        complete.multipart_upload(list(parts)).send().await.unwrap();
        let put = stack
            .client
            .put_object()
            .bucket(BUCKET)
            .key("whole")
            .checksum_algorithm(algorithm.clone());
        put.body(whole.clone().into()).send().await.unwrap();
        let head = async |key: &str| {
            let head = stack
                .client
                .head_object()
                .bucket(BUCKET)
                .key(key)
                .checksum_mode(ChecksumMode::Enabled);
            let head = head.send().await.unwrap();
            (
                head.checksum_crc32,
                head.checksum_crc32_c,
                head.checksum_crc64_nvme,
                head.checksum_type,
            )
        };
        assert_eq!(head("parts").await, head("whole").await, "{algorithm}");
        // The SDK holds the bytes against the checksum.
        let got = stack
            .client
            .get_object()
            .bucket(BUCKET)
            .key("parts")
            .send()
            .await
            .unwrap();
        assert!(got.body.collect().await.unwrap().to_vec() == whole);
    }
}

#[tokio::test]
async fn wrong_lists_of_parts_are_refused() {
    let stack = Stack::start().await;
    let id = create(&stack, "k").await;
    let one = upload(&stack, "k", &id, 1, b"small".to_vec()).await;
    let two = upload(&stack, "k", &id, 2, b"small too".to_vec()).await;
    let never = CompletedPart::builder()
        .part_number(3)
        .e_tag("\"00\"")
        .build();
    let other = CompletedPart::builder()
        .part_number(1)
        .e_tag("\"00\"")
        .build();
    let complete = |parts: Vec<CompletedPart>| {
        let complete = stack
            .client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id);
        complete.multipart_upload(list(parts)).send()
    };
    const INVALID: &str = "400 InvalidPart: One or more of the specified parts could not be \
                           found.  The part may not have been uploaded, or the specified entity \
                           tag may not match the part's entity tag.";
    let cases = [
        (
            vec![two.clone(), one.clone()],
            "400 InvalidPartOrder: The list of parts was not in ascending order. Parts must be \
             ordered by part number.",
        ),
        (
            vec![one.clone(), one.clone()],
            "400 InvalidPartOrder: The list of parts was not in ascending order. Parts must be \
             ordered by part number.",
        ),
        (
            vec![one.clone(), two.clone()],
            "400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size",
        ),
        (vec![one.clone(), never], INVALID),
        (vec![other], INVALID),
    ];
    for (parts, expect) in cases {
        assert_eq!(refusal(complete(parts).await), expect);
    }
    complete(vec![two]).await.unwrap();
    assert_eq!(stack.get("k").await, "small too");
    assert_eq!(stack.files(), 1);
}

#[tokio::test]
async fn an_upload_can_be_listed_and_aborted() {
    let stack = Stack::start().await;
    for key in ["a/1", "a/2", "b"] {
        create(&stack, key).await;
    }
    let id = create(&stack, "b").await;
    upload(&stack, "b", &id, 1, b"old".to_vec()).await;
    upload(&stack, "b", &id, 1, b"new".to_vec()).await;
    assert_eq!(
        stack.files(),
        1,
        "a part that is uploaded again replaces the one before"
    );
    let listed = stack.client.list_multipart_uploads().bucket(BUCKET);
    let all = listed.clone().send().await.unwrap();
    assert_eq!(
        all.uploads()
            .iter()
            .map(|u| u.key().unwrap())
            .collect::<Vec<_>>(),
        ["a/1", "a/2", "b", "b"]
    );
    let grouped = listed.clone().delimiter("/").send().await.unwrap();
    assert_eq!(grouped.common_prefixes()[0].prefix(), Some("a/"));
    assert_eq!(grouped.uploads().len(), 2);
    let page = listed.clone().max_uploads(3).send().await.unwrap();
    assert_eq!(page.is_truncated(), Some(true));
    let rest = listed.key_marker(page.next_key_marker().unwrap());
    let rest = rest
        .upload_id_marker(page.next_upload_id_marker().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (rest.uploads().len(), rest.is_truncated()),
        (1, Some(false))
    );
    stack
        .client
        .abort_multipart_upload()
        .bucket(BUCKET)
        .key("b")
        .upload_id(&id)
        .send()
        .await
        .unwrap();
    assert_eq!(stack.files(), 0);
}

#[tokio::test]
async fn parts_can_be_copied() {
    let stack = Stack::start().await;
    stack.put("source", "0123456789").await;
    let id = create(&stack, "k").await;
    let copy = stack
        .client
        .upload_part_copy()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id)
        .part_number(1);
    let copy = copy.copy_source(format!("{BUCKET}/source"));
    assert_eq!(
        refusal(copy.clone().copy_source_range("bytes=5-10").send().await),
        "400 InvalidArgument: Range specified is not valid for source object of size: 10"
    );
    let done = copy.copy_source_range("bytes=2-4").send().await.unwrap();
    let part = CompletedPart::builder().part_number(1);
    let part = part.set_e_tag(done.copy_part_result.unwrap().e_tag).build();
    let complete = stack
        .client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id);
    complete
        .multipart_upload(list([part]))
        .send()
        .await
        .unwrap();
    assert_eq!(stack.get("k").await, "234");
    // The copy of an object that came in parts has the MD5 of its bytes.
    let copy = stack
        .client
        .copy_object()
        .bucket(BUCKET)
        .key("copy")
        .copy_source(format!("{BUCKET}/k"));
    let copied = copy.send().await.unwrap();
    assert_eq!(
        copied.copy_object_result().unwrap().e_tag(),
        Some("\"289dff07669d7a23de0ef88d2f7129e7\"")
    );
}

#[tokio::test]
async fn an_upload_without_parts_is_no_object() {
    let stack = Stack::start().await;
    let id = create(&stack, "k").await;
    let complete = stack.client.complete_multipart_upload();
    let complete = complete.bucket(BUCKET).key("k").upload_id(&id);
    const NONE: &str = "400 InvalidRequest: You must specify at least one part";
    assert_eq!(refusal(complete.clone().send().await), NONE);
    assert_eq!(
        refusal(complete.multipart_upload(list([])).send().await),
        NONE
    );
}

#[tokio::test]
async fn the_checksum_of_a_completion_is_the_objects() {
    let stack = Stack::start().await;
    let create = stack.client.create_multipart_upload();
    let create = create.bucket(BUCKET).key("k");
    let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let create = create.checksum_type(ChecksumType::FullObject);
    let id = create.send().await.unwrap().upload_id.unwrap();
    let part = upload(&stack, "k", &id, 1, b"hello".to_vec()).await;
    let complete = |sum: &str| {
        let complete = stack.client.complete_multipart_upload();
        let complete = complete.bucket(BUCKET).key("k").upload_id(&id);
        let parts = list([part.clone()]);
        complete.multipart_upload(parts).checksum_crc32(sum).send()
    };
    assert_eq!(
        refusal(complete("AAAAAA==").await),
        "400 BadDigest: The CRC32 you specified did not match the calculated checksum."
    );
    complete("NhCmhg==").await.unwrap();
    let head = stack.client.head_object().bucket(BUCKET).key("k");
    let head = head.part_number(1).checksum_mode(ChecksumMode::Enabled);
    // Recorded: the only part of an object has the object's checksum; one of several has none.
    assert_eq!(
        head.send().await.unwrap().checksum_crc32(),
        Some("NhCmhg==")
    );
}

#[tokio::test]
async fn a_checksum_that_an_upload_has_not_is_no_parts() {
    let stack = Stack::start().await;
    let id = create(&stack, "k").await;
    let part = upload(&stack, "k", &id, 1, b"hello".to_vec()).await;
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .checksum_sha256("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
        .build();
    let complete = stack.client.complete_multipart_upload();
    let complete = complete.bucket(BUCKET).key("k").upload_id(&id);
    let refused = refusal(complete.multipart_upload(list([part])).send().await);
    assert!(refused.starts_with("400 InvalidPart: "), "{refused}");
}

/// Recorded: `ExpectedDigest` is base64 for a part, and hexadecimal for an object.
#[tokio::test]
async fn a_wrong_digest_of_a_part_is_told_in_base64() {
    let stack = Stack::start().await;
    let create = stack.client.create_multipart_upload();
    let create = create.bucket(BUCKET).key("k").send().await.unwrap();
    let id = create.upload_id.unwrap();
    let part = format!("/{BUCKET}/k?partNumber=1&uploadId={id}");
    for (path, expected) in [
        (part, "CYketZBSTjX8czcs3cXVlg=="),
        (format!("/{BUCKET}/k"), "09891eb590524e35fc73372cddc5d596"),
    ] {
        let put = Request::put(path).header("content-md5", "CYketZBSTjX8czcs3cXVlg==");
        let (status, body) = super::wire::send(&stack, put, "x").await;
        assert_eq!(status, 400, "{body}");
        let digest = format!("<ExpectedDigest>{expected}</ExpectedDigest>");
        assert!(body.contains(&digest), "{body}");
    }
}
