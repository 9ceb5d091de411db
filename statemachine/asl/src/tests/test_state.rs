//! Tests of TestState: the result of one state, and the inspection data.

use serde_json::{Value, json};

use crate::test_state::TestEnvironment;
use crate::{
    Configuration, EventKind, Failure, InspectionLevel, Mock, TestRequest, TestState,
    TestStateError, Timestamp,
};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";
const LAMBDA: &str = "arn:aws:states:::lambda:invoke";

fn request(state: Value, input: Value) -> TestRequest {
    TestRequest {
        definition: state.to_string(),
        input: Some(input.to_string()),
        role_arn: Some(ROLE.into()),
        inspection_level: InspectionLevel::Debug,
        ..TestRequest::default()
    }
}

fn start(request: TestRequest) -> Result<TestState, TestStateError> {
    let setting = TestEnvironment {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        at: Timestamp(1_000),
        seed: 1,
        evaluator: None,
    };
    TestState::start(&request, &setting)
}

fn result_of(request: TestRequest) -> Value {
    let test = start(request).unwrap();
    assert!(test.task().is_none());
    test.finish()
}

fn refused(request: TestRequest) -> String {
    start(request).unwrap_err().to_string()
}

fn gives(result: Value) -> Option<Mock> {
    Some(Mock {
        result: Some(result.to_string()),
        ..Mock::default()
    })
}

fn fails(error: &str) -> Option<Mock> {
    Some(Mock {
        error_output: Some(Failure {
            error: Some(error.into()),
            cause: Some("because".into()),
        }),
        ..Mock::default()
    })
}

#[test]
fn a_pass_state_tells_what_its_data_goes_through() {
    let state = json!({"Type": "Pass", "InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.r", "OutputPath": "$.r", "Next": "N"});
    assert_eq!(
        result_of(request(state, json!({"a": {"b": 7}}))),
        json!({
            "status": "SUCCEEDED",
            "nextState": "N",
            "output": r#"{"x":7}"#,
            "inspectionData": {
                "input": r#"{"a":{"b":7}}"#,
                "afterInputPath": r#"{"b":7}"#,
                "afterParameters": r#"{"x":7}"#,
                "afterResultSelector": r#"{"x":7}"#,
                "afterResultPath": r#"{"a":{"b":7},"r":{"x":7}}"#,
            },
        })
    );
    let fixed = json!({"Type": "Pass", "Result": 1, "End": true});
    assert_eq!(
        result_of(request(fixed, json!({})))["inspectionData"],
        json!({"input": "{}", "result": "1", "afterResultSelector": "1", "afterResultPath": "1"})
    );
}

