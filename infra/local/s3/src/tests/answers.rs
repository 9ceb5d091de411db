//! Answers to the letter: errors' members, headers, characters; as recorded on AWS unless it says
//! otherwise.

use aws_sdk_s3::types::{
    Delete, ObjectAttributes, ObjectIdentifier, Tag, Tagging, VersioningConfiguration,
};
use http_body_util::BodyExt as _;

use super::wire::send;
use super::*;

/// The error between code and request id.
async fn error(stack: &Stack, request: http::request::Builder, body: impl Into<Body>) -> String {
    let (status, body) = send(stack, request, body).await;
    let (_, rest) = body.split_once("<Code>").expect(&body);
    let rest = rest.split_once("<RequestId>").expect(&body).0;
    format!("{status} {}", rest.replacen("</Code>", " ", 1))
}

#[tokio::test]
async fn errors_have_the_members_of_awss() {
    let stack = Stack::start().await;
    stack.put("k", "12345678").await;
    let get = |query: &str| Request::get(format!("/{BUCKET}/k{query}"));
    let list = |query: &str| Request::get(format!("/{BUCKET}?{query}"));
    let put = || Request::put(format!("/{BUCKET}/k"));
    let part = |query: &str| Request::put(format!("/{BUCKET}/k?{query}"));
    const TEXT: &str = "<Message>The specified upload does not exist. The upload ID may be \
                        invalid, or the upload may have been aborted or completed.</Message>";
    let cases = [
        (get("").header("range", "bytes=100-"), "416 InvalidRange <Message>The requested range is \
                                                 not \
                                                 satisfiable</Message><RangeRequested>bytes=100-</RangeRequested><ActualObjectSize>8</ActualObjectSize>".to_owned()),
        (get("").header("range", "bytes=-0"), "416 InvalidRange <Message>The requested range is \
                                               not \
                                               satisfiable</Message><RangeRequested>bytes=-0</RangeRequested><ActualObjectSize>8</ActualObjectSize>".into()),
        (get("?partNumber=2"), "416 InvalidPartNumber <Message>The requested partnumber is not \
                                satisfiable</Message><PartNumberRequested>2</PartNumberRequested><ActualPartCount>1</ActualPartCount>".into()),
        (get("").header("if-match", "\"00\""), "412 PreconditionFailed <Message>At least one of \
                                                the pre-conditions you specified did not \
                                                hold</Message><Condition>If-Match</Condition>".into()),
        (get("?versionId=HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"), "400 InvalidArgument \
            <Message>Invalid version id \
            specified</Message><ArgumentName>versionId</ArgumentName><ArgumentValue>HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD</ArgumentValue>".into()),
        (get("?versionId=0b9bd1bb5d6b4e7f8c36ae4fbb63b0e5"), "404 NoSuchVersion <Message>The \
            specified version does not \
            exist.</Message><Key>k</Key><VersionId>0b9bd1bb5d6b4e7f8c36ae4fbb63b0e5</VersionId>".into()),
        (part("uploadId=no&partNumber=1"), format!("404 NoSuchUpload {TEXT}<UploadId>no</UploadId>")),
        (part("uploadId=no&partNumber=-1"), "400 InvalidArgument <Message>Part number must be an \
                                             integer between 1 and 10000, \
                                             inclusive</Message><ArgumentName>partNumber</ArgumentName><ArgumentValue>-1</ArgumentValue>".into()),
        (part("uploadId=no&partNumber=x"), "400 InvalidArgument <Message>Part number must be an \
                                            integer between 1 and 10000, \
                                            inclusive</Message><ArgumentName>partNumber</ArgumentName><ArgumentValue>x</ArgumentValue>".into()),
        (list("encoding-type=value"), "400 InvalidArgument <Message>Invalid Encoding Method \
                                       specified in \
                                       Request</Message><ArgumentName>encoding-type</ArgumentName><ArgumentValue>value</ArgumentValue>".into()),
        (list("list-type=2&continuation-token="), "400 InvalidArgument <Message>The continuation \
                                                   token provided is \
                                                   incorrect</Message><ArgumentName>continuation-token</ArgumentName>".into()),
        (list("max-keys=x"), "400 InvalidArgument <Message>Provided max-keys not an integer or \
                              within integer \
                              range</Message><ArgumentName>max-keys</ArgumentName><ArgumentValue>x</ArgumentValue>".into()),
        (list("versions&version-id-marker=v"), "400 InvalidArgument <Message>A version-id marker \
                                                cannot be specified without a key \
                                                marker.</Message><ArgumentName>version-id-marker</ArgumentName><ArgumentValue>v</ArgumentValue>".into()),
        (Request::get("/?bucket-region=eu-east-1"), "400 InvalidArgument <Message>Argument value \
                                                     eu-east-1 is not a valid AWS \
                                                     Region</Message><ArgumentName>bucket-region</ArgumentName>".into()),
        (list("versions&key-marker=k&version-id-marker=v"), "400 InvalidArgument <Message>Invalid \
            version id \
            specified</Message><ArgumentName>version-id-marker</ArgumentName><ArgumentValue>v</ArgumentValue>".into()),
        (list("uploads&key-marker=k&upload-id-marker=u"), "400 InvalidArgument <Message>Invalid \
                                                           uploadId \
                                                           marker</Message><ArgumentName>upload-id-marker</ArgumentName><ArgumentValue>u</ArgumentValue>".into()),
        (put().header("content-md5", "000"), "400 InvalidDigest <Message>The Content-MD5 you \
                                              specified was \
                                              invalid.</Message><Content-MD5>000</Content-MD5>".into()),
        (put().header("x-amz-storage-class", "OUTPOSTS"), "400 InvalidStorageClass <Message>The \
                                                           storage class you specified is not \
                                                           valid</Message><StorageClassRequested>OUTPOSTS</StorageClassRequested>".into()),
        (put().header("x-amz-copy-source", "wrongformat"), "400 InvalidArgument <Message>Invalid \
                                                            copy source object \
                                                            key</Message><ArgumentName>x-amz-copy-source</ArgumentName><ArgumentValue>x-amz-copy-source</ArgumentValue>".into()),
        (put().header("x-amz-copy-source", "photos/no"), "404 NoSuchKey <Message>The specified \
                                                          key does not \
                                                          exist.</Message><Key>no</Key>".into()),
        (put().header("x-amz-copy-source", "nobucket/k"), "404 NoSuchBucket <Message>The \
                                                           specified bucket does not \
                                                           exist</Message><BucketName>nobucket</BucketName>".into()),
        (put().header("x-amz-tagging", "a=1&a=2"), "400 InvalidArgument <Message>The header \
                                                    'x-amz-tagging' shall be encoded as UTF-8 \
                                                    then URLEncoded URL query parameters without \
                                                    tag name \
                                                    duplicates.</Message><ArgumentName>x-amz-tagging</ArgumentName><ArgumentValue>a=1&amp;a=2</ArgumentValue>".into()),
        (put().header("x-amz-tagging", "a=1,b=2"), "400 InvalidArgument <Message>The header \
                                                    'x-amz-tagging' shall be encoded as UTF-8 \
                                                    then URLEncoded URL query parameters without \
                                                    tag name \
                                                    duplicates.</Message><ArgumentName>x-amz-tagging</ArgumentName><ArgumentValue>a=1,b=2</ArgumentValue>".into()),
        (put().header("if-match", "bad-char_/"), "412 PreconditionFailed <Message>At least one of \
                                                  the pre-conditions you specified did not \
                                                  hold</Message><Condition>If-Match</Condition>".into()),
        (Request::delete(format!("/{BUCKET}/k")).header("x-amz-bypass-governance-retention", "true"), "400 \
            InvalidArgument <Message>x-amz-bypass-governance-retention is only applicable to \
            Object Lock enabled \
            buckets.</Message><ArgumentName>x-amz-bypass-governance-retention</ArgumentName>".into()),
        (Request::post(format!("/{BUCKET}")), "412 PreconditionFailed <Message>At least one of \
                                               the pre-conditions you specified did not \
                                               hold</Message><Condition>Bucket POST must be of \
                                               the enclosure-type multipart/form-data</Condition>".into()),
        (put().header("x-amz-checksum-crc32", "AAAAAA==").header("x-amz-checksum-sha1", "AA=="), "400 \
            InvalidRequest <Message>Expecting a single x-amz-checksum- header. Multiple checksum \
            Types are not allowed.</Message>".into()),
        (put().header("x-amz-expected-bucket-owner", "invalid"), "400 \
            InvalidBucketOwnerAWSAccountID <Message>The value of the expected bucket owner \
            parameter must be an AWS Account ID... [invalid]</Message>".into()),
        (Request::delete(format!("/{BUCKET}")), "409 BucketNotEmpty <Message>The bucket you tried \
                                                 to delete is not \
                                                 empty</Message><BucketName>photos</BucketName>".into()),
        (Request::post(format!("/{BUCKET}/k?uploadId=no")), format!("404 NoSuchUpload \
            {TEXT}<UploadId>no</UploadId>")),
    ];
    for (request, expect) in cases {
        let name = format!("{request:?}");
        assert_eq!(error(&stack, request, "").await, expect, "{name}");
    }
}

