//! Tests of Distributed Map: its requests to the runner, and its results.

use serde_json::{Value, json};

use super::MockTask::{Fails, Hangs, Succeeds};
use super::TestRunner;
use super::driver::{START, identity};
use crate::{
    Effect, Execution, InputFormat, ItemSource, MapRunRequest, StateMachine, TaskId, Transformation,
};

/// The UUIDs that the execution's seed leads to.
const ARN: &str = "arn:aws:states:us-east-1:123456789012:mapRun:M/L:";

fn machine(fields: Value) -> Value {
    let mut state = json!({
        "Type": "Map", "Label": "L", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } },
        },
    });
    if let (Some(state), Value::Object(fields)) = (state.as_object_mut(), fields) {
        state.extend(fields);
    }
    json!({ "StartAt": "S", "States": { "S": state } })
}

fn runner(fields: Value, input: Value) -> TestRunner {
    TestRunner::new(&machine(fields)).input(input)
}

/// The map run that a Map with these fields asks for.
fn request(fields: Value, input: Value) -> MapRunRequest {
    let runner = runner(fields, input).run();
    let mut requests = runner.effects.iter().filter_map(|effect| match effect {
        Effect::StartMapRun { request, .. } => Some((**request).clone()),
        _ => None,
    });
    requests.next().expect("a map run is asked for")
}

/// Checks what a Map fails with before there is a map run.
fn check_refused(fields: Value, input: Value, message: &str) {
    let runner = runner(fields, input).run();
    let expected = format!(
        "States.Runtime: An error occurred while executing the state 'S' (entered at the event id \
         #2). {message}"
    );
    assert_eq!(runner.result(), json!(expected));
    let types: Vec<String> = runner
        .history
        .iter()
        .map(|event| event.details.type_name())
        .collect();
    let expected = [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "ExecutionFailed",
    ];
    assert_eq!(types, expected);
}

#[test]
fn the_exit_of_a_distributed_map_points_back_to_its_map_run() {
    let runner = runner(json!({}), json!([1, 2]))
        .map_runs([Succeeds(3.0, json!(["a"]))])
        .run();
    let uuid = |text: &str| {
        let (_, rest) = text.split_once(ARN).expect("the ARN has machine and label");
        rest[..36].to_owned()
    };
    let story = runner.story();
    let story = story.replace(&uuid(&story), "U");
    let expected = format!(
        "0s 1<0 ExecutionStarted [1,2]\n\
         0s 2<0 MapStateEntered S [1,2]\n\
         0s 3<2 MapStateStarted length=2\n\
         0s 4<3 MapRunStarted mapRunArn={ARN}U\n\
         3s 5<4 MapRunSucceeded\n\
         3s 6<5 MapStateSucceeded\n\
         3s 7<5 MapStateExited S [\"a\"]\n\
         3s 8<7 ExecutionSucceeded [\"a\"]\n"
    );
    assert_eq!(story, expected);
}

#[test]
fn a_map_run_that_fails_can_be_caught() {
    let catch = json!([{ "ErrorEquals": ["E"], "Next": "C" }]);
    let mut machine = machine(json!({ "Catch": catch }));
    machine["States"]["C"] = json!({ "Type": "Pass", "End": true });
    let runner = TestRunner::new(&machine)
        .input(json!([]))
        .map_runs([Fails(1.0, "E", "why")])
        .run();
    assert_eq!(runner.result(), json!({ "Error": "E", "Cause": "why" }));
    let story = runner.story();
    let tail: Vec<&str> = story.lines().skip(4).take(2).collect();
    assert_eq!(
        tail,
        [
            "1s 5<4 MapRunFailed error=E cause=why",
            "1s 6<5 MapStateFailed"
        ]
    );
}

#[test]
fn a_map_run_is_started_again_at_a_retry() {
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }]);
    let runner = runner(json!({ "Retry": retry }), json!([]))
        .map_runs([Fails(1.0, "E", "why"), Fails(1.0, "E", "why")])
        .run();
    let runs = runner
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::StartMapRun { .. }));
    assert_eq!(runs.count(), 2);
    assert_eq!(runner.result(), json!("E: why"));
}

