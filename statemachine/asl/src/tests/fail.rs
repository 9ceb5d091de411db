//! Tests of Fail.

use serde_json::{Value, json};

use super::{TestRunner, check_state, runtime};

fn check(fields: Value, input: Value, expect: Value) {
    let mut state = json!({"Type": "Fail"});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    check_state(state, input, expect);
}

#[test]
fn a_fail_state_tells_its_story() {
    let machine = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "it \
        is"}}});
    TestRunner::new(&machine).run().tells(
        "
        0s 1<0 ExecutionStarted {}
        0s 2<0 FailStateEntered F {}
        0s 3<2 ExecutionFailed error=Bad cause=it is
        ",
    );
}

#[test]
fn error_and_cause_may_be_missing_or_found_by_path() {
    check(json!({}), json!({}), json!("-: -"));
    check(json!({"Error": "E"}), json!({}), json!("E: -"));
    check(
        json!({"ErrorPath": "$.e", "CausePath": "$.c"}),
        json!({"e": "E", "c": "C"}),
        json!("E: C"),
    );
    check(
        json!({"Error": "E", "CausePath": "$$.Execution.Name"}),
        json!({}),
        json!("E: E"),
    );
}

#[test]
fn error_and_cause_may_be_calls() {
    check(
        json!({"ErrorPath": "States.Format('{}Error', $.e)",
            "CausePath": "States.JsonToString($)"}),
        json!({"e": "My"}),
        json!("MyError: {\"e\":\"My\"}"),
    );
    check(
        json!({"CausePath": "States.Array()"}),
        json!({}),
        runtime("The CausePath field refers to value [] which is not a string: States.Array()"),
    );
}

#[test]
fn paths_must_lead_to_texts() {
    check(
        json!({"ErrorPath": "$.e"}),
        json!({"x": 1}),
        runtime(
            "The JSONPath '$.e' specified for the field 'ErrorPath' could not be found in the \
             input '{\"x\":1}'",
        ),
    );
    check(
        json!({"CausePath": "$.c"}),
        json!({"c": 1}),
        runtime("The CausePath field refers to value 1 which is not a string: $.c"),
    );
}
