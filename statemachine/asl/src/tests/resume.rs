//! Tests of executions that are restored after a restart.

use serde_json::{Value, json};

use super::driver::{START, identity, written_and_read};
use crate::{Effect, Event, EventKind, Execution, Payload, StateMachine, TaskId};

fn machine() -> StateMachine {
    StateMachine::parse(
        &json!({"TimeoutSeconds": 900, "StartAt": "S",
            "States": {"S": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "T", "States": {"T": {"Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
                "TimeoutSeconds": 30, "HeartbeatSeconds": 10, "End": true}}},
            {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}},
        ]}}})
        .to_string(),
    )
    .unwrap()
}

/// The tasks to start and the timers to set among the effects, timers last.
fn pending(effects: Vec<Effect>) -> Vec<Effect> {
    let (tasks, rest): (Vec<_>, Vec<_>) = effects
        .into_iter()
        .partition(|e| matches!(e, Effect::StartTask { .. }));
    let timers = rest
        .into_iter()
        .filter(|e| matches!(e, Effect::SetTimer { .. }));
    tasks.into_iter().chain(timers).collect()
}

#[test]
fn what_is_outstanding_is_what_was_asked_and_not_answered() {
    let machine = machine();
    let (execution, effects) = Execution::start(&machine, identity(), json!({}), START, 1);
    let outstanding = pending(effects);
    assert_eq!(outstanding.len(), 5);
    assert_eq!(written_and_read(&execution).outstanding(), outstanding);
}

#[test]
fn what_was_answered_is_not_asked_again() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    execution.step(
        &machine,
        Event {
            at: START,
            kind: EventKind::TaskSucceeded {
                task: TaskId(1),
                output: json!(1).into(),
            },
        },
    );
    let left = execution.outstanding();
    assert!(
        left.iter().all(|e| matches!(e, Effect::SetTimer { .. })),
        "{left:?}"
    );
    assert_eq!(left.len(), 2); // the Wait's and the execution's own
}

#[test]
fn an_answer_lost_its_spaces() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    let text = r#"{"b" : 1.0,  "a": [1, 2]}"#;
    let kind = EventKind::TaskSucceeded {
        task: TaskId(1),
        output: Payload::parse(text).unwrap(),
    };
    // By way of the journal.
    let event = serde_json::to_string(&Event { at: START, kind }).unwrap();
    let effects = execution.step(&machine, serde_json::from_str(&event).unwrap());
    let outputs: Vec<Value> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(event) => Some(serde_json::to_value(event).unwrap()),
            _ => None,
        })
        .collect();
    let succeeded = &outputs[1]["lambdaFunctionSucceededEventDetails"];
    let exited = &outputs[2]["stateExitedEventDetails"];
    assert_eq!([&succeeded["output"], &exited["output"]], [text, text]);
}

#[test]
fn a_task_that_starts_again_is_recorded_once() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    let started = || Event {
        at: START,
        kind: EventKind::TaskStarted {
            task: TaskId(1),
            worker: None,
        },
    };
    assert_eq!(execution.step(&machine, started()).len(), 1);
    assert_eq!(written_and_read(&execution).step(&machine, started()), []);
}

#[test]
fn a_request_that_was_accepted_is_waited_for_and_not_made_again() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    let submitted = || Event {
        at: START,
        kind: EventKind::TaskSubmitted {
            task: TaskId(1),
            output: json!(1).into(),
        },
    };
    assert_eq!(execution.step(&machine, submitted()).len(), 2); // started and submitted
    let mut resumed = written_and_read(&execution);
    let again = resumed.outstanding();
    assert!(
        matches!(&again[0], Effect::StartTask { request, .. } if request.submitted),
        "{again:?}"
    );
    assert_eq!(resumed.step(&machine, submitted()), []);
}

#[test]
fn nothing_is_outstanding_after_the_end() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    execution.step(
        &machine,
        Event {
            at: START,
            kind: EventKind::Stop {
                error: None,
                cause: None,
            },
        },
    );
    assert_eq!(execution.outstanding(), []);
    let late = Event {
        at: START,
        kind: EventKind::TaskSucceeded {
            task: TaskId(1),
            output: json!(1).into(),
        },
    };
    assert_eq!(execution.step(&machine, late), []);
}

#[test]
fn events_about_what_is_not_there_do_nothing() {
    let machine = machine();
    let (mut execution, _) = Execution::start(&machine, identity(), json!({}), START, 1);
    let before = execution.clone();
    let task = TaskId(77);
    for kind in [
        EventKind::TaskStarted { task, worker: None },
        EventKind::TaskSubmitted {
            task,
            output: json!(1).into(),
        },
        EventKind::TaskSucceeded {
            task,
            output: json!(1).into(),
        },
        EventKind::TaskHeartbeat { task },
        EventKind::TimerFired {
            timer: crate::TimerId(77),
        },
    ] {
        assert_eq!(execution.step(&machine, Event { at: START, kind }), []);
    }
    assert_eq!(execution, before);
}
