//! The stack without a template, for a state machine of one's own; and the verbs that look at
//! definitions.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

use crate::support::clients::Clients;
use crate::support::{Options, SCONES, Stack};

const DOUBLE: &str = r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Double",
  "States": {"Double": {"Type": "Pass", "Output": {"twice": "{% $states.input.n * 2 %}"}, "End": true}}
}"#;

/// A task that the stack can do itself, and so one that is not mocked.
const LIST: &str = r#"{
  "Type": "Task",
  "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines",
  "Parameters": {"MaxResults": 5},
  "End": true
}"#;

/// Runs `scones` with a definition on its standard input.
fn scones(arguments: &[&str], definition: &str) -> Output {
    let mut child = Command::new(SCONES)
        .args(arguments)
        .env_remove("AWS_ENDPOINT_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(definition.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn empty_stack() -> (Stack, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        empty: true,
        ..Options::default()
    };
    (Stack::on(dir.path(), &options), dir)
}

#[tokio::test]
async fn a_state_machine_of_ones_own_runs_and_is_swept() {
    let (stack, dir) = empty_stack();
    let sfn = Clients::of(&stack).await.sfn;
    let created = sfn.create_state_machine().name("double").definition(DOUBLE);
    let created = created
        .role_arn("arn:aws:iam::123456789012:role/any")
        .send()
        .await
        .unwrap();
    let start = sfn
        .start_execution()
        .state_machine_arn(created.state_machine_arn);
    let started = start.input(r#"{"n":21}"#).send().await.unwrap();
    let describe = || {
        sfn.describe_execution()
            .execution_arn(&started.execution_arn)
    };
    let ended = describe().send().await.unwrap();
    assert_eq!(ended.status, ExecutionStatus::Succeeded);
    assert_eq!(ended.output.unwrap(), r#"{"twice":42}"#);

    let data_dir = dir.path().to_str().unwrap();
    let young = scones(&["gc", "--data-dir", data_dir], "");
    assert!(text(young.stdout).starts_with("0 executions deleted"));
    let swept = scones(&["gc", "--older-than=0", "--data-dir", data_dir], "");
    assert!(text(swept.stdout).starts_with("1 executions deleted"));
    assert!(describe().send().await.is_err());
}

#[tokio::test]
async fn a_web_page_deletes_nothing() {
    let (stack, _dir) = empty_stack();
    let url = format!("{}/_scones/gc?older_than=0", stack.url);
    let status = |result: Result<ureq::http::Response<ureq::Body>, ureq::Error>| match result {
        Err(ureq::Error::StatusCode(status)) => status,
        other => panic!("{other:?}"),
    };
    let page = "http://page.example";
    assert_eq!(
        status(ureq::post(&url).header("Origin", page).send_empty()),
        403
    );
    assert_eq!(status(ureq::get(&url).call()), 405);
    assert_eq!(
        status(ureq::post(format!("{}/_scones/gc", stack.url)).send_empty()),
        400
    );
    assert_eq!(ureq::post(&url).send_empty().unwrap().status(), 200);
}

#[test]
fn a_state_is_tested_without_a_stack() {
    let tested = scones(
        &["test-state", "-", "--state=Double", r#"--input={"n":4}"#],
        DOUBLE,
    );
    let answer: Value = serde_json::from_slice(&tested.stdout).unwrap();
    assert_eq!(
        answer,
        json!({ "status": "SUCCEEDED", "output": { "twice": 8 } })
    );
    let failed = scones(
        &["test-state", "-", "--mock-error=Busy=try again", "--trace"],
        LIST,
    );
    assert_eq!(failed.status.code(), Some(2));
    let answer: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(
        (&answer["error"], &answer["cause"]),
        (&json!("Busy"), &json!("try again"))
    );
}

#[test]
fn a_task_that_is_not_mocked_is_done_by_the_stack_and_traced() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap().to_owned();
    let test = || {
        scones(
            &["test-state", "-", "--trace", "--data-dir", &data_dir],
            LIST,
        )
    };
    let told = text(test().stderr);
    assert!(
        told.contains("give --mock, or start a stack with `scones up`"),
        "{told}"
    );
    let options = Options {
        empty: true,
        ..Options::default()
    };
    let _stack = Stack::on(dir.path(), &options);
    let tested = test();
    let answer: Value = serde_json::from_slice(&tested.stdout).unwrap();
    assert_eq!(answer["status"], "SUCCEEDED", "{answer}");
    let seen = &answer["inspectionData"];
    assert_eq!(seen["afterParameters"], json!({ "MaxResults": 5 }));
    assert_eq!(seen["result"], json!({ "StateMachines": [] }));
}

#[test]
fn definitions_are_validated_with_their_place() {
    let right = scones(&["validate", "-"], DOUBLE);
    assert!(right.status.success());
    assert_eq!(text(right.stdout), "0 errors, 0 warnings\n");
    let wrong = DOUBLE.replace("* 2", "*");
    let wrong = scones(&["validate", "-"], &wrong);
    assert_eq!(wrong.status.code(), Some(1));
    let told = text(wrong.stdout);
    assert!(
        told.starts_with(
            "error[INVALID_JSONATA_EXPRESSION]: Unexpected end of expression\n  --> -:4:61\n"
        ),
        "{told}"
    );
    assert!(told.ends_with("1 error, 0 warnings\n"), "{told}");
}

#[test]
fn our_own_state_machines_give_no_cause_for_a_word() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/statemachine");
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path().to_str().unwrap().to_owned());
    let definitions: Vec<String> = paths.filter(|path| path.ends_with(".asl.json")).collect();
    assert!(definitions.len() >= 3, "{definitions:?}");
    for definition in definitions {
        let validated = scones(&["validate", &definition], "");
        assert_eq!(
            text(validated.stdout),
            "0 errors, 0 warnings\n",
            "{definition}"
        );
    }
}
