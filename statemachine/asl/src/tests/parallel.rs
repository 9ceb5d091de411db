//! Tests of Parallel: joining, failing, nesting.

use serde_json::{Value, json};

use super::MockTask::{Fails, Succeeds};
use super::TestRunner;
use crate::{Effect, TaskId};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

fn branch(name: &str, state: Value) -> Value {
    let mut state = state;
    if state["Type"] != "Fail" {
        state["End"] = true.into();
    }
    json!({"StartAt": name, "States": {name: state}})
}

fn machine(fields: Value, branches: Value) -> Value {
    let mut state = json!({"Type": "Parallel", "Branches": branches, "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"StartAt": "S", "States": {"S": state}})
}

#[test]
fn a_parallel_state_tells_its_story() {
    let two = json!({"StartAt": "B1", "States": {
        "B1": {"Type": "Pass", "Result": 1, "Next": "B2"},
            "B2": {"Type": "Pass", "Result": 2, "End": true}}});
    let machine = machine(
        json!({}),
        json!([branch("A", json!({"Type": "Pass"})), two]),
    );
    TestRunner::new(&machine).input(json!("x")).run().tells(
        r#"
        0s 1<0 ExecutionStarted "x"
        0s 2<0 ParallelStateEntered S "x"
        0s 3<2 ParallelStateStarted
        0s 4<3 PassStateEntered A "x"
        0s 5<4 PassStateExited A "x"
        0s 6<3 PassStateEntered B1 "x"
        0s 7<6 PassStateExited B1 1
        0s 8<7 PassStateEntered B2 1
        0s 9<8 PassStateExited B2 2
        0s 10<9 ParallelStateSucceeded
        0s 11<9 ParallelStateExited S ["x",2]
        0s 12<11 ExecutionSucceeded ["x",2]
        "#,
    );
}

#[test]
fn a_branch_that_fails_takes_the_others_with_it() {
    let branches = json!([
        branch("T", json!({"Type": "Task", "Resource": FUNCTION})),
        branch("W", json!({"Type": "Wait", "Seconds": 60})),
        branch("U", json!({"Type": "Task", "Resource": FUNCTION})),
    ]);
    let runner = TestRunner::new(&machine(json!({}), branches))
        .tasks([Succeeds(9.0, json!(1)), Fails(1.0, "Boom", "c")])
        .run();
    runner.tells(
        "
        0s 1<0 ExecutionStarted {}
        0s 2<0 ParallelStateEntered S {}
        0s 3<2 ParallelStateStarted
        0s 4<3 TaskStateEntered T {}
        0s 5<4 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {}
        0s 6<3 WaitStateEntered W {}
        0s 7<3 TaskStateEntered U {}
        0s 8<7 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f {}
        0s 9<5 LambdaFunctionStarted
        0s 10<8 LambdaFunctionStarted
        1s 11<10 LambdaFunctionFailed error=Boom cause=c
        1s 12<11 TaskStateAborted
        1s 13<11 TaskStateAborted
        1s 14<11 WaitStateAborted
        1s 15<11 ParallelStateFailed
        1s 16<15 ExecutionFailed error=Boom cause=c
        ",
    );
    assert!(
        runner
            .effects
            .contains(&Effect::CancelTask { task: TaskId(1) })
    );
    assert!(
        runner
            .effects
            .iter()
            .any(|e| matches!(e, Effect::CancelTimer { .. }))
    );
}

#[test]
fn a_retry_begins_all_branches_anew() {
    let retry = json!({"Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 3}]});
    let machine = machine(
        retry,
        json!([branch("F", json!({"Type": "Fail", "Error": "E"}))]),
    );
    TestRunner::new(&machine).run().tells(
        "
        0s 1<0 ExecutionStarted {}
        0s 2<0 ParallelStateEntered S {}
        0s 3<2 ParallelStateStarted
        0s 4<3 FailStateEntered F {}
        3s 5<4 ParallelStateStarted
        3s 6<5 FailStateEntered F {}
        3s 7<6 ParallelStateFailed
        3s 8<7 ExecutionFailed error=E
        ",
    );
}

#[test]
fn a_failure_climbs_to_the_first_catcher() {
    let inner = json!({"StartAt": "M",
        "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemProcessor": {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Deep", "Cause": "down"}}}}}});
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Parallel", "End": true, "Branches": [inner],
              "Catch": [{"ErrorEquals": ["Deep"], "ResultPath": "$.why", "Next": "C"}]},
        "C": {"Type": "Pass", "InputPath": "$.why", "End": true},
    }});
    let runner = TestRunner::new(&machine).input(json!({"items": [1]})).run();
    runner.tells(
        r#"
        0s 1<0 ExecutionStarted {"items":[1]}
        0s 2<0 ParallelStateEntered S {"items":[1]}
        0s 3<2 ParallelStateStarted
        0s 4<3 MapStateEntered M {"items":[1]}
        0s 5<4 MapStateStarted length=1
        0s 6<5 MapIterationStarted M index=0
        0s 7<6 FailStateEntered F 1
        0s 8<7 MapIterationFailed M index=0
        0s 9<7 MapStateFailed
        0s 10<9 MapStateAborted
        0s 11<9 ParallelStateFailed
        0s 12<11 ParallelStateExited S {"items":[1],"why":{"Error":"Deep","Cause":"down"}}
        0s 13<12 PassStateEntered C {"items":[1],"why":{"Error":"Deep","Cause":"down"}}
        0s 14<13 PassStateExited C {"Error":"Deep","Cause":"down"}
        0s 15<14 ExecutionSucceeded {"Error":"Deep","Cause":"down"}
        "#,
    );
}

#[test]
fn a_runtime_error_in_a_branch_failed_the_parallel_state_too() {
    let broken = || branch("P", json!({"Type": "Pass", "InputPath": "$.no"}));
    let wait = branch("W", json!({"Type": "Wait", "Seconds": 9}));
    let cause = "An error occurred while executing the state 'P' (entered at the event id #5). \
                 Invalid path '$.no' : No results for path: $['no']";
    let runner = TestRunner::new(&machine(json!({}), json!([wait, broken()]))).run();
    let story = format!(
        "0s 1<0 ExecutionStarted {{}}\n\
         0s 2<0 ParallelStateEntered S {{}}\n\
         0s 3<2 ParallelStateStarted\n\
         0s 4<3 WaitStateEntered W {{}}\n\
         0s 5<3 PassStateEntered P {{}}\n\
         0s 6<5 ExecutionFailed error=States.Runtime cause={cause}\n"
    );
    assert_eq!(runner.story(), story);
}

#[test]
fn a_runtime_error_is_not_caught_on_its_way_up() {
    let catch = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]});
    let mut machine = machine(
        catch,
        json!([branch("P", json!({"Type": "Pass", "InputPath": "$.no"}))]),
    );
    machine["States"]["C"] = json!({"Type": "Succeed"});
    let text = "States.Runtime: An error occurred while executing the state 'P' (entered at the \
                event id #4). Invalid path '$.no' : No results for path: $['no']";
    assert_eq!(TestRunner::new(&machine).run().result(), json!(text));
}

