//! Steps that take long, or never end: nobody else waits for them, and they are stopped, taken up
//! and given up.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use asl::{Evaluate, EvaluationRequest, EvaluationResponse, Evaluator};
use serde_json::json;

use super::*;

/// Evaluates when it is let.
#[derive(Debug, Default)]
struct BlockingEvaluator {
    free: Mutex<bool>,
    freed: Condvar,
    requests: Mutex<usize>,
}

impl BlockingEvaluator {
    fn free() -> Arc<BlockingEvaluator> {
        let evaluator = Arc::new(BlockingEvaluator::default());
        evaluator.release();
        evaluator
    }

    fn release(&self) {
        *self.free.lock().unwrap() = true;
        self.freed.notify_all();
    }

    fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }
}

impl Evaluate for BlockingEvaluator {
    fn evaluate(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        *self.requests.lock().unwrap() += 1;
        let free = self.free.lock().unwrap();
        drop(self.freed.wait_while(free, |free| !*free).unwrap());
        Evaluator::default().evaluate(request)
    }
}

fn open(dir: &Path, evaluator: Arc<BlockingEvaluator>) -> Fixture {
    let functions = Arc::new(Functions::default());
    let reachable = ReachableServices::new(functions.clone()).with_evaluator(evaluator);
    Fixture {
        states: States::open(dir, Identity::default(), reachable).unwrap(),
        functions,
        _dir: tempfile::tempdir().unwrap(),
    }
}

/// A state whose output the evaluator makes.
fn slow() -> Value {
    single(json!({
        "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sort([3, 1, 2]) %}",
    }))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One execution's step was on the thread of all others: `$distinct([1..2000000])` stopped the
/// stack.
#[tokio::test]
async fn a_slow_step_holds_up_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = Arc::new(BlockingEvaluator::default());
    let f = open(dir.path(), evaluator.clone());
    f.create("slow", slow()).await;
    f.machine(pass()).await;
    let arn = f.start_of("slow", json!({})).await;
    until(|| evaluator.requests() == 1).await;
    assert_eq!(f.run(json!({})).await.status, "SUCCEEDED");
    f.states.gc(Duration::ZERO).await.unwrap();
    assert_eq!(f.states.describe(&arn).await.unwrap().status, "RUNNING");
    evaluator.release();
    let ended = f.states.wait(&arn).await.unwrap();
    assert_eq!(ended.output.as_deref(), Some("[1,2,3]"));
    let types: Vec<_> = f.states.history(&arn).await.unwrap();
    let types: Vec<_> = types.iter().map(|event| &event["type"]).collect();
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[tokio::test]
async fn an_execution_is_stopped_whatever_step_of_it_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = Arc::new(BlockingEvaluator::default());
    let f = open(dir.path(), evaluator.clone());
    f.create("slow", slow()).await;
    let arn = f.start_of("slow", json!({})).await;
    until(|| evaluator.requests() == 1).await;
    f.ok(
        "StopExecution",
        json!({ "executionArn": arn, "error": "E", "cause": "C" }),
    )
    .await;
    let ended = f.states.wait(&arn).await.unwrap();
    assert_eq!(
        (ended.status.as_str(), ended.error.as_deref()),
        ("ABORTED", Some("E"))
    );
    evaluator.release();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let history = f.states.history(&arn).await.unwrap();
    let types: Vec<_> = history.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["ExecutionStarted", "ExecutionAborted"]);
    assert_eq!(f.states.describe(&arn).await.unwrap().status, "ABORTED");
}

#[tokio::test]
async fn a_step_that_was_under_way_is_done_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = Arc::new(BlockingEvaluator::default());
    let first = open(dir.path(), evaluator.clone());
    first.create("slow", slow()).await;
    let arn = first.start_of("slow", json!({})).await;
    until(|| evaluator.requests() == 1).await;
    first.states.shut_down().await;
    evaluator.release();

    let next = open(dir.path(), BlockingEvaluator::free());
    assert_eq!(next.states.resume().await, Ok(1));
    let ended = next.states.wait(&arn).await.unwrap();
    assert_eq!(ended.output.as_deref(), Some("[1,2,3]"));
    assert_eq!(next.states.history(&arn).await.unwrap().len(), 4);
}

