//! Tests of Task: functions, activities and service integrations; timeouts; results.

use serde_json::{Value, json};

use super::MockTask::{Fails, FailsSilently, Hangs, Heartbeats, Submits, Succeeds};
use super::{TestRunner, runtime};
use crate::{Effect, Event, EventKind, Execution, FailureStage, Resource, StateMachine, TaskId};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";
const INVOKE: &str = "arn:aws:states:::lambda:invoke";

fn machine(fields: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": FUNCTION, "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"StartAt": "S", "States": {"S": state}})
}

#[test]
fn a_function_tells_its_story() {
    TestRunner::new(&machine(json!({}))).input(json!({"n": 1})).tasks([Succeeds(0.2,
        json!([2]))]).run().tells(
        r#"
        0s 1<0 ExecutionStarted {"n":1}
        0s 2<0 TaskStateEntered S {"n":1}
        0s 3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {"n":1}
        0s 4<3 LambdaFunctionStarted
        0.2s 5<4 LambdaFunctionSucceeded [2]
        0.2s 6<5 TaskStateExited S [2]
        0.2s 7<6 ExecutionSucceeded [2]
        "#,
    );
}

#[test]
fn a_function_that_fails_fails_the_execution() {
    TestRunner::new(&machine(json!({})))
        .tasks([Fails(0.1, "Boom", "it did")])
        .run()
        .tells(
            "
        0s 1<0 ExecutionStarted {}
        0s 2<0 TaskStateEntered S {}
        0s 3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {}
        0s 4<3 LambdaFunctionStarted
        0.1s 5<4 LambdaFunctionFailed error=Boom cause=it did
        0.1s 6<5 ExecutionFailed error=Boom cause=it did
        ",
        );
}

#[test]
fn a_service_integration_tells_its_story() {
    let task = json!({"Resource": INVOKE, "TimeoutSeconds": 9,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}});
    TestRunner::new(&machine(task)).input(json!({"n": 1})).tasks([Succeeds(1.0,
        json!({"Payload": 2}))]).run().tells(
        r#"
        0s 1<0 ExecutionStarted {"n":1}
        0s 2<0 TaskStateEntered S {"n":1}
        0s 3<2 TaskScheduled resource=invoke {"FunctionName":"f","Payload":{"n":1}} timeoutInSeconds=9
        0s 4<3 TaskStarted resource=invoke
        1s 5<4 TaskSucceeded resource=invoke {"Payload":2}
        1s 6<5 TaskStateExited S {"Payload":2}
        1s 7<6 ExecutionSucceeded {"Payload":2}
        "#,
    );
}

#[test]
fn a_callback_tells_its_story() {
    let task = json!({
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"MessageBody": {"Token.$": "$$.Task.Token"}},
        "ResultPath": null,
    });
    let runner = TestRunner::new(&machine(task))
        .script(|request| {
            let token = request.token.as_deref().expect("a token");
            assert_eq!(request.arguments.value()["MessageBody"]["Token"], token);
            Submits(
                json!({"MessageId": "m"}),
                Box::new(Succeeds(60.0, json!("done"))),
            )
        })
        .run();
    let types: Vec<String> = runner
        .history
        .iter()
        .map(|event| event.details.type_name())
        .collect();
    assert_eq!(
        types[2..6],
        [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded"
        ]
    );
    assert_eq!(
        serde_json::to_value(&runner.history[4]).unwrap()["taskSubmittedEventDetails"],
        json!({
            "resource": "sendMessage.waitForTaskToken", "resourceType": "sqs",
            "output": "{\"MessageId\":\"m\"}", "outputDetails": {"truncated": false},
        })
    );
    assert_eq!(runner.result(), json!({}));
}