#[tokio::test]
async fn a_location_constraint_is_a_region_of_the_endpoint() {
    let stack = Stack::start().await;
    let create = async |endpoint: &str, constraint: &str| {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=a/20260101/{endpoint}/s3/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let bucket = format!("/b-{}-{}", endpoint, constraint.to_lowercase());
        let request = Request::put(bucket.trim_end_matches('-')).header("authorization", scope);
        let document = format!(
            "<CreateBucketConfiguration><LocationConstraint>{constraint}</LocationConstraint></CreateBucketConfiguration>"
        );
        let body = if constraint.is_empty() {
            String::new()
        } else {
            document
        };
        let (status, body) = send(&stack, request, body).await;
        let code = body.split_once("<Code>").map_or("", |(_, rest)| rest);
        let text = code.split_once("</Message>").map_or("", |(text, _)| text);
        format!("{status} {}", text.replace("</Code><Message>", ": "))
    };
    const INVALID: &str =
        "400 InvalidLocationConstraint: The specified location-constraint is not valid";
    assert_eq!(create("us-east-1", "us-east-1").await, INVALID);
    assert_eq!(create("us-east-1", "foo").await, INVALID);
    for made in ["", "EU", "eu-west-1", "us-west-2"] {
        assert_eq!(create("us-east-1", made).await, "200 ", "{made}");
    }
    assert_eq!(create("eu-west-1", "EU").await, "200 ");
    for (constraint, name) in [
        ("", "unspecified"),
        ("bar", "bar"),
        ("us-west-2", "us-west-2"),
    ] {
        assert_eq!(
            create("eu-west-1", constraint).await,
            format!(
                "400 IllegalLocationConstraintException: The {name} location constraint is \
                 incompatible for the region specific endpoint this request was sent to."
            )
        );
    }
    let (_, body) = send(&stack, Request::get("/b-us-east-1-eu?location"), "").await;
    assert!(body.ends_with(">EU</LocationConstraint>"), "{body}");
}

