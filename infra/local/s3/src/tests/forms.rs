//! Browsers' form uploads, as AWS answered them (recorded) and as its guide to POST Object has
//! them.

use http::HeaderMap;
use http_body_util::BodyExt as _;

use super::*;
use service::virtual_host::to_path_style;

/// Posts the fields, then the file; gives status, headers and body of the answer.
async fn post(stack: &Stack, fields: &[(&str, &str)], file: &str) -> (u16, HeaderMap, String) {
    let mut form = String::new();
    for (name, value) in fields {
        form +=
            &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    form += &format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"{file}\"\r\nContent-Type: text/plain\r\nContent-Length: \
         5\r\n\r\nhello\r\n--b--\r\n"
    );
    let request = Request::post(format!("/{BUCKET}"))
        .header("host", "127.0.0.1:4566")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from(form))
        .unwrap();
    let (parts, body) = stack.s3.handle(request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    (parts.status.as_u16(), parts.headers, body)
}

#[tokio::test]
async fn a_form_takes_the_name_of_the_file() {
    let stack = Stack::start().await;
    let (status, headers, body) = post(&stack, &[("key", "up/${filename}")], "a b.txt").await;
    assert_eq!((status, body.as_str()), (204, ""));
    let expect = [
        ("location", "http://127.0.0.1:4566/photos/up/a%20b.txt"),
        ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
        ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-server-side-encryption", "AES256"),
    ];
    for (name, value) in expect {
        assert_eq!(headers[name], value);
    }
    assert_eq!(stack.get("up/a b.txt").await, "hello");
}

#[tokio::test]
async fn a_form_says_what_a_put_says() {
    let stack = Stack::start().await;
    let client = &stack.client;
    let tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>";
    let fields = [
        ("key", "k"),
        ("tagging", tagging),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-meta-m", "n"),
        ("x-amz-checksum-crc32", "NhCmhg=="),
    ];
    let (status, headers, _) = post(&stack, &fields, "f").await;
    assert_eq!(
        (status, headers["x-amz-checksum-crc32"].to_str().unwrap()),
        (204, "NhCmhg==")
    );
    let head = client.head_object().bucket(BUCKET).key("k").send().await;
    let head = head.unwrap();
    assert_eq!(head.storage_class().unwrap().as_str(), "STANDARD_IA");
    assert_eq!(head.metadata().unwrap()["m"], "n");
    assert_eq!(head.tag_count(), Some(2));
    for (field, value, expect) in [
        ("tagging", "not-xml", "400 MalformedXML"),
        (
            "x-amz-storage-class",
            "FakeClass",
            "400 InvalidStorageClass",
        ),
        ("x-amz-checksum-crc32", "AAAAAA==", "400 BadDigest"),
    ] {
        let (status, _, body) = post(&stack, &[("key", "no"), (field, value)], "f").await;
        let (_, rest) = body.split_once("<Code>").unwrap();
        let code = rest.split_once('<').unwrap().0;
        assert_eq!(format!("{status} {code}"), expect);
    }
    let other = post(&stack, &[("key", "other"), ("tagging", "<Other/>")], "f").await;
    assert_eq!(
        other.0, 204,
        "recorded: a document of another kind has no tags"
    );
    assert_eq!(stack.keys().await, ["k", "other"]);
}

#[tokio::test]
async fn a_form_chooses_its_answer() {
    let stack = Stack::start().await;
    let status = async |value| {
        let fields = [("key", "k"), ("success_action_status", value)];
        post(&stack, &fields, "f").await
    };
    let (created, headers, body) = status("201").await;
    assert_eq!(created, 201);
    let location = "http://127.0.0.1:4566/photos/k";
    assert_eq!(headers["location"], location);
    assert!(
        body.ends_with(&format!("<PostResponse><Location>{location}</Location><Bucket>photos</Bucket><Key>k</Key><ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></PostResponse>")),
        "{body}"
    );
    assert_eq!(status("200").await.0, 200);
    for ignored in ["204", "999", "nonsense", ""] {
        assert_eq!(status(ignored).await.0, 204, "{ignored:?}");
    }
    for (to, expect) in [
        (
            "https://example.com/done?x=1",
            Some(
                "https://example.com/done?x=1&bucket=photos&key=k&etag=%225d41402abc4b2a76b9719d911017c592%22",
            ),
        ),
        (
            "http://example.com",
            Some(
                "http://example.com?bucket=photos&key=k&etag=%225d41402abc4b2a76b9719d911017c592%22",
            ),
        ),
        ("/relative", None),
    ] {
        let fields = [("key", "k"), ("success_action_redirect", to)];
        let (status, headers, _) = post(&stack, &fields, "f").await;
        match expect {
            Some(expect) => assert_eq!(
                (status, headers["location"].to_str().unwrap()),
                (303, expect)
            ),
            None => assert_eq!(status, 204, "{to}"),
        }
    }
}

/// The bucket is part of the host, as in every endpoint on AWS.
#[tokio::test]
async fn a_location_has_the_bucket_where_the_request_has_it() {
    let stack = Stack::start().await;
    let form = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na \
                b\r\n--b\r\nContent-Disposition: form-data; \
                name=\"file\"\r\n\r\nhello\r\n--b--\r\n";
    let request = Request::post("/")
        .header("host", format!("{BUCKET}.localhost:4566"))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from(form))
        .unwrap();
    let response = stack.s3.handle(to_path_style(request)).await;
    assert_eq!(response.status(), 204);
    assert_eq!(
        response.headers()["location"],
        "http://photos.localhost:4566/a%20b"
    );
    assert_eq!(stack.get("a b").await, "hello");
}

