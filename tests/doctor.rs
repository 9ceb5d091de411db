//! `scones doctor`: what is wrong is named, with the way out, and what is right is not called
//! wrong.

use std::process::{Command, Stdio};

use crate::support::clients::Clients;
use crate::support::{Options, SCONES, Stack};

/// Exit code, and what was said.
fn doctor(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(SCONES)
        .arg("doctor")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("AWS_ENDPOINT_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said + &errors)
}

#[tokio::test]
async fn nothing_is_wrong_with_a_stack_that_has_its_model() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    // The endpoint is in service when it has answered once.
    clients.run(&clients.test_image().await).await;
    let (code, said) = doctor(&["--endpoint-url", &stack.url]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "state machine classify-images",
        "bucket scones-unlimited-123456789012-us-east-1",
        "Nothing is wrong.",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let endpoint = said
        .lines()
        .find(|line| line.contains("endpoint scones-classifier"));
    assert!(endpoint.unwrap().ends_with("is in service"), "{said}");
    // Nothing of it is captured: there was no image.
    let captured = clients.captured().await;
    assert!(
        !captured
            .iter()
            .any(|line| line.to_string().contains("scones doctor"))
    );
}

#[tokio::test]
async fn a_stack_without_its_model_is_told_to_train_one() {
    let data_dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(data_dir.path(), &Options::default());
    let (code, said) = doctor(&["--endpoint-url", &stack.url]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("-> train one: scones demo here"), "{said}");
    assert!(
        said.contains("is not there, or not in service yet"),
        "{said}"
    );
    assert!(said.contains("2 things are wrong."), "{said}");
}

#[tokio::test]
async fn a_stack_of_another_template_lacks_what_is_missing_in_it() {
    let data_dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(
        data_dir.path(),
        &Options {
            empty: true,
            ..Options::default()
        },
    );
    let (code, said) = doctor(&[
        "--endpoint-url",
        &stack.url,
        "--parameter",
        "DeployEndpoint=false",
    ]);
    assert_eq!(code, 1, "{said}");
    let missing = said
        .matches("-> start the stack from this template: scones up")
        .count();
    assert_eq!(missing, 5, "a bucket and four state machines: {said}");
}

#[test]
fn no_stack_is_told_how_to_start_one() {
    let (code, said) = doctor(&["--endpoint-url", "http://127.0.0.1:9"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("http://127.0.0.1:9 does not answer"),
        "{said}"
    );
    assert!(said.contains("-> start one with `scones up`"), "{said}");
    assert!(said.contains("1 thing is wrong."), "{said}");
}