#[test]
fn the_wire_shape_of_a_scheduled_task() {
    let task =
        json!({"Resource": INVOKE, "Credentials": {"RoleArn.$": "$.role"}, "HeartbeatSeconds": 5});
    let runner = TestRunner::new(&machine(task))
        .input(json!({"role": "arn:r"}))
        .tasks([Succeeds(0.0, json!(1))])
        .run();
    assert_eq!(
        serde_json::to_value(&runner.history[2]).unwrap(),
        json!({
            "timestamp": 1_795_219_200.0, "type": "TaskScheduled", "id": 3, "previousEventId": 2,
            "taskScheduledEventDetails": {
                "resourceType": "lambda", "resource": "invoke", "region": "us-east-1",
                    "parameters": "{\"role\":\"arn:r\"}",
                "heartbeatInSeconds": 5, "taskCredentials": {"roleArn": "arn:r"},
            },
        })
    );
}

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";

/// The events that an activity's task records when these things happen to it.
fn activity(happens: impl IntoIterator<Item = EventKind>) -> Vec<Value> {
    let machine = StateMachine::parse(&machine(json!({"Resource": ACTIVITY})).to_string()).unwrap();
    let (identity, at) = (super::driver::identity(), super::driver::START);
    let (mut execution, effects) = Execution::start(&machine, identity, json!(1), at, 1);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::StartTask { request, .. } => Some(request),
        _ => None,
    });
    let arn = ACTIVITY.to_owned();
    assert_eq!(request.unwrap().resource, Resource::Activity { arn });
    assert!(crate::is_task_token(
        request.unwrap().token.as_deref().unwrap()
    ));
    let effects = happens
        .into_iter()
        .flat_map(|kind| execution.step(&machine, Event { at, kind }));
    effects
        .filter_map(|effect| match effect {
            Effect::Record(event) => Some(serde_json::to_value(event).unwrap()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_activity_names_its_worker() {
    let task = TaskId(1);
    let (worker, output) = (Some("w".into()), json!(2).into());
    let records = activity([
        EventKind::TaskScheduled { task },
        EventKind::TaskStarted { task, worker },
        EventKind::TaskSucceeded { task, output },
    ]);
    assert_eq!(records[0]["type"], "ActivityScheduled");
    assert_eq!(
        records[0]["activityScheduledEventDetails"]["resource"],
        ACTIVITY
    );
    assert_eq!(records[1]["type"], "ActivityStarted");
    assert_eq!(
        records[1]["activityStartedEventDetails"],
        json!({"workerName": "w"})
    );
    assert_eq!(records[2]["activitySucceededEventDetails"]["output"], "2");
}

#[test]
fn an_activity_that_does_not_exist_is_never_scheduled() {
    let records = activity([EventKind::TaskFailed {
        task: TaskId(1),
        stage: crate::FailureStage::Schedule,
        error: None,
        cause: Some(format!("The activity {ACTIVITY} does not exist.")),
    }]);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["previousEventId"], 2);
    assert_eq!(
        records[0]["executionFailedEventDetails"],
        json!({
            "error": "States.Runtime",
            "cause": format!(
                "An error occurred while executing the state 'S' (entered at the event id #2). \
                 The activity {ACTIVITY} does not exist."
            ),
        })
    );
}

#[test]
fn a_worker_keeps_its_task_over_a_restart() {
    let machine = StateMachine::parse(&machine(json!({"Resource": ACTIVITY})).to_string()).unwrap();
    let (identity, at) = (super::driver::identity(), super::driver::START);
    let (mut execution, _) = Execution::start(&machine, identity, json!(1), at, 1);
    let taken = |execution: &Execution| match &execution.outstanding()[..] {
        [Effect::StartTask { request, .. }] => request.submitted,
        other => panic!("{other:?}"),
    };
    assert!(!taken(&execution));
    let (task, worker) = (TaskId(1), None);
    let kind = EventKind::TaskStarted { task, worker };
    execution.step(&machine, Event { at, kind });
    assert!(taken(&execution));
}

#[test]
fn results_are_shaped() {
    let check = |fields: Value, expect: Value| {
        let runner = TestRunner::new(&machine(fields))
            .input(json!({"a": 1}))
            .tasks([Succeeds(0.0, json!({"r": [1, 2]}))])
            .run();
        assert_eq!(runner.result(), expect);
    };
    check(
        json!({"ResultSelector": {"first.$": "$.r[0]"}}),
        json!({"first": 1}),
    );
    check(
        json!({"ResultSelector": {"x.$": "$.r"}, "ResultPath": "$.b"}),
        json!({"a": 1, "b": {"x": [1, 2]}}),
    );
    check(
        json!({"ResultPath": "$.b", "OutputPath": "$.b.r"}),
        json!([1, 2]),
    );
    check(json!({"ResultPath": null}), json!({"a": 1}));
    check(
        json!({"ResultPath": "$.b", "OutputPath": "$.b.r[?(@ > 1)]"}),
        json!([2]),
    );
    check(
        json!({"ResultSelector": {"x.$": "$.no"}}),
        runtime(
            "The JSONPath '$.no' specified for the field 'x.$' could not be found in the input \
             '{\"r\":[1,2]}'",
        ),
    );
}

#[test]
fn a_task_that_hangs_is_timed_out_and_canceled() {
    let runner = TestRunner::new(&machine(json!({"Resource": INVOKE, "TimeoutSeconds": 5})))
        .tasks([Succeeds(9.0, json!(1))])
        .run();
    runner.tells(
        "
        0s 1<0 ExecutionStarted {}
        0s 2<0 TaskStateEntered S {}
        0s 3<2 TaskScheduled resource=invoke {} timeoutInSeconds=5
        0s 4<3 TaskStarted resource=invoke
        5s 5<4 TaskTimedOut resource=invoke error=States.Timeout
        5s 6<5 ExecutionFailed error=States.Timeout
        ",
    );
    assert!(
        runner
            .effects
            .contains(&Effect::CancelTask { task: TaskId(1) })
    );
}

#[test]
fn limits_may_come_from_paths() {
    let task = json!({"TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h"});
    let runner = TestRunner::new(&machine(task.clone()))
        .input(json!({"t": 7, "h": 3}))
        .tasks([Hangs])
        .run();
    assert_eq!(runner.result(), json!("States.HeartbeatTimeout: -"));
    assert_eq!(
        runner.history.last().unwrap().timestamp,
        super::driver::START.plus_seconds(3.0)
    );

    let check = |input: Value, message: &str| {
        assert_eq!(
            TestRunner::new(&machine(task.clone()))
                .input(input)
                .run()
                .result(),
            runtime(message)
        );
    };
    check(
        json!({"h": 3}),
        "Invalid path '$.t' : No results for path: $['t']",
    );
    check(
        json!({"t": "x"}),
        "The TimeoutSecondsPath field refers to value \"x\" which is not a valid integer: $.t",
    );
    check(json!({"t": -1}), "TimeoutSeconds cannot be negative.");
}

#[test]
fn heartbeats_keep_a_task_alive() {
    let task = machine(json!({"HeartbeatSeconds": 10}));
    let alive = TestRunner::new(&task)
        .tasks([Heartbeats(9.0, 5, Box::new(Succeeds(1.0, json!("ok"))))])
        .run();
    assert_eq!(alive.result(), json!("ok"));
    let silent = TestRunner::new(&task)
        .tasks([Heartbeats(9.0, 2, Box::new(Succeeds(11.0, json!("late"))))])
        .run();
    assert_eq!(silent.result(), json!("States.HeartbeatTimeout: -"));
    assert_eq!(
        silent.history.last().unwrap().timestamp,
        super::driver::START.plus_seconds(28.0)
    );
}

#[test]
fn a_result_over_the_quota_is_a_failed_task() {
    let check = |resource: &str, called: &str, event: &str| {
        let big = json!("x".repeat(262_143));
        let runner = TestRunner::new(&machine(json!({"Resource": resource})))
            .tasks([Succeeds(0.0, big)])
            .run();
        let cause = format!(
            "States.DataLimitExceeded: The state/task '{called}' returned a result with a size \
             exceeding the maximum number of bytes service limit."
        );
        assert_eq!(runner.result(), json!(cause));
        assert_eq!(runner.history[4].details.type_name(), event);
    };
    check(FUNCTION, FUNCTION, "LambdaFunctionFailed");
    check(INVOKE, "lambda", "TaskFailed");
}

#[test]
fn catchers_see_error_and_cause_in_the_input() {
    let caught = |catch: Value, answer| {
        let machine = json!({"StartAt": "S", "States": {
            "S": {"Type": "Task", "Resource": FUNCTION, "End": true, "Catch": [catch]},
            "C": {"Type": "Pass", "End": true},
        }});
        TestRunner::new(&machine)
            .input(json!({"a": 1}))
            .tasks([answer])
            .run()
            .result()
    };
    let all = json!({"ErrorEquals": ["States.ALL"], "Next": "C"});
    assert_eq!(
        caught(all.clone(), Fails(0.0, "E", "c")),
        json!({"Error": "E", "Cause": "c"})
    );
    assert_eq!(
        caught(all, FailsSilently),
        json!({"Error": null, "Cause": null})
    );
    let into = json!({"ErrorEquals": ["X", "E"], "Next": "C", "ResultPath": "$.e"});
    assert_eq!(
        caught(into.clone(), Fails(0.0, "E", "c")),
        json!({"a": 1, "e": {"Error": "E", "Cause": "c"}})
    );
    assert_eq!(caught(into, Fails(0.0, "Y", "c")), json!("Y: c"));
    let dropped = json!({"ErrorEquals": ["States.TaskFailed"], "Next": "C", "ResultPath": null});
    assert_eq!(caught(dropped, Fails(0.0, "E", "c")), json!({"a": 1}));
}

#[test]
fn a_caught_failure_tells_its_story() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": INVOKE, "End": true, "Catch": [
            {"ErrorEquals": ["Other"], "Next": "B"},
            {"ErrorEquals": ["States.ALL"], "Next": "B", "ResultPath": "$.e"},
        ]},
        "B": {"Type": "Pass", "InputPath": "$.e.Error", "End": true},
    }});
    TestRunner::new(&machine)
        .tasks([Fails(1.0, "Boom", "c")])
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {}
        0s 2<0 TaskStateEntered S {}
        0s 3<2 TaskScheduled resource=invoke {}
        0s 4<3 TaskStarted resource=invoke
        1s 5<4 TaskFailed resource=invoke error=Boom cause=c
        1s 6<5 TaskStateExited S {"e":{"Error":"Boom","Cause":"c"}}
        1s 7<6 PassStateEntered B {"e":{"Error":"Boom","Cause":"c"}}
        1s 8<7 PassStateExited B "Boom"
        1s 9<8 ExecutionSucceeded "Boom"
        "#,
        );
}

