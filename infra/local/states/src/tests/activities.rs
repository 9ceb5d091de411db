//! Activities, their workers, and callbacks by task token.

use std::sync::Arc;
use std::time::Duration;

use super::*;

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";

fn activity() -> Value {
    json!({ "activityArn": ACTIVITY })
}

/// A state that an activity's worker does.
fn work() -> Value {
    json!({ "Type": "Task", "Resource": ACTIVITY })
}

/// A state that hands its token to the function `echo` and waits for the callback.
fn callback() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": { "FunctionName": "echo", "Payload": { "token.$": "$$.Task.Token" } },
    })
}

impl Fixture {
    async fn activity(&self) {
        self.ok("CreateActivity", json!({ "name": "a" })).await;
    }

    async fn start(&self) -> String {
        let start = StartExecution {
            state_machine_arn: MACHINE.into(),
            input: Some(r#"{"x":1}"#.into()),
            ..StartExecution::default()
        };
        self.states.start(start).await.unwrap().execution_arn
    }

    /// Takes a task, and answers its token.
    async fn take(&self) -> String {
        let task = self.ok("GetActivityTask", activity()).await;
        assert_eq!(task["input"], r#"{"x":1}"#);
        task["taskToken"].as_str().unwrap().to_owned()
    }

    async fn types(&self, execution: &str) -> Vec<String> {
        let history = self.states.history(execution).await.unwrap();
        let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
        history.iter().map(kind).collect()
    }

    /// The token of the callback task that waits, once its request was submitted.
    async fn submitted(&self, execution: &str) -> String {
        loop {
            let history = self.states.history(execution).await.unwrap();
            if let Some(event) = history.iter().find(|e| e["type"] == "TaskSubmitted") {
                let output = event["taskSubmittedEventDetails"]["output"].as_str();
                let output: Value = serde_json::from_str(output.unwrap()).unwrap();
                return output["Payload"]["token"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn created_described_listed_deleted() {
    let f = fixture();
    let created = f.ok("CreateActivity", json!({ "name": "a" })).await;
    assert_eq!(created["activityArn"], ACTIVITY);
    let again = json!({ "name": "a", "tags": [{ "key": "k", "value": "v" }] });
    assert_eq!(f.ok("CreateActivity", again).await, created);
    let described = f.ok("DescribeActivity", activity()).await;
    let expected = json!({
        "activityArn": ACTIVITY,
        "name": "a",
        "creationDate": created["creationDate"],
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
    });
    assert_eq!(described, expected);
    f.ok("CreateActivity", json!({ "name": "b" })).await;
    let page = f.ok("ListActivities", json!({ "maxResults": 1 })).await;
    assert_eq!(page["activities"][0]["name"], "a");
    let rest = f
        .ok("ListActivities", json!({ "nextToken": page["nextToken"] }))
        .await;
    assert_eq!(rest["activities"][0]["name"], "b");
    assert!(rest.get("nextToken").is_none());

    let tags = json!([{ "key": "k", "value": "v" }]);
    f.ok(
        "TagResource",
        json!({ "resourceArn": ACTIVITY, "tags": tags }),
    )
    .await;
    let listed = f
        .ok("ListTagsForResource", json!({ "resourceArn": ACTIVITY }))
        .await;
    assert_eq!(listed["tags"], tags);

    for _ in 0..2 {
        assert_eq!(f.ok("DeleteActivity", activity()).await, json!({}));
    }
    let gone = format!("400 ActivityDoesNotExist: Activity Does Not Exist: '{ACTIVITY}'");
    f.refused("DescribeActivity", activity(), &gone).await;
    f.refused("GetActivityTask", activity(), &gone).await;
}

#[tokio::test]
async fn names_and_arns_are_checked() {
    let f = fixture();
    let name = json!({ "name": "a b" });
    f.refused(
        "CreateActivity",
        name,
        "400 InvalidName: Invalid Name: 'a b'",
    )
    .await;
    let wrong = json!({ "activityArn": "no_arn" });
    let error = "400 InvalidArn: Invalid Arn: 'Invalid ARN prefix: no_arn'";
    f.refused("DescribeActivity", wrong, error).await;
    let wrong = json!({ "activityArn": MACHINE });
    let error =
        "400 InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'";
    f.refused("GetActivityTask", wrong, error).await;
}

#[tokio::test]
async fn a_worker_takes_does_and_ends_a_task() {
    let f = fixture();
    f.activity().await;
    f.machine(single(work())).await;
    let arn = f.start().await;
    let poll = json!({ "activityArn": ACTIVITY, "workerName": "w" });
    let task = f.ok("GetActivityTask", poll).await;
    assert_eq!(task["input"], r#"{"x":1}"#);
    let token = json!({ "taskToken": task["taskToken"] });
    assert_eq!(f.ok("SendTaskHeartbeat", token.clone()).await, json!({}));
    let mut success = token.clone();
    success["output"] = json!(r#"{"y":2}"#);
    assert_eq!(f.ok("SendTaskSuccess", success.clone()).await, json!({}));
    let execution = f.states.wait(&arn).await.unwrap();
    assert_eq!(execution.output.as_deref(), Some(r#"{"y":2}"#));
    let expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(f.types(&arn).await, expected);
    let history = f.states.history(&arn).await.unwrap();
    assert_eq!(
        history[3]["activityStartedEventDetails"],
        json!({ "workerName": "w" })
    );
    let timed_out = "400 TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";
    f.refused("SendTaskSuccess", success, timed_out).await;
    f.refused("SendTaskHeartbeat", token, timed_out).await;
}

#[tokio::test]
async fn a_worker_that_waits_gets_the_next_task() {
    let f = Arc::new(fixture());
    f.activity().await;
    f.machine(single(work())).await;
    let gone = f.ok("GetActivityTask", activity());
    let gone = tokio::time::timeout(Duration::from_millis(20), gone).await;
    assert!(gone.is_err(), "there is no task yet");
    let waiting = tokio::spawn({
        let f = Arc::clone(&f);
        async move { f.take().await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let arn = f.start().await;
    let token = waiting.await.unwrap();
    let failure = json!({ "taskToken": token, "error": "Boom", "cause": "c" });
    f.ok("SendTaskFailure", failure).await;
    let execution = f.states.wait(&arn).await.unwrap();
    assert_eq!(execution.status, "FAILED");
    assert_eq!(
        (execution.error.as_deref(), execution.cause.as_deref()),
        (Some("Boom"), Some("c"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_ends_after_a_minute() {
    let f = fixture();
    f.activity().await;
    let start = tokio::time::Instant::now();
    assert_eq!(f.ok("GetActivityTask", activity()).await, json!({}));
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn a_task_is_given_to_one_worker_and_not_after_its_end() {
    let f = fixture();
    f.activity().await;
    f.machine(single(work())).await;
    let (stopped, first, second) = (f.start().await, f.start().await, f.start().await);
    f.ok("StopExecution", json!({ "executionArn": stopped }))
        .await;
    for arn in [first, second] {
        let token = f.take().await;
        f.ok(
            "SendTaskSuccess",
            json!({ "taskToken": token, "output": "1" }),
        )
        .await;
        assert_eq!(f.states.wait(&arn).await.unwrap().status, "SUCCEEDED");
    }
    let nothing = tokio::time::timeout(Duration::from_millis(20), f.take()).await;
    assert!(nothing.is_err());
}

#[tokio::test]
async fn an_activity_that_is_gone_fails_the_state() {
    let f = fixture();
    f.machine(single(work())).await;
    let arn = f.start().await;
    let execution = f.states.wait(&arn).await.unwrap();
    assert_eq!(execution.error.as_deref(), Some("States.Runtime"));
    assert_eq!(
        execution.cause.unwrap(),
        format!(
            "An error occurred while executing the state 'S' (entered at the event id #2). \
             The activity {ACTIVITY} does not exist."
        )
    );
    let expected = ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"];
    assert_eq!(f.types(&arn).await, expected);
}

#[tokio::test]
async fn workers_that_are_silent_or_slow_lose_their_task() {
    for (field, error) in [
        ("HeartbeatSeconds", "States.HeartbeatTimeout"),
        ("TimeoutSeconds", "States.Timeout"),
    ] {
        let f = fixture();
        f.activity().await;
        let mut state = work();
        state[field] = json!(1);
        f.machine(single(state)).await;
        let arn = f.start().await;
        let token = f.take().await;
        let execution = f.states.wait(&arn).await.unwrap();
        assert_eq!(execution.error.as_deref(), Some(error));
        let late = json!({ "taskToken": token, "output": "1" });
        let timed_out = "400 TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";
        f.refused("SendTaskSuccess", late, timed_out).await;
    }
}

#[tokio::test]
async fn a_callback_ends_a_task_that_waits() {
    let f = fixture();
    f.machine(single(callback())).await;
    let arn = f.start().await;
    let token = f.submitted(&arn).await;
    let success = json!({ "taskToken": token, "output": "[1, 2.0]" });
    f.ok("SendTaskSuccess", success).await;
    let execution = f.states.wait(&arn).await.unwrap();
    assert_eq!(execution.output.as_deref(), Some("[1,2.0]"));
}

#[tokio::test]
async fn what_is_no_token_and_no_output() {
    let f = fixture();
    f.machine(single(callback())).await;
    let arn = f.start().await;
    let token = f.submitted(&arn).await;
    let wrong = json!({ "taskToken": "nonsense", "output": "{" });
    let error = "400 InvalidToken: Invalid Token: 'Invalid token'";
    f.refused("SendTaskSuccess", wrong, error).await;
    let (status, response) = f
        .call(
            "SendTaskSuccess",
            &json!({ "taskToken": token, "output": "{" }).to_string(),
        )
        .await;
    assert_eq!(
        (status, &response["__type"]),
        (400, &json!("InvalidOutput"))
    );
    f.refused(
        "SendTaskSuccess",
        json!({ "taskToken": token }),
        "400 ValidationException: 1 validation error detected: Value null at 'output' failed to \
         satisfy constraint: Member must not be null",
    )
    .await;
}

#[tokio::test]
async fn tokens_and_activity_tasks_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let functions = Arc::new(Functions::default());
        let states = States::open(
            dir.path(),
            Identity::default(),
            ReachableServices::new(functions.clone()),
        )
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        Fixture {
            states,
            functions,
            _dir: dir,
        }
    };
    let f = open();
    f.activity().await;
    f.machine(single(work())).await;
    f.create("callback", single(callback())).await;
    let (taken, queued) = (f.start().await, f.start().await);
    let worked = f.take().await;
    let start = StartExecution {
        state_machine_arn: MACHINE.replace(":m", ":callback"),
        ..StartExecution::default()
    };
    let called = f.states.start(start).await.unwrap().execution_arn;
    let token = f.submitted(&called).await;
    f.states.shut_down().await;

    let f = open();
    assert_eq!(f.states.resume().await, Ok(3));
    let remaining = f.take().await;
    for token in [&worked, &token, &remaining] {
        let success = json!({ "taskToken": token, "output": "1" });
        f.ok("SendTaskSuccess", success).await;
    }
    for arn in [taken, queued, called] {
        assert_eq!(f.states.wait(&arn).await.unwrap().status, "SUCCEEDED");
    }
    assert!(
        f.functions.calls.lock().unwrap().is_empty(),
        "the request was made before"
    );
}
