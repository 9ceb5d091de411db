//! Map runs that go on where they failed.

use super::map_runs::{distributed, ending, outcome, passes};
use super::*;

/// A Map that takes one item after the other. Items but 0 fail when they are first tried, in their
/// second task.
fn fragile(kind: &str) -> Value {
    let mut first = task("echo");
    first["Next"] = json!("B");
    let zero = json!({ "Variable": "$", "NumericEquals": 0, "Next": "Z" });
    let mut machine = distributed(Value::Null, json!({ "MaxConcurrency": 1 }));
    let processor = &mut machine["States"]["S"]["ItemProcessor"];
    processor["ProcessorConfig"]["ExecutionType"] = json!(kind);
    processor["StartAt"] = json!("A");
    processor["States"] = json!({
        "A": first,
        "B": { "Type": "Choice", "Choices": [zero], "Default": "C" },
        "C": ending(task("second")),
        "Z": passes(),
    });
    machine
}

struct FailedMapRun {
    f: Fixture,
    execution: String,
    map_run: Value,
}

impl FailedMapRun {
    /// Runs the Map over three items: 0 succeeds, 1 fails, and 2 has not begun then.
    async fn begin(kind: &str) -> FailedMapRun {
        let f = fixture();
        f.machine(fragile(kind)).await;
        let failed = f.run(json!([0, 1, 2])).await;
        assert_eq!(
            outcome(&failed),
            "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold \
             was exceeded"
        );
        let execution = failed.execution_arn;
        let runs = f
            .ok("ListMapRuns", json!({ "executionArn": execution }))
            .await;
        let map_run = runs["mapRuns"][0]["mapRunArn"].clone();
        FailedMapRun {
            f,
            execution,
            map_run,
        }
    }

    async fn redrive(&self) -> Execution {
        let body = json!({ "executionArn": self.execution });
        self.f.ok("RedriveExecution", body).await;
        self.f.states.wait(&self.execution).await.unwrap()
    }

    async fn describe(&self) -> Value {
        let body = json!({ "mapRunArn": self.map_run });
        self.f.ok("DescribeMapRun", body).await
    }

    fn calls(&self) -> String {
        self.f.functions.calls.lock().unwrap().join(" ")
    }
}

#[tokio::test]
async fn children_that_did_not_succeed_go_on_where_they_failed() {
    let run = FailedMapRun::begin("STANDARD").await;
    assert_eq!(run.calls(), "echo echo second");
    let counts = run.describe().await["executionCounts"].clone();
    assert_eq!(
        (&counts["failed"], &counts["aborted"]),
        (&json!(1), &json!(1))
    );

    assert_eq!(run.redrive().await.status, "FAILED");
    assert_eq!(run.calls(), "echo echo second echo second");
    let described = run.describe().await;
    assert_eq!(described["status"], "FAILED");
    assert_eq!(described["executionCounts"]["failed"], 2);

    assert_eq!(outcome(&run.redrive().await), json!([0, 1, 2]));
    assert_eq!(run.calls(), "echo echo second echo second second second");
    let described = run.describe().await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["redriveCount"], 2);
    assert!(described["redriveDate"].is_number());
    assert_eq!(described["executionCounts"]["succeeded"], 3);
    assert_eq!(described["executionCounts"]["pendingRedrive"], 0);
    let redriven = json!({ "mapRunArn": run.map_run, "redriveFilter": "REDRIVEN" });
    let redriven = run.f.ok("ListExecutions", redriven).await;
    assert_eq!(redriven["executions"].as_array().unwrap().len(), 2);
    let history = run.f.states.history(&run.execution).await.unwrap();
    let again = history
        .iter()
        .rfind(|event| event["type"] == "MapRunRedriven");
    assert_eq!(
        again.unwrap()["mapRunRedrivenEventDetails"],
        json!({ "mapRunArn": run.map_run, "redriveCount": 2 })
    );
}

#[tokio::test]
async fn express_children_that_did_not_succeed_begin_anew() {
    let run = FailedMapRun::begin("EXPRESS").await;
    run.redrive().await;
    assert_eq!(outcome(&run.redrive().await), json!([0, 1, 2]));
    let anew = "echo echo second echo second echo second echo second";
    assert_eq!(run.calls(), anew);
}

#[tokio::test]
async fn a_child_is_not_redriven_by_itself() {
    let run = FailedMapRun::begin("STANDARD").await;
    let failed = json!({ "mapRunArn": run.map_run, "statusFilter": "FAILED" });
    let failed = run.f.ok("ListExecutions", failed).await;
    let child = json!({ "executionArn": failed["executions"][0]["executionArn"] });
    let described = run.f.ok("DescribeExecution", child.clone()).await;
    assert_eq!(described["redriveStatus"], "REDRIVABLE_BY_MAP_RUN");
    let expected = "400 ExecutionNotRedrivable: Execution is a child of a Map Run: redrive the \
                    execution that started it";
    run.f.refused("RedriveExecution", child, expected).await;
}