#[test]
fn the_stage_of_a_failure_is_in_the_event_type() {
    let check = |resource: &str, stage: FailureStage, expect: &[&str]| {
        let machine =
            StateMachine::parse(&machine(json!({"Resource": resource})).to_string()).unwrap();
        let (mut execution, _) = Execution::start(
            &machine,
            super::driver::identity(),
            json!(1),
            super::driver::START,
            1,
        );
        let kind = EventKind::TaskFailed {
            task: TaskId(1),
            stage,
            error: Some("E".into()),
            cause: None,
        };
        let effects = execution.step(
            &machine,
            Event {
                at: super::driver::START,
                kind,
            },
        );
        let types: Vec<String> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Record(event) => Some(event.details.type_name()),
                _ => None,
            })
            .collect();
        assert_eq!(types, expect);
    };
    check(
        FUNCTION,
        FailureStage::Schedule,
        &["LambdaFunctionScheduleFailed", "ExecutionFailed"],
    );
    check(
        FUNCTION,
        FailureStage::Start,
        &["LambdaFunctionStartFailed", "ExecutionFailed"],
    );
    check(
        INVOKE,
        FailureStage::Start,
        &["TaskStartFailed", "ExecutionFailed"],
    );
    check(
        INVOKE,
        FailureStage::Submit,
        &["TaskStarted", "TaskSubmitFailed", "ExecutionFailed"],
    );
    check(
        INVOKE,
        FailureStage::Run,
        &["TaskStarted", "TaskFailed", "ExecutionFailed"],
    );
}
