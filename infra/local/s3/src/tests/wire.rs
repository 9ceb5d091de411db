//! Requests as other clients send them: presigned, in signed chunks, from a browser's form,
//! unsigned.

use http::HeaderMap;
use http_body_util::BodyExt as _;

use super::*;

/// Status and body of the answer.
pub(super) async fn send(
    stack: &Stack,
    request: http::request::Builder,
    body: impl Into<Body>,
) -> (u16, String) {
    let response = stack.s3.handle(request.body(body.into()).unwrap()).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn query(date: jiff::Timestamp, seconds: u32) -> String {
    let date = date.strftime("%Y%m%dT%H%M%SZ");
    format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )
}

#[tokio::test]
async fn presigned_urls_work_until_they_expire() {
    let stack = Stack::start().await;
    let now = jiff::Timestamp::now();
    let hour_ago = now - jiff::SignedDuration::from_hours(1);
    let path = format!("/{BUCKET}/k");
    let put = Request::put(format!(
        "{path}?{}&x-amz-meta-a=1%202&x-id=PutObject",
        query(now, 60)
    ));
    assert_eq!(send(&stack, put, "hello").await.0, 200);
    let head = stack
        .client
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.metadata().unwrap()["a"], "1 2");
    let get = |query: String| Request::get(format!("{path}?{query}"));
    assert_eq!(
        send(&stack, get(query(now, 60)), "").await,
        (200, "hello".into())
    );
    assert_eq!(send(&stack, get(query(hour_ago, 3601)), "").await.0, 200);
    for expired in [
        query(hour_ago, 3599),
        "AWSAccessKeyId=a&Signature=b&Expires=1000".into(),
    ] {
        let (status, body) = send(&stack, get(expired), "").await;
        assert_eq!(status, 403);
        assert!(
            body.contains("<Code>AccessDenied</Code><Message>Request has expired</Message>"),
            "{body}"
        );
    }
    let (status, body) = send(&stack, get(query(now, 604_801)), "").await;
    assert_eq!(status, 400);
    assert!(
        body.contains("<Code>AuthorizationQueryParametersError</Code>"),
        "{body}"
    );
}

#[tokio::test]
async fn signed_chunks_are_decoded() {
    let stack = Stack::start().await;
    let put = || {
        Request::put(format!("/{BUCKET}/k"))
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 \
                                      Credential=a/20260101/us-east-1/s3/aws4_request, \
                                      SignedHeaders=host, Signature=00",
            )
            .header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
            .header("x-amz-decoded-content-length", "5")
            .header("content-encoding", "aws-chunked,gzip")
    };
    let body = "5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n";
    assert_eq!(send(&stack, put(), body).await, (200, String::new()));
    assert_eq!(stack.get("k").await, "hello");
    let head = stack
        .client
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_encoding(), head.content_length()),
        (Some("gzip"), Some(5))
    );

    let cases = [
        ("5\r\nhel", "IncompleteBody"),
        ("4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"),
        ("x\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (
            "5\r\nHELLO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
            "BadDigest",
        ),
        (
            "5\r\nHELLO\r\n0\r\nx-amz-checksum-crc32:nonsense\r\n\r\n",
            "InvalidRequest",
        ),
    ];
    for (body, code) in cases {
        let put = put().header("x-amz-trailer", "x-amz-checksum-crc32");
        let (status, answer) = send(&stack, put, body).await;
        assert_eq!(status, 400, "{body:?}");
        assert!(
            answer.contains(&format!("<Code>{code}</Code>")),
            "{body:?}: {answer}"
        );
    }
    assert_eq!(stack.get("k").await, "hello");
    assert_eq!(stack.files(), 1);
}

#[tokio::test]
async fn a_signed_form_is_an_upload() {
    let stack = Stack::start().await;
    use base64::Engine as _;
    let policy = r#"{"expiration":"2999-01-01T00:00:00Z","conditions":[{"bucket":"photos"},["starts-with","$key","up/"],{"x-amz-algorithm":"AWS4-HMAC-SHA256"},["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""]]}"#;
    let policy = base64::engine::general_purpose::STANDARD.encode(policy);
    let form = |key: &str| {
        let fields = [
            ("key", key),
            ("policy", &policy),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", "me"),
            ("x-amz-date", "20260101T000000Z"),
            ("x-amz-signature", "00"),
        ];
        let mut form = String::new();
        for (name, value) in fields {
            form += &format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        form + "--b\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"f\"\r\n\r\nhello\r\n--b--\r\n"
    };
    let post = || {
        Request::post(format!("/{BUCKET}"))
            .header("content-type", "multipart/form-data; boundary=b")
    };
    assert_eq!(
        send(&stack, post(), form("up/k")).await,
        (204, String::new())
    );
    assert_eq!(stack.get("up/k").await, "hello");
    let (status, body) = send(&stack, post(), form("elsewhere/k")).await;
    assert_eq!(status, 403, "{body}");
    assert!(
        body.contains(
            "<Code>AccessDenied</Code><Message>Invalid according to Policy: Policy \
                       Condition failed: [\"starts-with\", \"$key\", \"up/\"]</Message>"
        ),
        "{body}"
    );
    assert_eq!(stack.keys().await, ["up/k"]);
}

#[tokio::test]
async fn a_location_is_bare_xml() {
    let stack = Stack::start().await;
    let (status, body) = send(&stack, Request::get(format!("/{BUCKET}?location")), "").await;
    assert_eq!(status, 200);
    assert!(body.contains("<LocationConstraint"), "{body}");
}

#[tokio::test]
async fn a_list_can_be_url_encoded() {
    let stack = Stack::start().await;
    stack.put("a b+ü/\u{1}", "").await;
    let get = Request::get(format!("/{BUCKET}?list-type=2&encoding-type=url"));
    let (_, body) = send(&stack, get, "").await;
    assert!(body.contains("<Key>a+b%2B%C3%BC/%01</Key>"), "{body}");
    let (status, body) = send(
        &stack,
        Request::get(format!("/{BUCKET}?encoding-type=base64")),
        "",
    )
    .await;
    assert_eq!(status, 400);
    assert!(
        body.contains("<Message>Invalid Encoding Method specified in Request</Message>"),
        "{body}"
    );
}

#[test]
fn signatures_and_chunking_leave_the_headers() {
    let check = |encoding: &str, sha256: &str, chunked: bool, left: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", encoding.parse().unwrap());
        headers.insert("x-amz-content-sha256", sha256.parse().unwrap());
        assert_eq!(
            admit::take_chunked(&mut headers),
            chunked,
            "{encoding} {sha256}"
        );
        let encoding = headers
            .get("content-encoding")
            .map(|value| value.to_str().unwrap());
        assert_eq!(encoding, left);
        assert!(!headers.contains_key("x-amz-content-sha256"));
    };
    check("gzip", "UNSIGNED-PAYLOAD", false, Some("gzip"));
    check(
        "gzip",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        true,
        Some("gzip"),
    );
    check(
        "aws-chunked",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        true,
        None,
    );
    check("aws-chunked", "UNSIGNED-PAYLOAD", true, None);
    check(
        "gzip, aws-chunked",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        true,
        Some("gzip"),
    );
}
