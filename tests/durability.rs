//! `kill -9` of the stack at an awkward moment loses nothing that was acknowledged.

use std::path::Path;
use std::time::Duration;

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use serde_json::json;

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, Stack, processes};

#[tokio::test]
async fn an_execution_that_the_kill_interrupted_is_finished_by_the_next_stack() {
    let stack = Stack::with_model();
    let data_dir = stack.data_dir.clone();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let before = clients.run(&key).await;
    // The classifier hangs, so that the execution is in the middle when the stack dies.
    let classifier = processes::child_pids(stack.pid(), "classify-image")[0];
    processes::signal(classifier, "STOP");
    let arn = clients.start(&key).await;
    clients
        .until("the classifier is invoked", async || {
            clients.scheduled(&arn, "classify-image").await
        })
        .await;
    let _kept = stack.kill();
    processes::signal(classifier, "KILL"); // a stopped process can't see that its parent is gone

    let stack = Stack::on(&data_dir, &Options::default());
    let clients = Clients::of(&stack).await;
    let after = clients.wait(&arn).await;
    assert_eq!(after.status, before.status);
    assert_eq!(
        clients.scores_of(&arn).await,
        clients.scores_of(&before.execution_arn).await
    );
    let history = clients.history(&arn).await;
    let entered = history
        .iter()
        .filter(|event| event.r#type == HistoryEventType::TaskStateEntered)
        .count();
    assert_eq!(entered, 3, "no state is entered twice");
    let serialized = history.iter().filter(|event| {
        let details = event.task_scheduled_event_details.as_ref();
        details.is_some_and(|details| details.parameters.contains("serialize-image"))
    });
    assert_eq!(serialized.count(), 1, "a finished task is not run again");
}

#[tokio::test]
async fn an_upload_that_was_acknowledged_starts_its_execution_after_the_kill() {
    let stack = Stack::with_model();
    let data_dir = stack.data_dir.clone();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    let keys: Vec<String> = (0..5)
        .map(|number| format!("incoming/{number}.png"))
        .collect();
    for key in &keys {
        clients.put(key, image.clone()).await;
    }
    let _kept = stack.kill(); // at once: some events are still on their way
    let stack = Stack::on(&data_dir, &Options::default());
    let clients = Clients::of(&stack).await;
    for key in &keys {
        let arn = clients.first_execution_of(key).await;
        assert_ne!(clients.wait(&arn).await.status, ExecutionStatus::Running);
        assert_eq!(clients.executions_of(key).await.len(), 1, "{key}");
    }
}

#[tokio::test]
async fn no_process_outlives_the_stack() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    clients.run(&clients.test_image().await).await;
    let mut children = processes::child_pids(stack.pid(), "lambda");
    children.extend(processes::child_pids(stack.pid(), "serve"));
    assert!(children.len() >= 4, "{children:?}");
    let _kept = stack.kill();
    for _ in 0..100 {
        if !children.iter().any(|child| processes::alive(*child)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still there: {children:?}");
}

/// A copy or a backup may leave out the logs of the databases (`-wal`), and lost what was only
/// there.
#[tokio::test]
async fn what_a_signal_stopped_is_whole_without_the_logs_of_its_databases() {
    let [dir, copied] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let options = Options {
        empty: true,
        ..Options::default()
    };
    let stack = Stack::on(dir.path(), &options);
    let clients = Clients::of(&stack).await;
    let bucket = clients.s3.create_bucket().bucket(BUCKET);
    bucket.send().await.unwrap();
    clients.put("photo.png", "bytes").await;
    let definition = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let machine = clients.sfn.create_state_machine().name("m");
    let machine = machine.definition(definition.to_string());
    let machine = machine.role_arn("arn:aws:iam::123456789012:role/m");
    let machine = machine.send().await.unwrap().state_machine_arn;
    let start = clients.sfn.start_execution().state_machine_arn(&machine);
    let arn = start.input("[1]").send().await.unwrap().execution_arn;
    clients.wait(&arn).await;
    stack.terminate();
    copy_without_logs(dir.path(), copied.path());

    let stack = Stack::on(copied.path(), &options);
    let clients = Clients::of(&stack).await;
    assert_eq!(clients.get("photo.png").await, b"bytes");
    assert_eq!(clients.wait(&arn).await.output.as_deref(), Some("[1]"));
}

/// Copies a data directory but for the logs and the shared memory of its databases.
fn copy_without_logs(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_without_logs(&entry.path(), &target);
        } else if name.ends_with("-wal") {
            assert_eq!(entry.metadata().unwrap().len(), 0, "{name}");
        } else if !name.ends_with("-shm") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
