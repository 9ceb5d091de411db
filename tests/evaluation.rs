//! Expressions that would take their process down, or never end: they take down nobody else's.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::support::clients::Clients;
use crate::support::{Options, Stack};

const MEMORY: &str = "threw an error during evaluation: Expression evaluation memory limit \
                      exceeded: Check for excessive memory usage";
const TIME: &str =
    "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop";

fn machine(expression: &str) -> String {
    json!({
        "QueryLanguage": "JSONata", "StartAt": "S",
        "States": { "S": { "Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true } },
    })
    .to_string()
}

/// The first aborted the process for want of memory; the second held up all executions for as long
/// as it ran.
#[tokio::test]
async fn an_expression_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        empty: true,
        ..Options::default()
    };
    let stack = Stack::on(dir.path(), &options);
    let sfn = Clients::of(&stack).await.sfn;
    let mut started = Vec::new();
    for (name, expression, expected) in [
        (
            "endless",
            "($f := function($n) { $f($n + 1) }; $f(1))",
            &[TIME][..],
        ),
        (
            "joins",
            "($a := [1..4000]; $count($a@$x.$a@$y.{'x': $x, 'y': $y}))",
            // Whichever comes first: a build for debugging is slow.
            &[MEMORY, TIME],
        ),
    ] {
        let created = sfn
            .create_state_machine()
            .name(name)
            .definition(machine(expression));
        let created = created
            .role_arn("arn:aws:iam::123456789012:role/r")
            .send()
            .await
            .unwrap();
        let execution = sfn
            .start_execution()
            .state_machine_arn(created.state_machine_arn());
        let execution = execution.send().await.unwrap();
        started.push((execution.execution_arn().to_owned(), expected));
    }
    // Whatever they do, the stack answers.
    let machines = tokio::time::timeout(Duration::from_secs(30), sfn.list_state_machines().send());
    assert_eq!(machines.await.unwrap().unwrap().state_machines().len(), 2);
    for (arn, expected) in started {
        let ended = loop {
            let described = sfn
                .describe_execution()
                .execution_arn(&arn)
                .send()
                .await
                .unwrap();
            if *described.status() != ExecutionStatus::Running {
                break described;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(
            ended.error(),
            Some("States.QueryEvaluationError"),
            "{ended:?}"
        );
        let cause = ended.cause().unwrap();
        assert!(
            expected.iter().any(|text| cause.ends_with(text)),
            "{ended:?}"
        );
    }
}
