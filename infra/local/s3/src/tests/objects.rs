//! Objects: bytes, headers, checksums, ranges, conditions, copies, tags.

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, MetadataDirective, ObjectAttributes, Tag, Tagging,
};

use super::*;

#[tokio::test]
async fn every_text_is_a_key() {
    let stack = Stack::start().await;
    let long = "k".repeat(1024);
    let keys = [
        "../../x",
        "..",
        ".",
        "q",
        "q/w",
        "/q",
        "q/",
        "a//b",
        "a/../b",
        "nul\0",
        "tab\t",
        "line\nbreak",
        "+",
        "%2e%2e",
        "ä/日本語/🚲",
        "?versioning",
        "a&b=c#d",
        "'\"<>&",
        &long,
    ];
    for key in keys {
        stack.put(key, key).await;
    }
    for key in keys {
        assert_eq!(stack.get(key).await, key);
    }
    assert_eq!(stack.files(), keys.len());
    for key in keys {
        stack
            .client
            .delete_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(stack.files(), 0);
}

#[tokio::test]
async fn what_is_said_with_an_object_comes_back() {
    let stack = Stack::start().await;
    let expires = DateTime::from_secs(2_000_000_000);
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    put.content_type("text/plain")
        .cache_control("no-store")
        .content_disposition("inline")
        .content_encoding("gzip")
        .content_language("de")
        .expires(expires)
        .website_redirect_location("/there")
        .metadata("camera", "Nikon")
        .metadata("place", "Zürich")
        .tagging("a=b+c&d=%2B")
        .body(ByteStream::from_static(b"bytes"))
        .send()
        .await
        .unwrap();
    let got = stack
        .client
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("text/plain"));
    assert_eq!(got.cache_control(), Some("no-store"));
    assert_eq!(got.content_disposition(), Some("inline"));
    assert_eq!(got.content_encoding(), Some("gzip"));
    assert_eq!(got.content_language(), Some("de"));
    assert_eq!(
        got.expires_string(),
        Some(&*expires.fmt(DateTimeFormat::HttpDate).unwrap())
    );
    assert_eq!(got.website_redirect_location(), Some("/there"));
    assert_eq!(got.metadata().unwrap()["camera"], "Nikon");
    assert_eq!(got.metadata().unwrap().len(), 2);
    assert_eq!(got.tag_count(), Some(2));
    assert_eq!(got.e_tag(), Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\""));
    assert_eq!(got.version_id(), None);
    assert_eq!(text(got.body).await, "bytes");
}

#[tokio::test]
async fn checksums_are_verified_kept_and_shown() {
    let stack = Stack::start().await;
    let cases = [
        (ChecksumAlgorithm::Crc32, "NhCmhg=="),
        (ChecksumAlgorithm::Crc32C, "mnG7TA=="),
        (ChecksumAlgorithm::Crc64Nvme, "M3eFcAZSQlc="),
        (ChecksumAlgorithm::Sha1, "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
        (
            ChecksumAlgorithm::Sha256,
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ),
    ];
    for (algorithm, sum) in cases {
        let put = stack
            .client
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_algorithm(algorithm.clone());
        put.body(ByteStream::from_static(b"hello"))
            .send()
            .await
            .unwrap();
        let head = stack.client.head_object().bucket(BUCKET).key("k");
        let head = head
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        let shown = match algorithm {
            ChecksumAlgorithm::Crc32 => head.checksum_crc32(),
            ChecksumAlgorithm::Crc32C => head.checksum_crc32_c(),
            ChecksumAlgorithm::Crc64Nvme => head.checksum_crc64_nvme(),
            ChecksumAlgorithm::Sha1 => head.checksum_sha1(),
            _ => head.checksum_sha256(),
        };
        assert_eq!(shown, Some(sum), "{algorithm}");
        // The SDK verifies the checksum while it reads.
        assert_eq!(stack.get("k").await, "hello");
    }
}

#[tokio::test]
async fn a_part_of_an_object_can_be_read() {
    let stack = Stack::start().await;
    stack.put("k", "0123456789").await;
    stack.put("empty", "").await;
    let cases = [
        ("k", "bytes=0-3", Ok(("0123", "bytes 0-3/10"))),
        ("k", "bytes=8-", Ok(("89", "bytes 8-9/10"))),
        ("k", "bytes=8-99", Ok(("89", "bytes 8-9/10"))),
        ("k", "bytes=-3", Ok(("789", "bytes 7-9/10"))),
        ("k", "bytes=-99", Ok(("0123456789", "bytes 0-9/10"))),
        (
            "k",
            "bytes=10-",
            Err("416 InvalidRange: The requested range is not satisfiable"),
        ),
        (
            "k",
            "bytes=-0",
            Err("416 InvalidRange: The requested range is not satisfiable"),
        ),
        (
            "empty",
            "bytes=0-",
            Err("416 InvalidRange: The requested range is not satisfiable"),
        ),
        (
            "empty",
            "bytes=-5",
            Err("416 InvalidRange: The requested range is not satisfiable"),
        ),
    ];
    for (key, range, expect) in cases {
        let got = stack
            .client
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .range(range)
            .send()
            .await;
        match expect {
            Ok((bytes, shown)) => {
                let got = got.unwrap();
                assert_eq!(got.content_range(), Some(shown), "{range}");
                assert_eq!(text(got.body).await, bytes, "{range}");
            }
            Err(expect) => assert_eq!(refusal(got), expect, "{range}"),
        }
    }
    // What cannot be read as one range is ignored, as S3 does.
    for range in ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2"] {
        let got = stack
            .client
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap();
        assert_eq!(text(got.body).await, "0123456789", "{range}");
    }
}

