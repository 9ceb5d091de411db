//! Deleting what ended long ago.

use std::time::Duration;

use super::*;

async fn count(f: &Fixture, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let count = f
        .states
        .readers()
        .read(move |db| db.query_row(&sql, [], |row| row.get(0)));
    count.await.unwrap()
}

async fn start(f: &Fixture, input: &str) -> String {
    let start = StartExecution {
        state_machine_arn: MACHINE.into(),
        input: Some(input.into()),
        ..StartExecution::default()
    };
    f.states.start(start).await.unwrap().execution_arn
}

#[tokio::test]
async fn what_ended_long_ago_goes_and_its_space_comes_back() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Wait", "SecondsPath": "$.s" })))
        .await;
    let running = start(&f, r#"{"s":1000}"#).await;
    let mut ended = Vec::new();
    for n in 0..450 {
        // Random letters: nothing that deflates.
        let noise: String = (0..40).map(|_| uuid::Uuid::new_v4().to_string()).collect();
        ended.push(start(&f, &json!({ "s": 0, "n": n, "noise": noise }).to_string()).await);
    }
    for arn in &ended {
        f.states.wait(arn).await.unwrap();
    }
    let kept = f.states.gc(Duration::from_secs(1000)).await.unwrap();
    assert_eq!(kept, GcReport::default());
    // The clock may not have moved since the last one ended.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let swept = f.states.gc(Duration::ZERO).await.unwrap();
    assert_eq!(swept.executions, 450);
    assert!(swept.bytes > 450 * 1000, "{swept:?}");
    assert_eq!(count(&f, "execution").await, 1);
    let gone = f.states.describe(&ended[0]).await.unwrap_err();
    assert_eq!(gone.code(), "ExecutionDoesNotExist");
    let history = f.states.history(&running).await.unwrap();
    assert_eq!(history.len(), 2);
    f.ok("StopExecution", json!({ "executionArn": running }))
        .await;
}

#[tokio::test]
async fn a_deleted_state_machine_goes_with_its_last_execution() {
    let f = fixture();
    let tags = json!([{ "key": "k", "value": "v" }]);
    let create = json!({
        "name": "m", "definition": single(task("fail")).to_string(), "roleArn": ROLE, "tags": tags, "publish": true,
    });
    f.ok("CreateStateMachine", create).await;
    let failed = f.run(json!({ "errorType": "Boom" })).await;
    assert_eq!(failed.status, "FAILED");
    f.ok("DeleteStateMachine", json!({ "stateMachineArn": MACHINE }))
        .await;
    f.states.gc(Duration::from_secs(1000)).await.unwrap();
    assert_eq!(
        count(&f, "machine").await,
        1,
        "its execution is still there"
    );
    assert_eq!(count(&f, "interrupted").await, 1);
    tokio::time::sleep(Duration::from_millis(5)).await;
    f.states.gc(Duration::ZERO).await.unwrap();
    for table in [
        "machine",
        "revision",
        "tag",
        "history",
        "interrupted",
        "execution",
    ] {
        assert_eq!(count(&f, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_directory_is_swept_without_a_stack() {
    let f = fixture();
    f.machine(pass()).await;
    for _ in 0..3 {
        f.run(json!({})).await;
    }
    f.states.shut_down().await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let swept = gc_offline(f._dir.path(), Duration::ZERO).unwrap();
    assert_eq!(swept.executions, 3);
}