#[test]
fn parameters_and_results_are_shaped() {
    let fields = json!({"Parameters": {"v.$": "$.a"}, "ResultSelector": {"r.$": "$[*].v"}, "ResultPath": "$.out"});
    let pass = || json!({"Type": "Pass"});
    let machine = machine(fields, json!([branch("A", pass()), branch("B", pass())]));
    assert_eq!(
        TestRunner::new(&machine)
            .input(json!({"a": 5}))
            .run()
            .result(),
        json!({"a": 5, "out": {"r": [5, 5]}})
    );
}

#[test]
fn stopping_gives_up_everything() {
    let branches = json!([
        branch(
            "T",
            json!({"Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 99})
        ),
        branch("W", json!({"Type": "Wait", "Seconds": 60})),
    ]);
    let runner = TestRunner::new(&machine(json!({}), branches))
        .tasks([Succeeds(9.0, json!(1))])
        .stop_at(2.0)
        .run();
    assert_eq!(runner.result(), json!("ABORTED Stopped: -"));
    assert!(
        runner
            .story()
            .ends_with("2s 8<0 ExecutionAborted error=Stopped\n"),
        "{}",
        runner.story()
    );
    let gone = runner
        .effects
        .iter()
        .filter(|e| matches!(e, Effect::CancelTask { .. } | Effect::CancelTimer { .. }));
    assert_eq!(gone.count(), 3);
}