#[tokio::test]
async fn reads_are_conditional() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let get = || stack.client.get_object().bucket(BUCKET).key("k");
    let (same, other) = ("\"5d41402abc4b2a76b9719d911017c592\"", "\"00\"");
    let (past, future) = (
        DateTime::from_secs(1_000_000_000),
        DateTime::from_secs(4_000_000_000),
    );
    const FAILED: &str =
        "412 PreconditionFailed: At least one of the pre-conditions you specified did not hold";
    for got in [
        get().if_match(same),
        get().if_match("*"),
        get().if_none_match(other),
        get().if_modified_since(past),
        get().if_modified_since(future),
        get().if_unmodified_since(future),
        get().if_match(same).if_unmodified_since(past),
        get().if_none_match(other).if_modified_since(future),
    ] {
        assert_eq!(text(got.send().await.unwrap().body).await, "hello");
    }
    assert_eq!(refusal(get().if_match(other).send().await), FAILED);
    assert_eq!(
        refusal(get().if_unmodified_since(past).send().await),
        FAILED
    );
    for got in [
        get().if_none_match(same),
        get().if_none_match("*"),
        get().if_modified_since(DateTime::from_secs(now() / 1000)),
    ] {
        let error = got.send().await.unwrap_err();
        let response = error.raw_response().unwrap();
        assert_eq!(response.status().as_u16(), 304);
        assert_eq!(response.headers().get("etag"), Some(same));
    }
}

#[tokio::test]
async fn writes_are_conditional() {
    let stack = Stack::start().await;
    let put = |key: &str| stack.client.put_object().bucket(BUCKET).key(key);
    const FAILED: &str =
        "412 PreconditionFailed: At least one of the pre-conditions you specified did not hold";
    put("k").if_none_match("*").send().await.unwrap();
    assert_eq!(refusal(put("k").if_none_match("*").send().await), FAILED);
    assert_eq!(refusal(put("k").if_match("\"00\"").send().await), FAILED);
    assert_eq!(
        refusal(put("no").if_match("\"00\"").send().await),
        "404 NoSuchKey: The specified key does not exist."
    );
    put("k")
        .if_match("\"d41d8cd98f00b204e9800998ecf8427e\"")
        .body(ByteStream::from_static(b"new"))
        .send()
        .await
        .unwrap();
    let delete = stack.client.delete_object().bucket(BUCKET).key("k");
    assert_eq!(refusal(delete.if_match("\"00\"").send().await), FAILED);
    assert_eq!(stack.get("k").await, "new");
    assert_eq!(stack.files(), 1, "what was refused leaves no file");
}

