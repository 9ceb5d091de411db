//! A stack that verifies, over its port: the AWS SDK as its client, and requests that were tampered
//! with.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier,
};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Builder;
use http::{Method, Request};
use service::signature::Key;
use sha2::{Digest as _, Sha256};

use super::{send, start_with};
use crate::stack::Stack;

const ID: &str = "test-key";
const SECRET: &str = "0f8fad5bd9cb469fa16570867728950e";
const BUCKET: &str = "photos";

fn key() -> Key {
    Key::new(ID, SECRET).unwrap()
}

/// Starts a stack that verifies, without a template.
async fn start(dir: &tempfile::TempDir) -> Stack {
    start_with(dir, |config| config.key = Some(key())).await
}

fn s3_with(stack: &Stack, id: &str, secret: &str, region: &'static str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(id, secret, None, None, "tests"))
        .region(Region::new(region))
        .endpoint_url(stack.url())
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(Builder::new().build_http())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

async fn with_bucket(stack: &Stack) -> aws_sdk_s3::Client {
    let s3 = s3_with(stack, ID, SECRET, "us-east-1");
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    s3
}

fn sfn_with(stack: &Stack, secret: &str, region: &'static str) -> aws_sdk_sfn::Client {
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version(aws_sdk_sfn::config::BehaviorVersion::latest())
        .credentials_provider(Credentials::new(ID, secret, None, None, "tests"))
        .region(aws_sdk_sfn::config::Region::new(region))
        .endpoint_url(stack.url())
        .retry_config(aws_sdk_sfn::config::retry::RetryConfig::disabled())
        .http_client(Builder::new().build_http())
        .build();
    aws_sdk_sfn::Client::from_conf(config)
}

/// `status code` of a refusal.
fn code<T: Debug, E: ProvideErrorMetadata + Debug>(
    outcome: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> String {
    let error = outcome.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    format!("{status} {}", error.code().unwrap_or("-"))
}

#[tokio::test]
async fn objects_go_in_and_out_by_every_way_of_the_sdk() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let s3 = with_bucket(&stack).await;

    let key = "a b/ü+~(1)//x.png";
    let put = s3.put_object().bucket(BUCKET).key(key);
    put.body(ByteStream::from_static(b"in memory"))
        .metadata("note", "two  spaces")
        .send()
        .await
        .unwrap();
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(&got.body.collect().await.unwrap().to_vec(), b"in memory");

    // A file is streamed, and its checksum follows it.
    let file = dir.path().join("file");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    std::fs::write(&file, &bytes).unwrap();
    let body = ByteStream::from_path(&file).await.unwrap();
    let put = s3.put_object().bucket(BUCKET).key("file").body(body);
    put.checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    let got = s3.get_object().bucket(BUCKET).key("file");
    let got = got.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(got.to_vec(), bytes);

    // Parts may be listed with checksums only where the upload was created with their algorithm, as
    // recorded on AWS.
    let upload = s3.create_multipart_upload().bucket(BUCKET).key("parts");
    let upload = upload.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let upload = upload.send().await.unwrap();
    let mut parts = Vec::new();
    for (number, length) in [(1, 5 << 20), (2, 3)] {
        let part = s3.upload_part().bucket(BUCKET).key("parts");
        let part = part.set_upload_id(upload.upload_id.clone());
        let part = part.part_number(number).body(vec![7; length].into());
        let done = part.send().await.unwrap();
        let part = CompletedPart::builder().part_number(number);
        let part = part
            .set_e_tag(done.e_tag)
            .set_checksum_crc32(done.checksum_crc32);
        parts.push(part.build());
    }
    let all = CompletedMultipartUpload::builder().set_parts(Some(parts));
    let complete = s3.complete_multipart_upload().bucket(BUCKET).key("parts");
    let complete = complete.set_upload_id(upload.upload_id);
    complete.multipart_upload(all.build()).send().await.unwrap();

    let listed = s3.list_objects_v2().bucket(BUCKET).prefix("a b/");
    assert_eq!(listed.send().await.unwrap().contents().len(), 1);
    let gone = ObjectIdentifier::builder().key(key).build().unwrap();
    let gone = Delete::builder().objects(gone).build().unwrap();
    let delete = s3.delete_objects().bucket(BUCKET).delete(gone);
    assert_eq!(delete.send().await.unwrap().deleted().len(), 1);
    stack.shut_down().await;
}

#[tokio::test]
async fn presigned_urls_of_the_sdk() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let s3 = with_bucket(&stack).await;
    let hour = || PresigningConfig::expires_in(Duration::from_secs(3600)).unwrap();
    let put = s3.put_object().bucket(BUCKET).key("a b").metadata("m", "1");
    let put = put.presigned(hour()).await.unwrap();
    let request = || {
        let mut request = Request::put(put.uri());
        for (name, value) in put.headers() {
            request = request.header(name, value);
        }
        request
    };
    let (status, message) = send(request().body(b"hello".to_vec()).unwrap()).await;
    assert_eq!((status, &*message), (200, ""));
    // A header that the signer did not know of.
    let more = request().header("x-amz-acl", "public-read");
    let (status, message) = send(more.body(b"hello".to_vec()).unwrap()).await;
    assert_eq!(status, 403);
    assert!(
        message.contains(
            "<Message>There were headers present in the request which were not \
                              signed: x-amz-acl</Message>"
        ),
        "{message}"
    );

    let get = s3.get_object().bucket(BUCKET).key("a b");
    let get = get.presigned(hour()).await.unwrap().uri().to_owned();
    let fetch = |url: String, method: Method| {
        send(
            Request::builder()
                .method(method)
                .uri(url)
                .body(vec![])
                .unwrap(),
        )
    };
    assert_eq!(
        fetch(get.clone(), Method::GET).await,
        (200, "hello".to_owned())
    );
    for (url, method) in [
        (get.clone(), Method::DELETE),
        (get.replace("/a%20b", "/other"), Method::GET),
        (get.replace("Expires=3600", "Expires=3601"), Method::GET),
    ] {
        let (status, message) = fetch(url, method).await;
        assert_eq!(status, 403, "{message}");
        assert!(
            message.contains("<Code>SignatureDoesNotMatch</Code>"),
            "{message}"
        );
    }
    stack.shut_down().await;
}