#[test]
fn states_without_a_result_tell_only_their_input() {
    let check = |state: Value, expect: Value| {
        let mut got = result_of(request(state.clone(), json!({"n": 1})));
        let data = got["inspectionData"].take();
        assert_eq!(
            data,
            json!({"input": r#"{"n":1}"#, "afterInputPath": r#"{"n":1}"#}),
            "{state}"
        );
        got.as_object_mut().unwrap().remove("inspectionData");
        assert_eq!(got, expect, "{state}");
    };
    check(
        json!({"Type": "Succeed"}),
        json!({"status": "SUCCEEDED", "output": r#"{"n":1}"#}),
    );
    check(
        json!({"Type": "Fail", "Error": "E", "Cause": "C"}),
        json!({"status": "FAILED", "error": "E", "cause": "C"}),
    );
    check(
        json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}], "Default": "Other"}),
        json!({"status": "SUCCEEDED", "output": r#"{"n":1}"#, "nextState": "One"}),
    );
    check(
        json!({"Type": "Wait", "Seconds": 86400, "End": true}),
        json!({"status": "SUCCEEDED", "output": r#"{"n":1}"#}),
    );
}

#[test]
fn the_level_says_whether_there_is_inspection_data() {
    let mut info = request(json!({"Type": "Succeed"}), json!({}));
    info.inspection_level = InspectionLevel::Info;
    assert_eq!(
        result_of(info),
        json!({"status": "SUCCEEDED", "output": "{}"})
    );
}

#[test]
fn a_mocked_task_runs_nothing() {
    let state = json!({"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "ResultSelector": {"p.$": "$.Payload"}, "ResultPath": "$.r", "End": true});
    let mut mocked = request(state, json!({"n": 1}));
    mocked.mock = gives(json!({"Payload": 5}));
    mocked.role_arn = None;
    assert_eq!(
        result_of(mocked),
        json!({
            "status": "SUCCEEDED",
            "output": r#"{"n":1,"r":{"p":5}}"#,
            "inspectionData": {
                "input": r#"{"n":1}"#,
                "afterInputPath": r#"{"n":1}"#,
                "afterParameters": r#"{"FunctionName":"f","Payload":{"n":1}}"#,
                "result": r#"{"Payload":5}"#,
                "afterResultSelector": r#"{"p":5}"#,
                "afterResultPath": r#"{"n":1,"r":{"p":5}}"#,
            },
        })
    );
}

#[test]
fn a_real_task_is_handed_out() {
    let state = json!({"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 5,
        "Parameters": {"FunctionName": "f"}, "End": true});
    let mut test = start(request(state, json!({}))).unwrap();
    let (task, request) = test.task().unwrap();
    assert_eq!(request.arguments.text(), r#"{"FunctionName":"f"}"#);
    let output = json!({"Payload": 1}).into();
    test.resume(EventKind::TaskSucceeded { task, output });
    assert!(test.task().is_none());
    let outcome = test.finish();
    assert_eq!(
        (&outcome["status"], &outcome["output"]),
        (&json!("SUCCEEDED"), &json!(r#"{"Payload":1}"#))
    );
}

fn with_handlers() -> Value {
    json!({
        "Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f"}, "Next": "N",
        "Retry": [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3}],
        "Catch": [{"ErrorEquals": ["Gone"], "Next": "A"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B"}],
    })
}

#[test]
fn an_error_is_retried_while_attempts_are_left() {
    let test = |retries: u32| {
        let mut test = request(with_handlers(), json!({}));
        test.mock = fails("Busy");
        test.configuration.retrier_retry_count = Some(retries);
        result_of(test)
    };
    let retried = test(2);
    assert_eq!(retried["status"], "RETRIABLE");
    assert_eq!(
        (&retried["error"], &retried["cause"]),
        (&json!("Busy"), &json!("because"))
    );
    assert_eq!(
        retried["inspectionData"]["errorDetails"],
        json!({"retryIndex": 1, "retryBackoffIntervalSeconds": 8})
    );
    let caught = test(3);
    assert_eq!(
        (&caught["status"], &caught["nextState"]),
        (&json!("CAUGHT_ERROR"), &json!("B"))
    );
    assert_eq!(
        caught["inspectionData"]["errorDetails"],
        json!({"retryIndex": 1, "catchIndex": 1})
    );
}

#[test]
fn a_caught_error_is_told_with_its_output() {
    let mut test = request(with_handlers(), json!({"n": 1}));
    test.mock = fails("Gone");
    test.inspection_level = InspectionLevel::Info;
    assert_eq!(
        result_of(test),
        json!({
            "status": "CAUGHT_ERROR", "nextState": "A", "error": "Gone", "cause": "because",
            "output": r#"{"Error":"Gone","Cause":"because"}"#,
        })
    );
}

#[test]
fn what_the_engine_notices_is_told_without_a_history() {
    let state = json!({"Type": "Pass", "InputPath": "$.nope", "End": true});
    let outcome = result_of(request(state, json!({})));
    assert_eq!(
        (&outcome["status"], &outcome["error"]),
        (&json!("FAILED"), &json!("States.Runtime"))
    );
    assert!(
        outcome["cause"]
            .as_str()
            .unwrap()
            .starts_with("Invalid path '$.nope'"),
        "{outcome}"
    );
}

fn map(extra: Value) -> Value {
    let mut map = json!({
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "End": true,
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
    });
    for (name, value) in extra.as_object().unwrap() {
        map[name] = value.clone();
    }
    map
}

#[test]
fn a_mocked_map_finds_its_items_and_runs_none() {
    let mut test = request(map(json!({})), json!({"items": [1, 2]}));
    test.mock = gives(json!(["a", "b"]));
    assert_eq!(
        result_of(test),
        json!({
            "status": "SUCCEEDED",
            "output": r#"["a","b"]"#,
            "inspectionData": {
                "input": r#"{"items":[1,2]}"#,
                "afterInputPath": r#"{"items":[1,2]}"#,
                "afterItemsPath": "[1,2]",
                "afterResultSelector": r#"["a","b"]"#,
                "afterResultPath": r#"["a","b"]"#,
                "maxConcurrency": 3,
            },
        })
    );
    let mut wrong = request(map(json!({})), json!({"items": 7}));
    wrong.mock = gives(json!([]));
    let wrong = result_of(wrong);
    assert_eq!(
        wrong["cause"],
        "Reference path \"$.items\" must point to array."
    );
    assert_eq!(wrong["inspectionData"].as_object().unwrap().len(), 2);
}

#[test]
fn a_mocked_parallel_gives_one_result_a_branch() {
    let branch =
        |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    let state = json!({"Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true});
    let test = |result: Value| {
        let mut test = request(state.clone(), json!({}));
        test.mock = gives(result);
        test
    };
    assert_eq!(result_of(test(json!([1, 2])))["output"], "[1,2]");
    assert_eq!(refused(test(json!(1))), "Mocked result must be an array.");
    assert_eq!(
        refused(test(json!([1]))),
        "Mocked result must contain the same number of items as number of Parallel branches."
    );
}

#[test]
fn the_context_object_is_made_or_given() {
    let state =
        json!({"Type": "Task", "Resource": LAMBDA, "Parameters": {"c.$": "$$"}, "End": true});
    let seen = |context: Option<Value>| {
        let mut test = request(state.clone(), json!({"n": 1}));
        test.mock = gives(json!({}));
        test.context = context.map(|context| context.to_string());
        let outcome = result_of(test);
        let text = outcome["inspectionData"]["afterParameters"]
            .as_str()
            .unwrap();
        serde_json::from_str::<Value>(text).unwrap()["c"].clone()
    };
    let made = seen(None);
    assert_eq!(made["Execution"]["Input"], json!({"n": 1}));
    assert_eq!(made["Execution"]["RoleArn"], ROLE);
    assert_eq!(
        (&made["State"]["Name"], &made["State"]["RetryCount"]),
        (&json!("StateName"), &json!(0))
    );
    assert!(
        made["Execution"]["Id"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:states:us-east-1:123456789012:express:")
    );
    let context = json!({"Execution": {"Name": "e"}, "State": {}});
    assert_eq!(seen(Some(context.clone())), context);
}

#[test]
fn contexts_are_checked() {
    let check = |context: &str, expect: &str| {
        let state = json!({"Type": "Task", "Resource": LAMBDA, "End": true});
        let mut test = request(state, json!({}));
        test.mock = gives(json!({}));
        test.context = Some(context.into());
        assert_eq!(
            refused(test),
            format!("Invalid Context object provided: {expect}")
        );
    };
    check("[]", "Context object must be a valid JSON object");
    check(r#"{"Nope": {}}"#, "Field 'Nope' is not allowed");
    check(r#"{"State": {"Nope": 1}}"#, "Field 'Nope' is not allowed");
    check(r#"{"State": {"Name": 1}}"#, "State.Name must be a string");
    check(
        r#"{"Map": {}}"#,
        "'Map' field is not supported when mocking a Context object",
    );
    check(
        r#"{"Task": {"Token": "t"}}"#,
        "Context object contains 'Task' when state is not a Task state with a '.sync' or \
         '.waitForTaskToken' service integration pattern",
    );
}

#[test]
fn a_state_of_a_whole_machine() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Result": "b", "Next": "C"},
        "C": {"Type": "Succeed"},
    }});
    let test = |name: &str| {
        let mut test = request(machine.clone(), json!({}));
        test.state_name = Some(name.into());
        test
    };
    let outcome = result_of(test("B"));
    assert_eq!(
        (&outcome["output"], &outcome["nextState"]),
        (&json!("\"b\""), &json!("C"))
    );
    assert_eq!(refused(test("Z")), "State not found in definition");
}

#[test]
fn variables_are_seen_and_told() {
    let state =
        json!({"Type": "Pass", "Parameters": {"x.$": "$v.a"}, "Assign": {"w": 2}, "End": true});
    let mut test = request(state, json!({}));
    test.variables = Some(json!({"v": {"a": 1}}).to_string());
    let outcome = result_of(test);
    assert_eq!(outcome["output"], r#"{"x":1}"#);
    assert_eq!(
        outcome["inspectionData"]["variables"],
        r#"{"v":{"a":1},"w":2}"#
    );
}

#[test]
fn what_is_not_tested() {
    let lambda = json!({"Type": "Task", "Resource": LAMBDA, "End": true});
    let mut no_role = request(lambda.clone(), json!({}));
    no_role.role_arn = None;
    assert_eq!(
        refused(no_role),
        "RoleArn must be specified when testing a Task state"
    );

    let mut pass = request(json!({"Type": "Pass", "End": true}), json!({}));
    pass.mock = gives(json!(1));
    assert_eq!(
        refused(pass),
        "State type 'Pass' is not supported when a mock is specified"
    );

    let mut both = request(lambda.clone(), json!({}));
    both.mock = gives(json!(1));
    both.mock.as_mut().unwrap().error_output = Some(Failure::default());
    assert_eq!(
        refused(both),
        "A test mock should have only one of the following fields: [result, errorOutput]."
    );

    let mut secrets = request(lambda.clone(), json!({}));
    secrets.mock = gives(json!(1));
    secrets.reveal_secrets = true;
    assert_eq!(
        refused(secrets),
        "TestState does not support RevealSecrets when a mock is specified."
    );

    let mut text = request(lambda, json!({}));
    text.mock = Some(Mock {
        result: Some("{".into()),
        ..Mock::default()
    });
    assert_eq!(refused(text), "Mocked result must be valid JSON");

    assert!(
        refused(request(map(json!({})), json!({})))
            .starts_with("TestState API does not support Map or Parallel states.")
    );
    let mut counted = request(map(json!({})), json!({"items": [1]}));
    counted.configuration = Configuration {
        map_iteration_failure_count: Some(2),
        ..Configuration::default()
    };
    assert_eq!(
        refused(counted.clone()),
        "TestState does not support MapIterationFailureCount when a mock is not specified."
    );
    counted.mock = gives(json!([1]));
    assert_eq!(
        refused(counted),
        "Map iteration failure count must be less than or equal to the number of Map iterations"
    );
    assert_eq!(
        refused(request(json!({"Type": "Nope", "End": true}), json!({}))),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field 'Type' should have \
         one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at \
         /States/StateName/Type'"
    );
}

/// As on AWS: a text is made anew only where a state makes something new.
#[test]
fn a_mocked_result_and_the_input_keep_their_texts() {
    let state = json!({"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f"},
        "End": true});
    let result = r#"{"Payload": 1.50,  "ExecutedVersion": "1"}"#;
    let mut test = request(state, json!({}));
    test.input = Some(r#"{ "n": 1e2 }"#.into());
    test.mock = Some(Mock {
        result: Some(result.into()),
        ..Mock::default()
    });
    let outcome = result_of(test);
    assert_eq!(outcome["output"], result);
    assert_eq!(outcome["inspectionData"]["result"], result);
    assert_eq!(outcome["inspectionData"]["input"], r#"{ "n": 1e2 }"#);
}
