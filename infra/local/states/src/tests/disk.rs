//! Tests a failing disk: nothing unwritten is acknowledged, and running executions continue.

use super::*;

/// Limits the size of the database to what it has, or lifts the limit.
async fn fill(f: &Fixture, full: bool) {
    let limit = if full { 1 } else { i64::from(u32::MAX) - 1 };
    let limited = f.states.engine().write(move |db| {
        Ok(db.query_row(&format!("PRAGMA max_page_count={limit}"), [], |_| Ok(()))?)
    });
    limited.await.unwrap();
}

fn start(name: &str, input: &str) -> StartExecution {
    StartExecution {
        state_machine_arn: MACHINE.into(),
        name: Some(name.into()),
        input: Some(input.into()),
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let f = fixture();
    f.machine(single(task("hang"))).await;
    let running = f
        .states
        .start(start("running", "{}"))
        .await
        .unwrap()
        .execution_arn;
    f.called(1).await;
    let waiting = tokio::spawn({
        let (states, arn) = (f.states.clone(), running.clone());
        async move { states.wait(&arn).await }
    });

    fill(&f, true).await;
    // Random letters: nothing that deflates to the room that is left.
    let large: String = (0..2000)
        .map(|_| uuid::Uuid::new_v4().to_string())
        .collect();
    let error = f
        .states
        .start(start("lost", &json!(large).to_string()))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.status().as_u16()),
        ("InternalFailure", 500)
    );
    assert_eq!(error.to_string(), "states.db: database or disk is full");
    while f.states.engine().write(|_| Ok(())).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    fill(&f, false).await;

    let lost = f
        .states
        .describe(&running.replace("running", "lost"))
        .await
        .unwrap_err();
    assert_eq!(lost.code(), "ExecutionDoesNotExist");
    assert_eq!(f.states.describe(&running).await.unwrap().status, "RUNNING");
    let again = f
        .states
        .start(start("lost", "{}"))
        .await
        .unwrap()
        .execution_arn;
    // The running task was taken up again, and the new one began.
    f.called(3).await;
    for arn in [&running, &again] {
        f.ok("StopExecution", json!({ "executionArn": arn })).await;
    }
    let ended = waiting.await.unwrap().unwrap();
    assert_eq!(ended.status, "ABORTED", "who waited went on waiting");
    assert_eq!(f.states.history(&running).await.unwrap().len(), 5);
}
