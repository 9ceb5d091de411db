//! Tests of Retry: counts, delays, and what comes after.

use serde_json::{Value, json};

use super::MockTask::{Fails, Succeeds};
use super::TestRunner;
use super::driver::START;

fn machine(retry: Value, catch: Value) -> Value {
    json!({"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "Retry": retry, "Catch": catch, "Next": "E"},
        "E": {"Type": "Succeed"},
        "C": {"Type": "Pass", "Parameters": {"caught.$": "$.Error"}, "End": true},
    }})
}

/// The seconds at which a task that always fails with `errors` (the last again and again) is tried.
fn attempts(retry: Value, errors: &[&'static str]) -> Vec<f64> {
    let mut errors = errors.to_vec();
    errors.reverse();
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "C"}]);
    let runner = TestRunner::new(&machine(retry, catch))
        .script(move |_| {
            let error = if errors.len() > 1 {
                errors.pop().unwrap()
            } else {
                errors[0]
            };
            Fails(0.0, error, "c")
        })
        .run();
    let scheduled = runner
        .history
        .iter()
        .filter(|e| e.details.type_name() == "LambdaFunctionScheduled");
    scheduled
        .map(|e| (e.timestamp.0 - START.0) as f64 / 1000.0)
        .collect()
}

#[test]
fn a_retry_tells_its_story() {
    let machine = machine(
        json!([{"ErrorEquals": ["Boom"], "IntervalSeconds": 2}]),
        json!([]),
    );
    let machine = machine.to_string().replace(
        ",\"C\":{\"Type\":\"Pass\",\"Parameters\":{\"caught.$\":\"$.Error\"},\"End\":true}",
        "",
    );
    let machine: Value = serde_json::from_str(&machine).unwrap();
    TestRunner::new(&machine)
        .tasks([Fails(1.0, "Boom", "once"), Succeeds(1.0, json!("ok"))])
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {}
        0s 2<0 TaskStateEntered S {}
        0s 3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {}
        0s 4<3 LambdaFunctionStarted
        1s 5<4 LambdaFunctionFailed error=Boom cause=once
        3s 6<5 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {}
        3s 7<6 LambdaFunctionStarted
        4s 8<7 LambdaFunctionSucceeded "ok"
        4s 9<8 TaskStateExited S "ok"
        4s 10<9 SucceedStateEntered E "ok"
        4s 11<10 SucceedStateExited E "ok"
        4s 12<11 ExecutionSucceeded "ok"
        "#,
        );
}

#[test]
fn the_delays_are_as_declared() {
    let check = |rule: Value, expect: &[f64]| {
        let mut rule = rule;
        rule["ErrorEquals"] = json!(["States.ALL"]);
        assert_eq!(attempts(json!([rule]), &["Boom"]), expect, "{rule}");
    };
    check(json!({}), &[0.0, 1.0, 3.0, 7.0]);
    check(json!({"MaxAttempts": 0}), &[0.0]);
    check(json!({"MaxAttempts": 1, "IntervalSeconds": 5}), &[0.0, 5.0]);
    check(
        json!({"MaxAttempts": 3, "IntervalSeconds": 2, "BackoffRate": 1.5}),
        &[0.0, 2.0, 5.0, 9.5],
    );
    check(
        json!({"MaxAttempts": 4, "IntervalSeconds": 2, "MaxDelaySeconds": 5}),
        &[0.0, 2.0, 6.0, 11.0, 16.0],
    );
    check(
        json!({"MaxAttempts": 2, "JitterStrategy": "NONE"}),
        &[0.0, 1.0, 3.0],
    );
}

#[test]
fn full_jitter_shortens_the_delays_the_same_way_each_time() {
    let retry = json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "BackoffRate": 1,
        "JitterStrategy": "FULL", "MaxAttempts": 9}]);
    let times = attempts(retry.clone(), &["Boom"]);
    let delays: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(
        delays.iter().all(|d| (0.0..=10.0).contains(d)),
        "{delays:?}"
    );
    assert!(
        delays.iter().any(|d| *d < 5.0) && delays.iter().any(|d| *d > 5.0),
        "{delays:?}"
    );
    assert_eq!(attempts(retry, &["Boom"]), times);
}

#[test]
fn every_rule_counts_for_itself() {
    let retry = json!([
        {"ErrorEquals": ["A"], "IntervalSeconds": 10, "MaxAttempts": 1},
        {"ErrorEquals": ["B"], "IntervalSeconds": 100, "MaxAttempts": 2, "BackoffRate": 1},
    ]);
    assert_eq!(
        attempts(retry.clone(), &["A", "B", "B", "A"]),
        [0.0, 10.0, 110.0, 210.0]
    );
    assert_eq!(
        attempts(retry.clone(), &["B", "A", "A"]),
        [0.0, 100.0, 110.0]
    );
    assert_eq!(attempts(retry, &["X"]), [0.0]);
}

#[test]
fn counts_begin_anew_when_the_state_is_entered_again() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "Next": "S2",
              "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}]},
        "S2": {"Type": "Succeed"},
    }});
    let fail = || Fails(0.0, "E", "c");
    let runner = TestRunner::new(&machine)
        .tasks([fail(), fail(), fail(), Succeeds(0.0, json!("third time"))])
        .run();
    assert_eq!(runner.result(), json!("third time"));
}

#[test]
fn the_retry_count_is_in_the_context_object() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
              "Parameters": {"n.$": "$$.State.RetryCount"},
              "Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"]}]},
    }});
    let mut inputs = Vec::new();
    let runner = TestRunner::new(&machine)
        .script(move |request| {
            inputs.push(request.arguments.value()["n"].clone());
            match inputs.len() {
                1 => Fails(0.0, "A", "c"),
                2 => Fails(0.0, "B", "c"),
                _ => Succeeds(0.0, json!(inputs)),
            }
        })
        .run();
    assert_eq!(runner.result(), json!([0, 1, 2]));
}