#[test]
fn stopping_the_execution_gives_the_map_run_up() {
    let runner = runner(json!({}), json!([]))
        .map_runs([Hangs])
        .stop_at(5.0)
        .run();
    assert!(
        runner
            .effects
            .contains(&Effect::CancelTask { task: TaskId(1) })
    );
    let story = runner.story();
    let tail: Vec<&str> = story.lines().skip(4).collect();
    assert_eq!(
        tail,
        [
            "5s 5<4 MapRunAborted",
            "5s 6<0 ExecutionAborted error=Stopped"
        ]
    );
}

#[test]
fn a_map_run_beside_a_branch_that_fails_was_not_aborted() {
    let map = machine(json!({}));
    let fail = json!({
        "StartAt": "W",
        "States": {
            "W": { "Type": "Wait", "Seconds": 1, "Next": "F" },
            "F": { "Type": "Fail", "Error": "E" },
        },
    });
    let parallel = json!({ "Type": "Parallel", "Branches": [map, fail], "End": true });
    let definition = json!({ "StartAt": "Q", "States": { "Q": parallel } });
    let runner = TestRunner::new(&definition)
        .input(json!([]))
        .map_runs([Hangs])
        .run();
    let story = runner.story();
    let tail: Vec<&str> = story.lines().skip_while(|l| !l.contains("Fail")).collect();
    assert_eq!(
        tail,
        [
            "1s 9<8 FailStateEntered F []",
            "1s 10<6 MapRunAborted",
            "1s 11<10 MapStateAborted",
            "1s 12<9 ParallelStateFailed",
            "1s 13<12 ExecutionFailed error=E"
        ]
    );
}

/// The map runs that were asked for: the task, the ARN and how often it was redriven.
fn map_run_requests(runner: &TestRunner) -> Vec<(TaskId, String, u64)> {
    let runs = runner.effects.iter().filter_map(|effect| match effect {
        Effect::StartMapRun { task, request } => {
            Some((*task, request.map_run_arn.clone(), request.redrives))
        }
        _ => None,
    });
    runs.collect()
}

#[test]
fn a_redrive_takes_the_failed_map_run_up() {
    let runner = runner(json!({}), json!([1]))
        .map_runs([
            Fails(1.0, "E", "why"),
            Fails(1.0, "E", "why"),
            Succeeds(1.0, json!(["a"])),
        ])
        .redrive_at(5.0)
        .redrive_at(10.0)
        .run();
    assert_eq!(runner.result(), json!(["a"]));
    let runs = map_run_requests(&runner);
    let (task, arn, _) = runs[0].clone();
    let again = |redrives| (task, arn.clone(), redrives);
    assert_eq!(runs, [again(0), again(1), again(2)]);
    let story = runner.story().replace(&arn, "ARN");
    let redriven: Vec<&str> = story.lines().skip(7).take(3).collect();
    let expected = [
        "5s 8<7 ExecutionRedriven redriveCount=1",
        "5s 9<8 MapRunRedriven mapRunArn=ARN redriveCount=1",
        "6s 10<9 MapRunFailed error=E cause=why",
    ];
    assert_eq!(redriven, expected, "{story}");
}

#[test]
fn a_redrive_takes_up_a_map_run_that_was_given_up() {
    let runner = runner(json!({}), json!([1]))
        .map_runs([Hangs, Succeeds(1.0, json!(["a"]))])
        .stop_at(2.0)
        .redrive_at(5.0)
        .run();
    assert_eq!(runner.result(), json!(["a"]));
    let redrives: Vec<u64> = map_run_requests(&runner)
        .iter()
        .map(|(_, _, count)| *count)
        .collect();
    assert_eq!(redrives, [0, 1]);
}

#[test]
fn a_state_that_a_catcher_left_starts_a_new_map_run() {
    let catch = json!([{ "ErrorEquals": ["E"], "Next": "S" }]);
    let runner = runner(json!({ "Catch": catch }), json!([1]))
        .map_runs([
            Fails(1.0, "E", "why"),
            Fails(1.0, "F", "why"),
            Succeeds(1.0, json!([])),
        ])
        .redrive_at(5.0)
        .run();
    let runs = map_run_requests(&runner);
    assert_ne!(runs[0].1, runs[1].1);
    assert_eq!((&runs[1].1, runs[2].2), (&runs[2].1, 1));
}

