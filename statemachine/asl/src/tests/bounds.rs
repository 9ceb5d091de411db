//! Tests of quotas, and of the limits that keep a definition from exhausting the engine.

use serde_json::{Value, json};

use super::MockTask::Succeeds;
use super::TestRunner;
use super::driver::{START, identity};
use crate::{Effect, Event, EventKind, Execution, Outcome, StateMachine};

fn endless() -> Value {
    json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice",
            "Choices": [{"Variable": "$$.State.Name", "StringEquals": "C", "Next": "C"}],
            "Default": "A"},
        "C": {"Type": "Succeed"},
    }})
}

#[test]
fn a_history_ends_at_25_000_events() {
    let runner = TestRunner::new(&endless()).run();
    assert_eq!(runner.history.len(), 25_000);
    assert_eq!(runner.history.last().unwrap().id, 25_000);
    assert_eq!(
        runner.result(),
        json!(
            "States.Runtime: The execution reached the maximum number of history events (25000)."
        )
    );
}

#[test]
fn one_step_does_not_do_all_of_a_long_run() {
    let machine = StateMachine::parse(&endless().to_string()).unwrap();
    let (_, effects) = Execution::start(&machine, identity(), json!({}), START, 1);
    assert!(effects.len() < 1_100, "{}", effects.len());
    assert!(matches!(
        effects.last(),
        Some(Effect::SetTimer { at: START, .. })
    ));
}

#[test]
fn the_state_machine_may_have_a_timeout_of_its_own() {
    let machine = json!({"TimeoutSeconds": 5, "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}});
    TestRunner::new(&machine).run().tells(
        "
        0s 1<0 ExecutionStarted {}
        0s 2<0 WaitStateEntered W {}
        5s 3<0 ExecutionTimedOut
        ",
    );
}

/// Recorded on AWS: `stopDate` is the start and the timeout, and there is neither error nor cause.
#[test]
fn an_execution_timed_out_when_its_timer_fired_and_with_an_error() {
    let machine = json!({"TimeoutSeconds": 5, "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}});
    let machine = StateMachine::parse(&machine.to_string()).unwrap();
    let (mut execution, effects) = Execution::start(&machine, identity(), json!({}), START, 1);
    let timer = effects.iter().find_map(|effect| match effect {
        Effect::SetTimer { timer, at } if *at == START.plus_seconds(5.0) => Some(*timer),
        _ => None,
    });
    let kind = EventKind::TimerFired {
        timer: timer.unwrap(),
    };
    let effects = execution.step(
        &machine,
        Event {
            at: START.plus_seconds(7.0),
            kind,
        },
    );
    let Some(Effect::Record(event)) = effects.iter().find(|e| matches!(e, Effect::Record(_)))
    else {
        panic!("{effects:?}");
    };
    let expected = json!({
        "id": 3, "previousEventId": 0, "type": "ExecutionTimedOut",
            "executionTimedOutEventDetails": {},
        "timestamp": serde_json::to_value(event).unwrap()["timestamp"],
    });
    assert_eq!(serde_json::to_value(event).unwrap(), expected);
    assert_eq!(event.timestamp, START.plus_seconds(5.0));
    assert_eq!(execution.outcome(), Some(&Outcome::TimedOut {}));
}

#[test]
fn a_timeout_that_is_not_reached_is_forgotten() {
    let machine = json!({"TimeoutSeconds": 5, "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": true}}});
    let runner = TestRunner::new(&machine).run();
    assert!(
        runner
            .effects
            .iter()
            .any(|e| matches!(e, Effect::CancelTimer { .. }))
    );
}

#[test]
fn payloads_have_a_quota() {
    let text = "x".repeat(200_000);
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": true}}});
    let cause = "States.DataLimitExceeded: The state/task 'S' returned a result with a size \
                 exceeding the maximum number of bytes service limit.";
    assert_eq!(
        TestRunner::new(&machine).input(json!(text)).run().result(),
        json!(cause)
    );
}

#[test]
fn what_is_asked_of_a_task_has_the_quota_too() {
    let machine = json!({"StartAt": "S",
        "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"a.$": "$", "b.$": "$"}, "End": true}}});
    let runner = TestRunner::new(&machine)
        .input(json!("x".repeat(200_000)))
        .run();
    assert!(
        runner
            .result()
            .as_str()
            .unwrap()
            .starts_with("States.DataLimitExceeded: ")
    );
    assert!(
        !runner
            .effects
            .iter()
            .any(|e| matches!(e, Effect::StartTask { .. }))
    );
}

#[test]
fn a_payload_that_grows_deeper_with_each_turn_ends_the_execution() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Parameters": {"a.$": "$"}, "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}],
            "Default": "A"},
        "C": {"Type": "Succeed"},
    }});
    let result = TestRunner::new(&machine).run().result();
    assert!(
        result
            .as_str()
            .unwrap()
            .contains("nested more than 127 levels deep"),
        "{result}"
    );
}

#[test]
fn a_path_has_a_longest_length() {
    let path = format!("${}", ".a".repeat(200));
    let machine =
        json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "ResultPath": path, "End": true}}});
    let refused = StateMachine::parse(&machine.to_string()).unwrap_err();
    assert_eq!(
        refused.diagnostics[0].hint.as_deref(),
        Some("a path has at most 100 steps")
    );
}

#[test]
fn a_map_takes_thousands_of_items() {
    let machine = json!({"StartAt": "M",
        "States": {"M": {"Type": "Map", "End": true, "MaxConcurrency": 40,
        "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}}}}}});
    let items: Vec<u32> = (0..3_000).collect();
    let runner = TestRunner::new(&machine)
        .input(json!(items))
        .script(|r| Succeeds(0.0, r.arguments.value().clone()))
        .run();
    assert_eq!(runner.result(), json!(items));
}

/// A template that names a large value often was filled before its length was looked at: gigabytes.
#[test]
fn a_template_is_not_filled_beyond_all_bounds() {
    let fields: serde_json::Map<String, Value> = (0..2_000)
        .map(|n| (format!("f{n}.$"), json!("$")))
        .collect();
    let machine = json!({"StartAt": "S",
        "States": {"S": {"Type": "Pass", "Parameters": fields, "End": true}}});
    let cause = "States.DataLimitExceeded: The state/task 'S' returned a result with a size \
                 exceeding the maximum number of bytes service limit.";
    let runner = TestRunner::new(&machine)
        .input(json!("x".repeat(200_000)))
        .run();
    assert_eq!(runner.result(), json!(cause));
}