#[tokio::test]
async fn every_list_header_is_one_header_or_many() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let get = || Request::get(format!("/{BUCKET}/k?attributes"));
    const NAME: &str = "x-amz-object-attributes";
    let expect = "<ETag>5d41402abc4b2a76b9719d911017c592</ETag><ObjectSize>5</ObjectSize><StorageClass>STANDARD</StorageClass></GetObjectAttributesResponse>";
    for request in [
        get().header(NAME, "ETag,ObjectSize,StorageClass"),
        get()
            .header(NAME, " ETag , ObjectSize")
            .header(NAME, "StorageClass"),
        get()
            .header(NAME, "ETag")
            .header(NAME, "ObjectSize")
            .header(NAME, "StorageClass"),
    ] {
        let (status, body) = send(&stack, request, "").await;
        assert_eq!(status, 200);
        assert!(body.ends_with(expect), "{body}");
    }
    let (status, _) = send(
        &stack,
        Request::get(format!("/{BUCKET}?list-type=2")).header(
            "x-amz-optional-object-attributes",
            "RestoreStatus,RestoreStatus",
        ),
        "",
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn attributes_tell_the_parts_with_their_checksums() {
    use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
    let stack = Stack::start().await;
    let client = &stack.client;
    let create = client.create_multipart_upload().bucket(BUCKET).key("k");
    let create = create.checksum_algorithm(ChecksumAlgorithm::Sha256);
    let id = create.send().await.unwrap().upload_id.unwrap();
    let mut list = CompletedMultipartUpload::builder();
    for (number, body) in [(1, vec![b'a'; 5 << 20]), (2, b"end".to_vec())] {
        let part = client.upload_part().bucket(BUCKET).key("k").upload_id(&id);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Sha256);
        let part = part
            .part_number(number)
            .body(body.into())
            .send()
            .await
            .unwrap();
        list = list.parts(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_sha256(part.checksum_sha256)
                .build(),
        );
    }
    let complete = client.complete_multipart_upload().bucket(BUCKET).key("k");
    let complete = complete.upload_id(&id).multipart_upload(list.build());
    let whole = complete.send().await.unwrap().checksum_sha256.unwrap();
    let attributes = client.get_object_attributes().bucket(BUCKET).key("k");
    let attributes = attributes
        .object_attributes(ObjectAttributes::Checksum)
        .object_attributes(ObjectAttributes::ObjectParts)
        .max_parts(1);
    let first = attributes.clone().send().await.unwrap();
    let sum = first.checksum().unwrap().checksum_sha256().unwrap();
    assert_eq!(format!("{sum}-2"), whole);
    let parts = first.object_parts().unwrap();
    assert_eq!(
        (
            parts.total_parts_count(),
            parts.is_truncated(),
            parts.next_part_number_marker()
        ),
        (Some(2), Some(true), Some("1"))
    );
    assert_eq!(parts.parts()[0].size(), Some(5 << 20));
    let next = attributes.part_number_marker("1").send().await.unwrap();
    let part = &next.object_parts().unwrap().parts()[0];
    assert_eq!((part.part_number(), part.size()), (Some(2), Some(3)));
    let sum = part.checksum_sha256().unwrap();
    let head = client.head_object().bucket(BUCKET).key("k").part_number(2);
    let head = head.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.checksum_sha256(), Some(sum));
    assert_eq!(
        (head.content_length(), head.parts_count()),
        (Some(3), Some(2))
    );
}