#[test]
fn objects_are_mapped_by_key_and_value() {
    let request = request(json!({}), json!({ "a": 1, "b": [2] }));
    let pairs = json!([{ "Key": "a", "Value": 1 }, { "Key": "b", "Value": [2] }]);
    assert_eq!(request.source, ItemSource::Array(pairs.into()));
}

#[test]
fn all_fields_are_evaluated() {
    let request = request(
        json!({
            "MaxConcurrencyPath": "$.c",
            "ToleratedFailureCountPath": "$.f",
            "ToleratedFailurePercentage": 12.5,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "Parameters": { "Bucket.$": "$.b", "Key": "k" },
                "ReaderConfig": {
                    "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"],
                    "CSVDelimiter": "PIPE", "MaxItemsPath": "$.n",
                },
            },
            "ItemBatcher": { "MaxItemsPerBatch": 2, "BatchInput": { "e.$": "$$.Execution.Name" } },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": { "Bucket": "o", "Prefix": "p" },
                "WriterConfig": { "Transformation": "FLATTEN", "OutputType": "JSONL" },
            },
        }),
        json!({ "b": "in", "c": 3, "f": 4, "n": -1 }),
    );
    assert_eq!(request.max_concurrency, 3);
    assert_eq!(request.tolerated_failure_count, Some(4));
    assert_eq!(request.tolerated_failure_percentage, Some(12.5));
    let ItemSource::Reader(reader) = request.source else {
        panic!("the items are read");
    };
    assert_eq!(reader.api, "getObject");
    assert_eq!(reader.parameters.text(), r#"{"Bucket":"in","Key":"k"}"#);
    assert_eq!(reader.max_items, Some(-1));
    let headers = Some(vec!["x".to_owned()]);
    let delimiter = '|';
    assert_eq!(reader.format, InputFormat::Csv { headers, delimiter });
    let batch = request.batch.unwrap();
    assert_eq!((batch.max_items, batch.max_bytes), (Some(2), None));
    assert_eq!(batch.input.unwrap().text(), r#"{"e":"E"}"#);
    assert_eq!(request.results.transformation, Transformation::Flatten);
    assert!(request.results.lines);
    let destination = request.results.destination.unwrap();
    assert_eq!(destination.text(), r#"{"Bucket":"o","Prefix":"p"}"#);
}

#[test]
fn numbers_that_are_none() {
    let input = |value: Value| json!({ "i": [0], "v": value });
    let count = json!({ "ItemsPath": "$.i", "ToleratedFailureCountPath": "$.v" });
    check_refused(
        count.clone(),
        input(json!("x")),
        "The ToleratedFailureCountPath field refers to value \"x\" which is not a valid integer: \
         $.v",
    );
    check_refused(
        count,
        input(json!(-1)),
        "ToleratedFailureCount cannot be negative.",
    );
    let percentage = json!({ "ItemsPath": "$.i", "ToleratedFailurePercentagePath": "$.v" });
    check_refused(
        percentage.clone(),
        input(json!({})),
        "The ToleratedFailurePercentagePath field refers to value \"{}\" which is not a valid \
         float: $.v",
    );
    check_refused(
        percentage,
        input(json!(100.1)),
        "ToleratedFailurePercentage must be between 0 and 100.",
    );
}

#[test]
fn texts_that_are_numbers_are_numbers() {
    let request = request(
        json!({
            "ItemsPath": "$.i", "ToleratedFailureCountPath": "$.n",
                "ToleratedFailurePercentagePath": "$.p",
        }),
        json!({ "i": [0], "n": "1", "p": "1.5" }),
    );
    assert_eq!(request.tolerated_failure_count, Some(1));
    assert_eq!(request.tolerated_failure_percentage, Some(1.5));
}

#[test]
fn item_selector_sees_the_item_and_the_input() {
    let machine = machine(json!({
        "ItemsPath": "$.i",
        "ItemSelector": { "v.$": "$$.Map.Item.Value", "n.$": "$$.Map.Item.Index", "x.$": "$.x" },
    }));
    let machine = StateMachine::parse(&machine.to_string()).unwrap();
    let input = json!({ "i": [1], "x": "y" });
    let (mut execution, _) = Execution::start(&machine, identity(), input, START, 7);
    let before = execution.clone();
    let made = execution
        .map_item(&machine, TaskId(1), 4, json!("it"))
        .unwrap();
    assert_eq!(made.text(), r#"{"v":"it","n":4,"x":"y"}"#);
    assert_eq!(execution, before, "asking changes nothing");
    assert!(
        execution
            .map_item(&machine, TaskId(2), 0, json!(1))
            .is_err()
    );
}

#[test]
fn a_child_begins_at_the_processor() {
    let document = machine(json!({}));
    let request = request(json!({}), json!([1]));
    let machine = StateMachine::parse(&document.to_string()).unwrap();
    let (child, _) =
        Execution::start_child(&machine, &request, identity(), json!({ "i": 1 }), START, 7);
    let output = child.outcome().expect("a Pass ends at once");
    assert_eq!(output.status(), "SUCCEEDED");
    assert_eq!(child.history_length(), 4);
}

#[test]
fn a_label_that_is_left_out_stays_the_same() {
    let mut document = machine(json!({}));
    document["States"]["S"]
        .as_object_mut()
        .unwrap()
        .remove("Label");
    let label = |document: &Value| {
        let runner = TestRunner::new(document).input(json!([])).run();
        let request = runner.effects.iter().find_map(|effect| match effect {
            Effect::StartMapRun { request, .. } => Some(request.label.clone()),
            _ => None,
        });
        request.unwrap()
    };
    let first = label(&document);
    assert_eq!(first.len(), 36);
    assert_eq!(label(&document), first);
}

#[test]
fn what_is_wrong_with_a_label_is_said() {
    for (label, message) in [
        ("", "Label cannot be empty"),
        ("a b", "Label contains invalid character: ' '"),
        (&"l".repeat(41), "Label cannot exceed 40 characters"),
    ] {
        let document = machine(json!({ "Label": label })).to_string();
        let error = StateMachine::parse(&document).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn jsonata_fields_are_evaluated() {
    let mut document = machine(json!({
        "QueryLanguage": "JSONata",
        "MaxConcurrency": "{% $states.input.c %}",
        "ToleratedFailureCount": "{% 1 + 1 %}",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Arguments": { "Bucket": "{% $states.input.b %}" },
            "ReaderConfig": { "MaxItems": "{% 7 %}" },
        },
        "ItemBatcher": { "MaxItemsPerBatch": "{% 2 %}", "BatchInput": { "x": "{% 'y' %}" } },
    }));
    document["States"]["S"]["ItemSelector"] = json!({
        "v": "{% $states.context.Map.Item.Value %}", "b": "{% $states.input.b %}",
    });
    let input = json!({ "c": 3, "b": "in" });
    let runner = TestRunner::new(&document).input(input.clone()).run();
    let request = runner.effects.iter().find_map(|effect| match effect {
        Effect::StartMapRun { request, .. } => Some((**request).clone()),
        _ => None,
    });
    let request = request.expect("a map run is asked for");
    assert_eq!(request.max_concurrency, 3);
    assert_eq!(request.tolerated_failure_count, Some(2));
    let ItemSource::Reader(reader) = request.source else {
        panic!("the items are read");
    };
    assert_eq!(reader.parameters.text(), r#"{"Bucket":"in"}"#);
    assert_eq!(reader.max_items, Some(7));
    let batch = request.batch.unwrap();
    assert_eq!(batch.max_items, Some(2));
    assert_eq!(batch.input.unwrap().text(), r#"{"x":"y"}"#);
    let machine = StateMachine::parse(&document.to_string()).unwrap();
    let (mut execution, _) = Execution::start(&machine, identity(), input, START, 7);
    let made = execution
        .map_item(&machine, TaskId(1), 0, json!([1]))
        .unwrap();
    assert_eq!(made.text(), r#"{"v":[1],"b":"in"}"#);
}
