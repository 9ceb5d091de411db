//! Tests that failures are reported as AWS reports them: of the endpoint, of a Lambda that crashes,
//! and of one that hangs.

use std::path::{Path, PathBuf};

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use serde_json::Value;

use crate::support::clients::Clients;
use crate::support::{Options, Stack, processes};

/// The project's template with a change, beside the original so that its relative paths hold.
fn template(name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra");
    let mut text = std::fs::read_to_string(infra.join("template.yaml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the template has {from:?}");
        text = text.replace(from, to);
    }
    let definitions = infra.join("../statemachine").canonicalize().unwrap();
    text = text.replace("../statemachine", definitions.to_str().unwrap());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    file
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_retried_and_then_named() {
    // A stack without the model: the endpoint never comes into service. One retry is enough to see
    // it.
    let dir = tempfile::tempdir().unwrap();
    let definition = include_str!("../statemachine/classify.asl.json");
    let definition = definition.replace("\"MaxAttempts\": 20", "\"MaxAttempts\": 1");
    let file = dir.path().join("classify.asl.json");
    std::fs::write(&file, definition).unwrap();
    let file = file.display().to_string();
    let template = template("down.yaml", &[("../statemachine/classify.asl.json", &file)]);
    let stack = Stack::on(
        dir.path(),
        &Options {
            template: Some(template),
            ..Options::default()
        },
    );
    let clients = Clients::of(&stack).await;
    clients.put("test/x.png", picture()).await;
    let execution = clients.run("test/x.png").await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("EndpointUnavailable"),
        "{:?}",
        execution.cause
    );
    let cause = execution.cause.unwrap();
    assert!(
        cause.contains("scones-classifier") && cause.contains("test/x.png"),
        "{cause}"
    );
    let history = clients.history(&execution.execution_arn).await;
    let failures = history
        .iter()
        .filter(|event| event.r#type == HistoryEventType::TaskFailed)
        .count();
    assert_eq!(failures, 2, "one attempt and one retry");
}

/// A small PNG; no model looks at it.
fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(32, 32, image::Rgb([90, 120, 30]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_lambda_that_hangs_is_seen_as_aws_would_report_it() {
    let template = template(
        "hangs.yaml",
        &[(
            "Description: The gate, which",
            "Timeout: 1\n      Description: The gate, which",
        )],
    );
    let stack = Stack::with_model_and(&Options {
        template: Some(template),
        ..Options::default()
    });
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    clients.run(&key).await;
    // The warm environment of the gate stops in its tracks.
    let gate = processes::child_pids(stack.pid(), "filter-inferences");
    assert_eq!(gate.len(), 1);
    processes::signal(gate[0], "STOP");
    let execution = clients.run(&key).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("Sandbox.Timedout"),
        "{:?}",
        execution.cause
    );
    let cause: Value = serde_json::from_str(&execution.cause.unwrap()).unwrap();
    assert!(
        cause["errorMessage"]
            .as_str()
            .unwrap()
            .ends_with("Error: Task timed out after 1.00 seconds"),
        "{cause}"
    );
    // The next one finds a new environment.
    let next = clients.run(&key).await;
    assert_ne!(
        next.error.as_deref(),
        Some("Sandbox.Timedout"),
        "{:?}",
        next.cause
    );
}

#[tokio::test]
async fn a_lambda_that_crashes_is_seen_as_aws_would_report_it() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    clients.run(&key).await;
    let gate = processes::child_pids(stack.pid(), "filter-inferences");
    // Stopped first, so that it is in the middle of the invocation when it is killed.
    processes::signal(gate[0], "STOP");
    let arn = clients.start(&key).await;
    clients
        .until("the gate is invoked", async || {
            clients.scheduled(&arn, "filter-inferences").await
        })
        .await;
    processes::signal(gate[0], "KILL");
    let execution = clients.wait(&arn).await;
    assert_eq!(
        execution.error.as_deref(),
        Some("Runtime.ExitError"),
        "{:?}",
        execution.cause
    );
    let cause: Value = serde_json::from_str(&execution.cause.unwrap()).unwrap();
    let message = cause["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with("Error: Runtime exited with error: signal: killed"),
        "{message}"
    );
}

#[tokio::test]
async fn an_endpoint_whose_server_dies_comes_back() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let before = clients.run(&key).await;
    for server in processes::child_pids(stack.pid(), "serve") {
        processes::signal(server, "KILL");
    }
    // The state machine's retries outlast the restart.
    let after = clients.run(&key).await;
    assert_eq!(after.status, before.status, "{:?}", after.cause);
}