#[tokio::test]
async fn who_has_another_key_is_told_so_as_by_aws() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    with_bucket(&stack).await;
    let other = "another-secret-of-32-characters!";
    for (id, secret, region, expected) in [
        (ID, other, "us-east-1", "403 SignatureDoesNotMatch"),
        ("nobody", SECRET, "us-east-1", "403 InvalidAccessKeyId"),
        // What functions get where nothing is verified.
        (
            "ASIASCONESLOCAL00000",
            "local",
            "us-east-1",
            "403 SignatureDoesNotMatch",
        ),
        (ID, SECRET, "eu-west-1", "400 AuthorizationHeaderMalformed"),
    ] {
        let s3 = s3_with(&stack, id, secret, region);
        let listed = s3.list_objects_v2().bucket(BUCKET).send().await;
        assert_eq!(code(listed), expected, "{id} {region}");
    }
    let list = |secret, region| {
        let client = sfn_with(&stack, secret, region);
        async move { client.list_state_machines().send().await }
    };
    list(SECRET, "us-east-1").await.unwrap();
    assert_eq!(
        code(list(other, "us-east-1").await),
        "400 InvalidSignatureException"
    );
    assert_eq!(
        code(list(SECRET, "eu-west-1").await),
        "400 InvalidSignatureException"
    );
    stack.shut_down().await;
}

#[tokio::test]
async fn without_a_signature_nothing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    with_bucket(&stack).await;
    let json = r#"{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}"#;
    let door = r#"{"message":"Missing Authentication Token"}"#;
    for (method, path, target, status, expected) in [
        (
            "GET",
            "/",
            None,
            403,
            "<Code>AccessDenied</Code><Message>Access Denied</Message>",
        ),
        ("GET", "/photos", None, 403, "<Code>AccessDenied</Code>"),
        ("PUT", "/photos/k", None, 403, "<Code>AccessDenied</Code>"),
        (
            "GET",
            "/photos?AWSAccessKeyId=a&Signature=b&Expires=9999999999",
            None,
            400,
            "Please use AWS4-HMAC-SHA256",
        ),
        (
            "POST",
            "/",
            Some("AWSStepFunctions.ListStateMachines"),
            400,
            json,
        ),
        ("POST", "/", Some("SageMaker.ListModels"), 400, json),
        ("POST", "/", Some("DynamoDB_20120810.ListTables"), 400, json),
        (
            "POST",
            "/2015-03-31/functions/f/invocations",
            None,
            403,
            json,
        ),
        ("POST", "/endpoints/e/invocations", None, 403, json),
        (
            "POST",
            "/_aws/execute-api/FrontDoor/v1/classify",
            None,
            403,
            door,
        ),
        ("GET", "/_scones/stack", None, 403, json),
        ("POST", "/_scones/gc?older_than=0", None, 403, json),
    ] {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", stack.url()));
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let (found, message) = send(request.body(vec![]).unwrap()).await;
        assert_eq!(found, status, "{path}: {message}");
        assert!(message.contains(expected), "{path}: {message}");
    }
    // A browser's form, whose policy is signed within it.
    let form = Request::post(format!("{}/{BUCKET}", stack.url()))
        .header("content-type", "multipart/form-data; boundary=x");
    let (status, _) = send(form.body(b"--x--".to_vec()).unwrap()).await;
    assert_eq!(status, 403);
    stack.shut_down().await;
}