/// The status, and code and members of an error.
fn error_text((status, _, body): (u16, HeaderMap, String)) -> String {
    let text = body.split_once("<Code>").map_or("", |(_, rest)| rest);
    let text = text.split_once("<RequestId>").map_or("", |(text, _)| text);
    format!("{status} {text}")
}

/// Recorded: `test_post_request_missing_signature` and `test_post_request_missing_fields` of
/// LocalStack's tests.
#[tokio::test]
async fn a_form_with_a_policy_has_all_fields_of_a_signature() {
    let stack = Stack::start().await;
    for (fields, expect) in [
        (
            &["x-amz-algorithm", "x-amz-credential", "x-amz-date"][..],
            "X-Amz-Signature",
        ),
        (&["x-amz-signature", "x-amz-date"], "X-Amz-Algorithm"),
        (&["AWSAccessKeyId"], "Signature"),
        (&["signature"], "AWSAccessKeyId"),
    ] {
        let fields = fields.iter().map(|name| (*name, "x"));
        let fields: Vec<_> = [("key", "k"), ("policy", "e30=")]
            .into_iter()
            .chain(fields)
            .collect();
        let text = format!(
            "Bucket POST must contain a field named '{expect}'.  If it is specified, please check \
             the order of the fields."
        );
        let response = error_text(post(&stack, &fields, "f").await);
        assert!(
            response.starts_with(&format!("400 \
                                           InvalidArgument</Code><Message>{text}</Message><ArgumentName>{expect}</ArgumentName>")),
            "{response}"
        );
    }
    let fields = [("key", "k"), ("policy", "e30=")];
    let denied = "403 AccessDenied</Code><Message>Access Denied</Message>";
    assert_eq!(error_text(post(&stack, &fields, "f").await), denied);
}

#[tokio::test]
async fn a_form_is_held_against_its_policy() {
    use base64::Engine as _;
    let stack = Stack::start().await;
    let refused = async |policy: &str, fields: &[(&str, &str)]| {
        let policy = base64::engine::general_purpose::STANDARD.encode(policy);
        let mut all = vec![
            ("policy", policy.as_str()),
            ("AWSAccessKeyId", "me"),
            ("signature", "x"),
        ];
        all.extend_from_slice(fields);
        error_text(post(&stack, &all, "f").await)
    };
    let policy = |conditions: &str| {
        format!(
            r#"{{"expiration":"2999-01-01T00:00:00Z","conditions":[{{"bucket":"photos"}},["starts-with","$key",""]{conditions}]}}"#
        )
    };
    let key = [("key", "k")];
    assert_eq!(refused(&policy(""), &key).await, "204 ");
    let redirect = [("key", "k"), ("success_action_redirect", "/relative")];
    let condition = r#",["eq","$success_action_redirect","/relative"]"#;
    assert_eq!(refused(&policy(condition), &redirect).await, "204 ");
    assert_eq!(
        refused(&policy(""), &[("key", "k"), ("acl", "private")]).await,
        "403 AccessDenied</Code><Message>Invalid according to Policy: Extra input fields: \
         acl</Message>"
    );
    assert_eq!(
        refused(&policy(r#",{"acl":"private"}"#), &key).await,
        "403 AccessDenied</Code><Message>Invalid according to Policy: Policy Condition failed: \
         [\"eq\", \"$acl\", \"private\"]</Message>"
    );
    assert_eq!(
        refused(&policy("").replace("2999", "1999"), &key).await,
        "403 AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message>"
    );
    assert_eq!(
        refused(&policy(r#",["content-length-range",1,4]"#), &key).await,
        "400 EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed \
         size</Message><ProposedSize>5</ProposedSize><MaxSizeAllowed>4</MaxSizeAllowed>"
    );
    assert_eq!(
        refused(&policy(r#",["content-length-range",6,9]"#), &key).await,
        "400 EntityTooSmall</Code><Message>Your proposed upload is smaller than the minimum \
         allowed size</Message><ProposedSize>5</ProposedSize><MinSizeAllowed>6</MinSizeAllowed>"
    );
    // Recorded: a number may be a text; a field is named with its `$`; an object has one property.
    let texts = r#",["content-length-range","5","10"]"#;
    assert_eq!(refused(&policy(texts), &key).await, "204 ");
    for (condition, shown) in [
        (
            r#",["content-length-range","test","10"]"#,
            r#"["content-length-range", "test", "10"]"#,
        ),
        (r#",["eq","key","k"]"#, r#"["eq", "key", "k"]"#),
        (
            r#",["starts-with","key",""]"#,
            r#"["starts-with", "key", ""]"#,
        ),
    ] {
        let expect = format!(
            "403 AccessDenied</Code><Message>Invalid according to Policy: Policy Condition \
             failed: {shown}</Message>"
        );
        assert_eq!(refused(&policy(condition), &key).await, expect);
    }
    assert_eq!(
        refused(&policy(r#",{"bucket":"photos","key":"k"}"#), &key).await,
        "400 InvalidPolicyDocument</Code><Message>Invalid Policy: Invalid Simple-Condition: \
         Simple-Conditions must have exactly one property specified.</Message>"
    );
    assert_eq!(
        refused(&policy(r#",["EQ","$KEY","k"]"#), &key).await,
        "204 "
    );
}