/// The user guide has it of carriage returns ("XML related object key constraints"); of the others,
/// S3's lists.
#[tokio::test]
async fn control_characters_in_keys_are_references_in_every_xml() {
    let stack = Stack::start().await;
    let key = "a\u{1}b\rc\u{1f}/d";
    let written = "a&#x1;b&#13;c&#x1f;/d";
    stack.put(key, "x").await;
    let upload = stack.client.create_multipart_upload();
    upload.bucket(BUCKET).key(key).send().await.unwrap();
    for query in ["", "list-type=2", "versions", "uploads"] {
        let (_, body) = send(&stack, Request::get(format!("/{BUCKET}?{query}")), "").await;
        assert!(
            body.contains(&format!("<Key>{written}</Key>")),
            "{query}: {body}"
        );
        let prefix = Request::get(format!("/{BUCKET}?{query}&delimiter=/"));
        let (_, body) = send(&stack, prefix, "").await;
        assert!(
            body.contains("<Prefix>a&#x1;b&#13;c&#x1f;/</Prefix>"),
            "{query}: {body}"
        );
    }
    let missing = Request::get(format!("/{BUCKET}/no%01%0D"));
    let (_, body) = send(&stack, missing, "").await;
    assert!(body.contains("<Key>no&#x1;&#13;</Key>"), "{body}");
    let delete = format!(
        "<Delete><Object><Key>{written}</Key></Object><Object><Key>&#128512;</Key></Object></Delete>"
    );
    let (status, body) = send(&stack, Request::post(format!("/{BUCKET}?delete")), delete).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body.contains(&format!("<Deleted><Key>{written}</Key></Deleted>")),
        "{body}"
    );
    assert_eq!(stack.keys().await, [""; 0]);
    // SDKs write some of them as they are.
    stack.put(key, "x").await;
    let object = ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder().objects(object).build().unwrap();
    let many = stack.client.delete_objects().bucket(BUCKET).delete(delete);
    assert_eq!(many.send().await.unwrap().deleted()[0].key(), Some(key));
    assert_eq!(stack.keys().await, [""; 0]);
}

