//! `kill -9` of the stack at an awkward moment loses nothing that was acknowledged.

use std::time::Duration;

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};

use crate::support::clients::Clients;
use crate::support::{Options, Stack, processes};

#[tokio::test]
async fn an_execution_that_the_kill_interrupted_is_finished_by_the_next_stack() {
    let stack = Stack::with_model();
    let data_dir = stack.data_dir.clone();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let before = clients.run(&key).await;
    // The classifier hangs, so that the execution is in the middle when the stack dies.
    let classifier = processes::named(stack.pid(), "classify-image")[0];
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
    let mut children = processes::named(stack.pid(), "lambda");
    children.extend(processes::named(stack.pid(), "serve"));
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
