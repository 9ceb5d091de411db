//! The `scones` command, as one types it.

use std::process::{Command, Output, Stdio};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{SCONES, Stack};

fn scones(arguments: &[&str]) -> Output {
    let mut command = Command::new(SCONES);
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("AWS_ENDPOINT_URL");
    command.stdin(Stdio::null()).output().unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = scones(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_second_stack_on_the_same_data_directory_says_who_holds_it() {
    let stack = Stack::with_model();
    let told = refused(&[
        "up",
        "--port=0",
        "--data-dir",
        stack.data_dir.to_str().unwrap(),
    ]);
    let holder = format!(
        "is held by the stack that runs as process {} at {}",
        stack.pid(),
        stack.url
    );
    assert!(told.contains(&holder), "{told}");
}

#[test]
fn a_second_stack_on_the_same_port_says_who_holds_it() {
    let stack = Stack::with_model();
    let dir = tempfile::tempdir().unwrap();
    let port = stack.url.rsplit(':').next().unwrap();
    let told = refused(&[
        "up",
        "--port",
        port,
        "--data-dir",
        dir.path().to_str().unwrap(),
    ]);
    let holder = format!(
        "127.0.0.1:{port} is held by the stack that runs as process {}; use that one",
        stack.pid()
    );
    assert!(told.contains(&holder), "{told}");
}

#[test]
fn a_template_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let told = refused(&[
        "up",
        "--port=0",
        "--template=nowhere.yaml",
        "--data-dir",
        dir.path().to_str().unwrap(),
    ]);
    assert!(told.contains("nowhere.yaml"), "{told}");
}

#[tokio::test]
async fn run_starts_an_execution_and_prints_its_end() {
    let stack = Stack::with_model();
    let key = Clients::of(&stack).await.test_image().await;
    let input = stack.data_dir.join("input.json");
    let run = |threshold: f64| {
        let payload = serde_json::json!({ "s3_bucket": BUCKET, "s3_key": key, "image_data": "", "threshold": threshold });
        std::fs::write(&input, payload.to_string()).unwrap();
        scones(&[
            "run",
            "--input",
            input.to_str().unwrap(),
            "--data-dir",
            stack.data_dir.to_str().unwrap(),
        ])
    };
    let passed = run(0.5);
    let printed: serde_json::Value = serde_json::from_slice(&passed.stdout).unwrap();
    assert_eq!(printed["status"], "SUCCEEDED");
    assert_eq!(printed["output"]["s3_key"], key);
    assert_eq!(passed.status.code(), Some(0));
    let doubtful = run(1.0);
    let printed: serde_json::Value = serde_json::from_slice(&doubtful.stdout).unwrap();
    assert_eq!(printed["error"], "ThresholdConfidenceNotMet");
    assert_eq!(doubtful.status.code(), Some(2));
}

#[test]
fn run_without_a_stack_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("input.json");
    std::fs::write(&input, "{}").unwrap();
    let told = refused(&[
        "run",
        "--input",
        input.to_str().unwrap(),
        "--data-dir",
        dir.path().to_str().unwrap(),
    ]);
    assert!(
        told.contains("no stack runs on") && told.contains("`scones up`"),
        "{told}"
    );
    std::fs::write(&input, "{").unwrap();
    let told = refused(&[
        "run",
        "--input",
        input.to_str().unwrap(),
        "--data-dir",
        dir.path().to_str().unwrap(),
    ]);
    assert!(
        told.contains("input.json is not JSON") && told.contains("line 1 column 1"),
        "{told}"
    );
}

#[tokio::test]
async fn logs_shows_what_a_function_logged() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    clients.run(&key).await;
    let logs = scones(&[
        "logs",
        "serialize-image",
        "--data-dir",
        stack.data_dir.to_str().unwrap(),
    ]);
    let logs = String::from_utf8(logs.stdout).unwrap();
    assert!(
        logs.contains("START RequestId: ") && logs.contains("REPORT RequestId: "),
        "{logs}"
    );
    assert!(logs.contains(&key), "{logs}");
    let told = refused(&[
        "logs",
        "no-such-function",
        "--data-dir",
        stack.data_dir.to_str().unwrap(),
    ]);
    assert!(told.contains("no-such-function"), "{told}");
}