#[tokio::test]
async fn an_endless_document_is_refused_and_not_an_error_of_the_store() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let mib = Bytes::from(vec![b' '; 1 << 20]);
    for request in [
        Request::put(format!("/{BUCKET}?versioning")),
        Request::put(format!("/{BUCKET}?notification")),
        Request::put("/another"),
        Request::put(format!("/{BUCKET}/k?tagging")),
        Request::post(format!("/{BUCKET}?delete")),
        Request::post(format!("/{BUCKET}/k?uploadId=u")),
    ] {
        let name = format!("{request:?}");
        let pieces = (0..21).map({
            let mib = mib.clone();
            move |_| Ok::<_, std::io::Error>(mib.clone())
        });
        let body = Body::from_stream(futures::stream::iter(pieces));
        assert_eq!(
            error(&stack, request, body).await,
            "400 MaxMessageLengthExceeded <Message>Your request was too big.</Message>",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_document_is_held_against_its_digests() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let delete = || Request::post(format!("/{BUCKET}?delete"));
    let body = "<Delete><Object><Key>k</Key></Object></Delete>";
    for (header, value, expect) in [
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "400 BadDigest "),
        ("x-amz-checksum-crc32", "AAAAAA==", "400 BadDigest "),
        ("content-md5", "x", "400 InvalidDigest "),
    ] {
        let error = error(&stack, delete().header(header, value), body).await;
        assert!(error.starts_with(expect), "{error}");
    }
    assert_eq!(stack.keys().await, ["k"]);
}

#[tokio::test]
async fn who_does_not_sign_does_not_choose_headers() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let get = || Request::get(format!("/{BUCKET}/k?response-content-type=text%2Fhtml"));
    assert_eq!(
        error(&stack, get(), "").await,
        "400 InvalidRequest <Message>Request specific response headers cannot be used for \
         anonymous GET requests.</Message>"
    );
    let signed = get().header(
        "authorization",
        "AWS4-HMAC-SHA256 \
                                                Credential=a/20260101/us-east-1/s3/aws4_request, \
                                                SignedHeaders=host, Signature=0",
    );
    let response = stack.s3.handle(signed.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/html");
}

#[tokio::test]
async fn a_url_that_expired_says_when() {
    let stack = Stack::start().await;
    let v4 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=2&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let expired = error(&stack, Request::get(format!("/{BUCKET}/k?{v4}")), "").await;
    assert!(
        expired.starts_with("403 AccessDenied <Message>Request has \
                             expired</Message><X-Amz-Expires>2</X-Amz-Expires><Expires>2026-01-01T00:00:02Z</Expires><ServerTime>"),
        "{expired}"
    );
    assert_eq!(
        error(
            &stack,
            Request::get(format!("/{BUCKET}/k?Signature=a&Expires=1")),
            ""
        )
        .await,
        "403 AccessDenied <Message>Query-string authentication requires the Signature, Expires \
         and AWSAccessKeyId parameters</Message>"
    );
}