/// Returns `request` as the SDK would sign it.
fn sign(
    request: Request<Vec<u8>>,
    service: &str,
    signed_at: SystemTime,
    settings: SigningSettings,
) -> Request<Vec<u8>> {
    let body = request.body().clone();
    sign_body(
        request,
        service,
        signed_at,
        settings,
        SignableBody::Bytes(&body),
    )
    .0
}

/// Returns `request` as the SDK would sign it if its body were `body`, and the signature.
fn sign_body(
    mut request: Request<Vec<u8>>,
    service: &str,
    signed_at: SystemTime,
    settings: SigningSettings,
    body: SignableBody<'_>,
) -> (Request<Vec<u8>>, String) {
    let identity = Credentials::new(ID, SECRET, None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(signed_at)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    let signable = SignableRequest::new(method, uri, headers, body).unwrap();
    let signed = aws_sigv4::http_request::sign(signable, &parameters).unwrap();
    let (instructions, signature) = signed.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    (request, signature)
}

/// A request of the JSON protocol.
fn list_machines(stack: &Stack, service: &str, signed_at: SystemTime) -> Request<Vec<u8>> {
    let request = Request::post(format!("{}/", stack.url()))
        .header("x-amz-target", "AWSStepFunctions.ListStateMachines")
        .header("content-type", "application/x-amz-json-1.0")
        .body(br#"{"maxResults":10}"#.to_vec())
        .unwrap();
    sign(request, service, signed_at, SigningSettings::default())
}

/// An upload whose body's hash is signed.
fn put_hashed(stack: &Stack, body: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::put(format!("{}/{BUCKET}/k", stack.url()));
    let request = request.body(body).unwrap();
    sign(request, "s3", SystemTime::now(), settings_of_s3())
}

fn settings_of_s3() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings
}

#[tokio::test]
async fn what_was_tampered_with_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let now = SystemTime::now();
    let signed = || list_machines(&stack, "states", now);
    assert_eq!(
        send(signed()).await,
        (200, r#"{"stateMachines":[]}"#.to_owned())
    );

    let mut body = signed();
    body.body_mut()[15] = b'9';
    let mut header = signed();
    let create = "AWSStepFunctions.CreateActivity".parse().unwrap();
    header.headers_mut().insert("x-amz-target", create);
    let mut more = signed();
    let token = "x".parse().unwrap();
    more.headers_mut().insert("x-amz-security-token", token);
    let mut path = signed();
    *path.uri_mut() = format!("{}/x", stack.url()).parse().unwrap();
    let mut scope = signed();
    let to_s3 = scope.headers()["authorization"].to_str().unwrap();
    let to_s3 = to_s3.replace("/states/", "/sagemaker/").parse().unwrap();
    scope.headers_mut().insert("authorization", to_s3);
    let quarter = Duration::from_secs(16 * 60);
    let cases = [
        (body, "The request signature we calculated does not match"),
        (header, "The request signature we calculated does not match"),
        (more, "which were not signed: x-amz-security-token"),
        (path, "The request signature we calculated does not match"),
        (scope, "The request signature we calculated does not match"),
        (
            list_machines(&stack, "states", now - quarter),
            "Signature expired: ",
        ),
        (
            list_machines(&stack, "states", now + quarter),
            "Signature not yet current: ",
        ),
    ];
    for (request, expected) in cases {
        let (status, message) = send(request).await;
        assert_eq!(status, 400, "{message}");
        assert!(
            message.contains("\"__type\":\"InvalidSignatureException\""),
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    }
    // Another service's signature opens no front door, and not the stack's own.
    for path in ["/_scones/stack", "/_aws/execute-api/D/v1/x"] {
        let mut request = signed();
        *request.uri_mut() = format!("{}{path}", stack.url()).parse().unwrap();
        let (_, message) = send(request).await;
        assert!(
            message.contains("Credential should be scoped to correct service"),
            "{message}"
        );
    }
    stack.shut_down().await;
}

#[tokio::test]
async fn an_object_that_was_changed_on_the_way_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let s3 = with_bucket(&stack).await;
    for (length, flip) in [(1, 0), (200_000, 150_000), (200_000, 199_999)] {
        let mut put = put_hashed(&stack, vec![b'a'; length]);
        put.body_mut()[flip] ^= 1;
        let (status, message) = send(put).await;
        assert_eq!(status, 400, "{message}");
        assert!(
            message.contains("<Code>XAmzContentSHA256Mismatch</Code>"),
            "{message}"
        );
        let got = s3.get_object().bucket(BUCKET).key("k").send().await;
        assert_eq!(code(got), "404 NoSuchKey");
    }
    let (status, message) = send(put_hashed(&stack, vec![b'a'; 200_000])).await;
    assert_eq!((status, &*message), (200, ""));
    stack.shut_down().await;
}

#[tokio::test]
async fn chunks_are_verified_before_an_object_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let s3 = with_bucket(&stack).await;
    for (tampered, expected) in [(false, 200), (true, 403)] {
        let (status, message) = send(in_chunks(&stack, tampered)).await;
        assert_eq!(status, expected, "{message}");
        let got = s3.get_object().bucket(BUCKET).key("chunks").send().await;
        let got = got.unwrap().body.collect().await.unwrap();
        // What was there stays.
        assert_eq!(got.to_vec(), b"first chunk, second chunk");
    }
    stack.shut_down().await;
}

