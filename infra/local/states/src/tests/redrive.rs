//! Executions that go on where they failed, over the wire.

use super::*;

/// Two counted tasks; the second fails as long as its input says so, which `fail` answers.
fn fragile() -> Value {
    let mut first = task("echo");
    first["Next"] = json!("B");
    let mut second = task("fail");
    second["End"] = json!(true);
    json!({ "StartAt": "A", "States": { "A": first, "B": second } })
}

async fn describe(f: &Fixture, arn: &str) -> Value {
    f.ok("DescribeExecution", json!({ "executionArn": arn }))
        .await
}

#[tokio::test]
async fn a_failed_execution_goes_on_at_the_state_that_failed() {
    let f = fixture();
    f.machine(fragile()).await;
    let failed = f.run(json!({ "errorType": "Boom" })).await;
    assert_eq!(failed.status, "FAILED");
    let arn = failed.execution_arn;
    assert_eq!(describe(&f, &arn).await["redriveStatus"], "REDRIVABLE");
    let before = f.states.history(&arn).await.unwrap().len();

    let body = json!({ "executionArn": arn });
    let redriven = f.ok("RedriveExecution", body.clone()).await;
    f.states.wait(&arn).await.unwrap();
    let described = describe(&f, &arn).await;
    assert_eq!(described["status"], "FAILED");
    assert_eq!(described["redriveCount"], 1);
    assert_eq!(described["redriveDate"], redriven["redriveDate"]);
    let history = f.states.history(&arn).await.unwrap();
    let types: Vec<&str> = history[before..]
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let expected = [
        "ExecutionRedriven",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionFailed",
        "ExecutionFailed",
    ];
    assert_eq!(types, expected);
    assert_eq!(
        history[before]["executionRedrivenEventDetails"],
        json!({ "redriveCount": 1 })
    );
    let calls = f.functions.calls.lock().unwrap().join(" ");
    assert_eq!(calls, "echo fail fail");
    let listed = f
        .ok("ListExecutions", json!({ "stateMachineArn": MACHINE }))
        .await;
    assert_eq!(listed["executions"][0]["redriveCount"], 1);
}

#[tokio::test]
async fn a_redriven_execution_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let functions = std::sync::Arc::new(Functions::default());
    let open = || {
        States::open(
            dir.path(),
            Identity::default(),
            ReachableServices::new(functions.clone()),
        )
        .unwrap()
    };
    let first = Fixture {
        states: open(),
        functions: functions.clone(),
        _dir: tempfile::tempdir().unwrap(),
    };
    let wait = single(json!({ "Type": "Wait", "Seconds": 1 }));
    first.machine(wait).await;
    let start = StartExecution {
        state_machine_arn: MACHINE.into(),
        ..StartExecution::default()
    };
    let arn = first.states.start(start).await.unwrap().execution_arn;
    let body = json!({ "executionArn": arn });
    first.ok("StopExecution", body.clone()).await;
    first.ok("RedriveExecution", body).await;
    first.states.shut_down().await;

    let states = open();
    assert_eq!(states.resume().await, Ok(1));
    assert_eq!(states.wait(&arn).await.unwrap().status, "SUCCEEDED");
    let ids: Vec<i64> = states
        .history(&arn)
        .await
        .unwrap()
        .iter()
        .map(|event| event["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn what_can_not_be_redriven() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Wait", "SecondsPath": "$" })))
        .await;
    let succeeded = f.run(json!(0)).await.execution_arn;
    let refused = async |arn: &str, expected: &str| {
        let body = json!({ "executionArn": arn });
        let error = format!("400 ExecutionNotRedrivable: {expected}");
        f.refused("RedriveExecution", body, &error).await;
    };
    refused(&succeeded, "Execution is SUCCEEDED and cannot be redriven").await;
    let start = json!({ "stateMachineArn": MACHINE, "input": "1000" });
    let running = f.ok("StartExecution", start).await["executionArn"].clone();
    let running = running.as_str().unwrap();
    refused(running, "Execution is RUNNING and cannot be redriven").await;

    let body = json!({ "executionArn": running });
    f.ok("StopExecution", body.clone()).await;
    let mut once = body.clone();
    once["clientToken"] = json!("t");
    let redriven = f.ok("RedriveExecution", once.clone()).await;
    assert_eq!(
        f.ok("RedriveExecution", once).await,
        redriven,
        "the same request again is no second redrive"
    );
    f.ok("StopExecution", body).await;

    let age = |days: i64| {
        let sql = format!("UPDATE execution SET stopped = stopped - {days} * 86400000");
        f.states
            .engine()
            .write(move |db| Ok(db.execute_batch(&sql)?))
    };
    age(14).await.unwrap();
    assert_eq!(
        describe(&f, running).await["redriveStatus"],
        "NOT_REDRIVABLE"
    );
    refused(running, "Execution redrivable period exceeded").await;
    age(-14).await.unwrap();
    let at_limit = "UPDATE execution SET redrives = 1000";
    let written = f
        .states
        .engine()
        .write(|db| Ok(db.execute_batch(at_limit)?));
    written.await.unwrap();
    refused(running, "Execution redrive limit exceeded").await;
    f.ok("DeleteStateMachine", json!({ "stateMachineArn": MACHINE }))
        .await;
    refused(running, "State machine is in DELETING status").await;
    let missing = "arn:aws:states:us-east-1:123456789012:execution:m:missing";
    f.refused(
        "RedriveExecution",
        json!({ "executionArn": missing }),
        &format!("400 ExecutionDoesNotExist: Execution Does Not Exist: '{missing}'"),
    )
    .await;
}