/// Recorded: S3 answers in the encoding `Q` of RFC 2047, whatever came.
#[tokio::test]
async fn metadata_beyond_ascii_is_q_encoded() {
    let stack = Stack::start().await;
    let put = stack.client.put_object().bucket(BUCKET).key("k");
    put.metadata("m", "ÄMÄZÕÑ S3?").send().await.unwrap();
    let head = Request::head(format!("/{BUCKET}/k")).body(Body::empty());
    let head = stack.s3.handle(head.unwrap()).await;
    assert_eq!(
        head.headers()["x-amz-meta-m"],
        "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3=3F?="
    );
}

#[tokio::test]
async fn a_head_says_what_a_get_says() {
    let stack = Stack::start().await;
    let client = &stack.client;
    stack.put("k", "hello").await;
    let tag = Tag::builder().key("a").value("b").build().unwrap();
    let tags = Tagging::builder().tag_set(tag).build().unwrap();
    let put = client.put_object_tagging().bucket(BUCKET).key("k");
    put.tagging(tags).send().await.unwrap();
    let headers = async |method: &str, query: &str, range: Option<&str>| {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/{BUCKET}/k{query}"));
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let response = stack.s3.handle(request.body(Body::empty()).unwrap()).await;
        let status = response.status().as_u16();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .filter(|(name, _)| !name.as_str().ends_with("-id") && *name != "x-amz-id-2")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        response.into_body().collect().await.unwrap();
        (status, headers)
    };
    for (query, range, status) in [
        ("", None, 200),
        ("?partNumber=1", None, 206),
        ("", Some("bytes=1-2"), 206),
        ("", Some("bytes=-"), 200),
        ("", Some("bytes=2-1"), 200),
    ] {
        let get = headers("GET", query, range).await;
        assert_eq!(get.0, status, "{query} {range:?}");
        for header in [
            "x-amz-tagging-count: 1",
            "x-amz-server-side-encryption: AES256",
        ] {
            assert!(get.1.iter().any(|found| found == header), "{:?}", get.1);
        }
        assert_eq!(
            headers("HEAD", query, range).await,
            get,
            "{query} {range:?}"
        );
    }
}

#[tokio::test]
async fn every_answer_about_bytes_says_that_they_are_encrypted() {
    use aws_sdk_s3::types::ServerSideEncryption::Aes256;
    let stack = Stack::start().await;
    let client = &stack.client;
    let put = client.put_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(put.unwrap().server_side_encryption, Some(Aes256));
    let copy = client.copy_object().bucket(BUCKET).key("copy");
    let copy = copy.copy_source("photos/k").send().await.unwrap();
    assert_eq!(copy.server_side_encryption, Some(Aes256));
    assert_eq!(
        copy.copy_object_result
            .unwrap()
            .checksum_type
            .unwrap()
            .as_str(),
        "FULL_OBJECT"
    );
    let create = client.create_multipart_upload().bucket(BUCKET).key("m");
    let create = create.send().await.unwrap();
    assert_eq!(create.server_side_encryption, Some(Aes256));
    let part = client.upload_part().bucket(BUCKET).key("m").part_number(1);
    let part = part.set_upload_id(create.upload_id).send().await.unwrap();
    assert_eq!(part.server_side_encryption, Some(Aes256));
}

#[tokio::test]
async fn a_bucket_has_an_arn_and_a_region() {
    let stack = Stack::start().await;
    let client = &stack.client;
    let head = client.head_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(head.bucket_arn(), Some("arn:aws:s3:::photos"));
    let versioning = VersioningConfiguration::builder().build();
    let put = client.put_bucket_versioning().bucket(BUCKET);
    assert_eq!(
        refusal(put.versioning_configuration(versioning).send().await),
        "400 IllegalVersioningConfigurationException: The Versioning element must be specified"
    );
    let list = Request::get(format!("/{BUCKET}")).body(Body::empty());
    let list = stack.s3.handle(list.unwrap()).await;
    assert_eq!(list.headers()["x-amz-bucket-region"], "us-east-1");
}
