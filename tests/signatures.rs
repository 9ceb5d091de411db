//! A stack with a key: whoever signs with it gets everything, and nobody else anything.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use serde_json::{Value, json};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, SCONES, Stack};

const KEY: (&str, &str) = ("test-key", "0f8fad5bd9cb469fa16570867728950e");
const OTHER: (&str, &str) = ("test-key", "another-secret-of-32-characters!");

fn verifying() -> Options<'static> {
    Options {
        key: Some(KEY),
        // No answer of a classifier of two classes is below it.
        parameters: &[("ConfidenceThreshold", "0.5")],
        ..Options::default()
    }
}

/// Signs as the SDK does, and sends: status and body.
async fn post(service: &'static str, url: String, body: Vec<u8>) -> (u16, Value) {
    let signed = move || {
        let identity = Credentials::new(KEY.0, KEY.1, None, None, "test").into();
        let parameters = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let bytes = SignableBody::Bytes(&body);
        let signable = SignableRequest::new("POST", &url, std::iter::empty(), bytes).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut request = agent.post(&url);
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        let mut response = request.send(&body).unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        let json = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
        (response.status().as_u16(), json)
    };
    tokio::task::spawn_blocking(signed).await.unwrap()
}

/// Uploaded with the key, started by the function's own key, and classified with it.
#[tokio::test]
async fn the_whole_workflow_runs_on_signed_requests() {
    let stack = Stack::with_model_and(&verifying());
    let clients = Clients::with_key(&stack, KEY).await;
    let image = clients.test_image().await;
    let bytes = clients.get(&image).await;
    let ended = clients.run(&image).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");

    clients.put("incoming/uploaded.png", bytes.clone()).await;
    let arn = clients.first_execution_of("incoming/uploaded.png").await;
    let ended = clients.wait(&arn).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");

    let object = clients
        .runtime
        .invoke_endpoint()
        .endpoint_name("scones-classifier")
        .content_type("application/x-image")
        .body(bytes.clone().into());
    assert!(object.send().await.unwrap().body.is_some());

    let door = format!("{}/_aws/execute-api/FrontDoor/v1/classify", stack.url);
    let (status, response) = post("execute-api", door, bytes).await;
    assert_eq!(status, 200, "{response}");
    assert!(response["label"].is_string(), "{response}");

    let path = "2015-03-31/functions/filter-inferences/invocations";
    let event = json!({"inferences": [1.0, 0.0], "s3_bucket": "b", "s3_key": "k"});
    let url = format!("{}/{path}", stack.url);
    let (status, response) = post("lambda", url, event.to_string().into()).await;
    assert_eq!(
        (status, &response["s3_key"]),
        (200, &"k".into()),
        "{response}"
    );

    // Objects, captured data, histories, logs, the functions' environments: nothing of it was
    // written down.
    let (data_dir, _kept) = stack.stop();
    let holding = files_with(&data_dir, KEY.1.as_bytes());
    assert!(holding.is_empty(), "the secret is in {holding:?}");
    let known = files_with(&data_dir, b"incoming/uploaded.png");
    assert!(!known.is_empty(), "what was written is looked at");
}

/// The files below a folder that hold these bytes.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            let holds = content.windows(bytes.len()).any(|window| window == bytes);
            found.extend(holds.then_some(path));
        }
    }
    found
}

fn scones(arguments: &[&str], key: Option<(&str, &str)>) -> Output {
    let mut command = Command::new(SCONES);
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("AWS_ENDPOINT_URL")
        .env_remove("SCONES_ACCESS_KEY_ID")
        .env_remove("SCONES_SECRET_ACCESS_KEY");
    if let Some((id, secret)) = key {
        command
            .env("SCONES_ACCESS_KEY_ID", id)
            .env("SCONES_SECRET_ACCESS_KEY", secret);
    }
    command.stdin(Stdio::null()).output().unwrap()
}

fn output_text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