#[tokio::test]
async fn a_copy_carries_what_it_is_told_to() {
    let stack = Stack::start().await;
    let put = stack
        .client
        .put_object()
        .bucket(BUCKET)
        .key("from ü+")
        .content_type("image/png")
        .metadata("a", "1");
    put.tagging("t=1")
        .body(ByteStream::from_static(b"pixels"))
        .send()
        .await
        .unwrap();
    let source = format!("{BUCKET}/from%20%C3%BC%2B");
    let copy = |to: &str| {
        stack
            .client
            .copy_object()
            .bucket(BUCKET)
            .key(to)
            .copy_source(&source)
    };
    copy("kept").send().await.unwrap();
    let replaced = copy("replaced").metadata_directive(MetadataDirective::Replace);
    replaced
        .content_type("image/jpeg")
        .metadata("b", "2")
        .send()
        .await
        .unwrap();

    let head = |key: &str| stack.client.head_object().bucket(BUCKET).key(key).send();
    let kept = head("kept").await.unwrap();
    assert_eq!(
        (kept.content_type(), &kept.metadata().unwrap()["a"][..]),
        (Some("image/png"), "1")
    );
    let replaced = head("replaced").await.unwrap();
    assert_eq!(
        (
            replaced.content_type(),
            &replaced.metadata().unwrap()["b"][..]
        ),
        (Some("image/jpeg"), "2")
    );
    let tags = stack
        .client
        .get_object_tagging()
        .bucket(BUCKET)
        .key("replaced")
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tag_set()[0].key(), "t");

    // The copies live on without the source.
    stack
        .client
        .delete_object()
        .bucket(BUCKET)
        .key("from ü+")
        .send()
        .await
        .unwrap();
    assert_eq!(stack.get("kept").await, "pixels");
    assert_eq!(stack.get("replaced").await, "pixels");
    assert_eq!(
        refusal(
            stack
                .client
                .copy_object()
                .bucket(BUCKET)
                .key("kept")
                .copy_source(format!("{BUCKET}/kept"))
                .send()
                .await
        ),
        "400 InvalidRequest: This copy request is illegal because it is trying to copy an object \
         to itself without changing the object's metadata, storage class, website redirect \
         location or encryption attributes."
    );
    assert_eq!(
        refusal(copy("kept").copy_source_if_match("\"00\"").send().await),
        "404 NoSuchKey: The specified key does not exist."
    );
}

#[tokio::test]
async fn tags_can_be_replaced_and_removed() {
    let stack = Stack::start().await;
    stack.put("k", "").await;
    let tag = |key: &str| Tag::builder().key(key).value("v").build().unwrap();
    let put = |tags: Vec<Tag>| {
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build().unwrap();
        stack
            .client
            .put_object_tagging()
            .bucket(BUCKET)
            .key("k")
            .tagging(tagging)
            .send()
    };
    let tags = async || {
        let got = stack
            .client
            .get_object_tagging()
            .bucket(BUCKET)
            .key("k")
            .send()
            .await
            .unwrap();
        got.tag_set()
            .iter()
            .map(|tag| tag.key().to_owned())
            .collect::<Vec<_>>()
    };
    put(vec![tag("b"), tag("a")]).await.unwrap();
    assert_eq!(tags().await, ["b", "a"]);
    assert_eq!(
        refusal(put(vec![tag("a"), tag("a")]).await),
        "400 InvalidTag: Cannot provide multiple Tags with the same key"
    );
    let many = (0..11).map(|i| tag(&i.to_string())).collect();
    assert_eq!(
        refusal(put(many).await),
        "400 InvalidTag: Object tags cannot be greater than 10"
    );
    stack
        .client
        .delete_object_tagging()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(tags().await, [""; 0]);
}

#[tokio::test]
async fn attributes_are_those_asked_for() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let get = stack.client.get_object_attributes().bucket(BUCKET).key("k");
    let got = get
        .object_attributes(ObjectAttributes::Etag)
        .object_attributes(ObjectAttributes::ObjectSize);
    let got = got.send().await.unwrap();
    assert_eq!(got.e_tag(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert_eq!((got.object_size(), got.checksum()), (Some(5), None));
}

#[tokio::test]
async fn a_download_survives_that_the_object_is_replaced() {
    let stack = Stack::start().await;
    let long = "a".repeat(3 << 20);
    stack.put("k", &long).await;
    let got = stack
        .client
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    stack.put("k", "short").await;
    stack
        .client
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(stack.files(), 0);
    assert!(text(got.body).await == long);
}

#[tokio::test]
async fn other_services_share_the_objects() {
    let stack = Stack::start().await;
    stack
        .s3
        .put(BUCKET, "k", Bytes::from_static(b"hello"), "text/csv")
        .await
        .unwrap();
    assert_eq!(stack.get("k").await, "hello");
    let head = stack
        .client
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("text/csv"));
    assert_eq!(stack.s3.get(BUCKET, "k").await.unwrap().unwrap(), "hello");
    assert_eq!(
        stack.s3.etag(BUCKET, "k").await.unwrap().unwrap(),
        "5d41402abc4b2a76b9719d911017c592"
    );
    assert_eq!(stack.s3.get(BUCKET, "no").await.unwrap(), None);
    assert_eq!(stack.s3.get("no-bucket", "k").await.unwrap(), None);
    assert_eq!(stack.s3.etag("no-bucket", "k").await.unwrap(), None);
    let refused = stack
        .s3
        .put("no-bucket", "k", Bytes::new(), "text/csv")
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "s3://no-bucket/k: The specified bucket does not exist"
    );
}