/// Returns an upload in two signed chunks, as the documentation says; or with a bit of the second
/// one changed.
fn in_chunks(stack: &Stack, tampered: bool) -> Request<Vec<u8>> {
    let now = SystemTime::now();
    let request = Request::put(format!("{}/{BUCKET}/chunks", stack.url()))
        .header("x-amz-decoded-content-length", "25")
        .header("content-encoding", "aws-chunked");
    let body = SignableBody::Precomputed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD".into());
    let request = request.body(Vec::new()).unwrap();
    let (mut request, mut previous) = sign_body(request, "s3", now, settings_of_s3(), body);
    let at = request.headers()["x-amz-date"].to_str().unwrap().to_owned();
    let key = v4::generate_signing_key(SECRET, now, "us-east-1", "s3");
    let sha256 = |data: &str| hex::encode(Sha256::digest(data));
    let mut body = Vec::new();
    for data in ["first chunk, ", "second chunk", ""] {
        let scope = format!("{}/us-east-1/s3/aws4_request", &at[..8]);
        let hashes = format!("{}\n{}", sha256(""), sha256(data));
        let text = format!("AWS4-HMAC-SHA256-PAYLOAD\n{at}\n{scope}\n{previous}\n{hashes}");
        previous = v4::calculate_signature(&key, text.as_bytes());
        let head = format!("{:x};chunk-signature={previous}\r\n", data.len());
        body.extend([head.as_bytes(), data.as_bytes(), b"\r\n"].concat());
    }
    if tampered {
        let at = body.windows(6).position(|word| word == b"second").unwrap();
        body[at] = b'S';
    }
    *request.body_mut() = body;
    request
}

#[tokio::test]
async fn the_stack_is_asked_about_itself_with_its_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start(&dir).await;
    let url = stack.url().to_owned();
    let data_dir = stack.data_dir().to_owned();
    let answers = tokio::task::spawn_blocking(move || {
        let other = Key::new(ID, "another-secret-of-32-characters!").unwrap();
        let check = |key| crate::check_key(&url, key).map_err(|refused| refused.to_string());
        let gc = |key| crate::gc(&data_dir, Duration::ZERO, key).map_err(|error| error.to_string());
        let verdicts = [check(Some(&key())), check(None), check(Some(&other))];
        (verdicts, gc(Some(&key())), gc(None))
    });
    let ([right, none, wrong], swept, refused) = answers.await.unwrap();
    right.unwrap();
    swept.unwrap();
    let url = stack.url();
    let without = format!(
        "the stack at {url} verifies signatures: set SCONES_ACCESS_KEY_ID and \
         SCONES_SECRET_ACCESS_KEY to its key"
    );
    assert_eq!(none.unwrap_err(), without);
    assert_eq!(refused.unwrap_err(), without);
    let wrong = wrong.unwrap_err();
    assert!(
        wrong.contains(
            "does not take the key in SCONES_ACCESS_KEY_ID and \
                            SCONES_SECRET_ACCESS_KEY: InvalidSignatureException: "
        ),
        "{wrong}"
    );
    // A second stack learns which stack has the port.
    let address = url.trim_start_matches("http://").parse().unwrap();
    let error = crate::listen::bind(address, Some(&key()))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is held by the stack that runs as process"),
        "{error}"
    );
    stack.shut_down().await;
}