#[tokio::test]
async fn the_commands_need_the_key() {
    let stack = Stack::with_model_and(&verifying());
    let clients = Clients::with_key(&stack, KEY).await;
    let image = clients.test_image().await;
    let dir = tempfile::tempdir().unwrap();
    let payload = dir.path().join("payload.json");
    let input = json!({"image_data": "", "s3_bucket": BUCKET, "s3_key": image});
    std::fs::write(&payload, input.to_string()).unwrap();
    let data_dir = stack.data_dir.to_str().unwrap();
    let images = format!("s3://{BUCKET}/test/");
    let verbs: [&[&str]; 4] = [
        &["run", "--input", payload.to_str().unwrap()],
        &["batch", &images],
        &["doctor"],
        &["gc"],
    ];
    for verb in verbs {
        let all = [verb, &["--data-dir", data_dir]].concat();
        let right = scones(&all, Some(KEY));
        assert!(right.status.success(), "{verb:?}: {}", output_text(&right));
        for (key, expected) in [
            (
                None,
                "verifies signatures: set SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY to \
                 its key",
            ),
            (
                Some(OTHER),
                "does not take the key in SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY: \
                 InvalidSignatureException",
            ),
        ] {
            let refused = scones(&all, key);
            assert!(!refused.status.success(), "{verb:?}");
            let response = output_text(&refused);
            assert!(response.contains(expected), "{verb:?}: {response}");
        }
    }
}

#[test]
fn an_address_that_others_can_reach_needs_a_key_that_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let up = [
        "up",
        "--listen=0.0.0.0",
        "--port=0",
        "--empty",
        "--no-console",
        "--data-dir",
        dir.path().to_str().unwrap(),
    ];
    for (key, expected) in [
        (
            None,
            "0.0.0.0:0 can be reached from other machines, and whoever reaches a stack without a \
             key",
        ),
        (
            Some(("me", "secret")),
            "the secret access key is too weak: it must have at least 16 characters",
        ),
        (Some(("", KEY.1)), "the access key id must be 1 to 128"),
    ] {
        let refused = scones(&up, key);
        assert!(!refused.status.success());
        let response = output_text(&refused);
        assert!(response.contains(expected), "{response}");
    }
}

/// Whoever knows the key's id could make the stack hold as many bodies as it liked: 60 of them took
/// a gigabyte.
#[test]
fn bodies_that_are_not_verified_take_no_memory() {
    const BODY: usize = 8 << 20;
    let dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(
        dir.path(),
        &Options {
            empty: true,
            key: Some(KEY),
            ..Options::default()
        },
    );
    let before = resident(stack.pid());
    let piece = vec![b'a'; 1 << 20];
    let mut held = Vec::new();
    for _ in 0..12 {
        let mut stream = begin(&stack, KEY.0, BODY + 1);
        for _ in 0..BODY / piece.len() {
            stream.write_all(&piece).unwrap();
        }
        held.push(stream);
    }
    let grown = resident(stack.pid()).saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes");
    // With its last byte, a signature is looked at.
    for mut stream in held {
        stream.write_all(b"a").unwrap();
        let response = read_response(&mut stream);
        assert!(response.contains("InvalidSignatureException"), "{response}");
    }
    // What the head tells is not waited for.
    let response = read_response(&mut begin(&stack, "another-id", BODY));
    assert!(
        response.contains("UnrecognizedClientException"),
        "{response}"
    );
    let response = read_response(&mut begin(&stack, KEY.0, (16 << 20) + 1));
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
}

/// The head of a request with a wrong signature.
fn begin(stack: &Stack, id: &str, length: usize) -> TcpStream {
    let host = stack.url.strip_prefix("http://").unwrap();
    let at = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let (day, signature) = (&at[..8], "0".repeat(64));
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Date: {at}\r\nContent-Length: \
         {length}\r\nConnection: close\r\nX-Amz-Target: \
         AWSStepFunctions.ListStateMachines\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential={id}/{day}/us-east-1/states/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn read_response(stream: &mut TcpStream) -> String {
    let mut response = Vec::new();
    // The connection may break after the answer, since nobody reads the body.
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

/// The bytes of memory that a process holds.
fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<usize>().unwrap() << 10
}

/// On all addresses: its own functions and commands reach it over loopback.
#[tokio::test]
async fn a_stack_on_all_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(
        dir.path(),
        &Options {
            listen: Some("0.0.0.0"),
            ..verifying()
        },
    );
    assert!(stack.url.starts_with("http://127.0.0.1:"), "{}", stack.url);
    let clients = Clients::with_key(&stack, KEY).await;
    clients.put("k", *b"v").await;
    assert_eq!(clients.get("k").await, b"v");
    let unsigned = tokio::task::spawn_blocking({
        let url = format!("{}/{BUCKET}/k", stack.url);
        move || ureq::get(&url).call().unwrap_err().to_string()
    });
    assert!(unsigned.await.unwrap().contains("403"));
}