/// A step that ends the process would end every one after it, which takes it up.
#[tokio::test]
async fn a_step_that_ended_three_processes_fails_its_execution() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = Arc::new(BlockingEvaluator::default());
    let first = open(dir.path(), evaluator.clone());
    first.create("slow", slow()).await;
    let arn = first.start_of("slow", json!({})).await;
    until(|| evaluator.requests() == 1).await;
    first.states.shut_down().await;
    evaluator.release();
    let db = rusqlite::Connection::open(dir.path().join("states.db")).unwrap();
    // What two ends without a farewell leave; the next start notices a third.
    assert_eq!(db.execute("UPDATE pending SET crashes = 2", ()), Ok(1));
    drop(db);

    let evaluator = BlockingEvaluator::free();
    let next = open(dir.path(), evaluator.clone());
    next.states.resume().await.unwrap();
    let ended = next.states.wait(&arn).await.unwrap();
    assert_eq!(ended.status, "FAILED");
    assert_eq!(ended.error.as_deref(), Some("States.Runtime"));
    assert_eq!(
        ended.cause.as_deref(),
        Some("The local stack ended 3 times while it ran this step of the execution")
    );
    assert_eq!(evaluator.requests(), 0);
    assert_eq!(next.states.resume().await, Ok(0));
}

/// An evaluation may end by the clock: a restart must not come to another result than the history
/// has.
#[tokio::test]
async fn what_was_evaluated_is_not_evaluated_again() {
    let dir = tempfile::tempdir().unwrap();
    let definition = json!({
        "QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Output": "{% $sort([3, 1, 2]) %}", "Next": "W" },
            "W": { "Type": "Wait", "Seconds": 1000, "Next": "B" },
            "B": { "Type": "Pass", "Output": "{% $reverse($states.input) %}", "End": true },
        },
    });
    let first = open(dir.path(), BlockingEvaluator::free());
    first.create("slow", definition).await;
    let arn = first.start_of("slow", json!({})).await;
    while first.states.history(&arn).await.unwrap().len() < 4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.states.shut_down().await;

    let evaluator = Arc::new(BlockingEvaluator::default());
    let next = open(dir.path(), evaluator.clone());
    assert_eq!(next.states.resume().await, Ok(1));
    next.ok("StopExecution", json!({ "executionArn": arn }))
        .await;
    assert_eq!(next.states.describe(&arn).await.unwrap().status, "ABORTED");
    assert_eq!(evaluator.requests(), 0);
}

/// It was evaluated on the thread that serves all connections.
#[tokio::test]
async fn a_state_is_tested_beside_other_requests() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = Arc::new(BlockingEvaluator::default());
    let f = open(dir.path(), evaluator.clone());
    let state = json!({
        "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sort([3, 1, 2]) %}", "End": true,
    });
    let test = f.ok("TestState", json!({ "definition": state.to_string() }));
    let others = async {
        until(|| evaluator.requests() == 1).await;
        f.ok("ListStateMachines", json!({})).await;
        evaluator.release();
    };
    let (response, ()) = tokio::join!(test, others);
    assert_eq!(
        response,
        json!({ "status": "SUCCEEDED", "output": "[1,2,3]" })
    );
}

#[tokio::test]
async fn express_executions_step_elsewhere_too() {
    let dir = tempfile::tempdir().unwrap();
    let f = open(dir.path(), BlockingEvaluator::free());
    let body = json!({
        "name": "x", "definition": slow().to_string(), "roleArn": ROLE, "type": "EXPRESS",
    });
    f.ok("CreateStateMachine", body).await;
    let arn = arn::machine(&Identity::default(), "x");
    let response = f
        .ok("StartSyncExecution", json!({ "stateMachineArn": arn }))
        .await;
    assert_eq!(response["output"], "[1,2,3]");
}

/// Tasks, their results and the items of a map run pass through the queue of steps.
#[tokio::test]
async fn all_kinds_of_events_wait_in_line() {
    let dir = tempfile::tempdir().unwrap();
    let f = open(dir.path(), BlockingEvaluator::free());
    let task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Arguments": { "FunctionName": "echo", "Payload": "{% $sort([2, $states.input.n]) %}" },
        "Output": "{% $sum($map($states.result.Payload, function($n) { $n * 2 })) %}",
    });
    let processor = json!({ "StartAt": "T", "States": { "T": task } });
    let map = |mode: &str| {
        let mut processor = processor.clone();
        processor["ProcessorConfig"] = match mode {
            "INLINE" => json!({ "Mode": mode }),
            _ => json!({ "Mode": mode, "ExecutionType": "STANDARD" }),
        };
        json!({
            "Type": "Map", "Items": "{% [1..5].{'n': $} %}", "ItemProcessor": processor,
            "ItemSelector": { "n": "{% $sum([$states.context.Map.Item.Value.n, 0]) %}" },
        })
    };
    for mode in ["INLINE", "DISTRIBUTED"] {
        let mut definition = single(map(mode));
        definition["QueryLanguage"] = json!("JSONata");
        f.create(mode, definition).await;
        let ended = f.run_of(mode, json!({})).await;
        assert_eq!(
            ended.output.as_deref(),
            Some("[6,8,10,12,14]"),
            "{mode}: {ended:?}"
        );
    }
}
