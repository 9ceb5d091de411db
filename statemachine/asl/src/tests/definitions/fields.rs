//! Tests of the fields of each state type.

use serde_json::{Value, json};

use super::{check, check_state};
use crate::{StateMachine, WorkflowType};

#[test]
fn types_are_known_and_have_their_fields() {
    check_state(
        json!({"Type": "Pas", "End": true}),
        &[
            "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, \
             Choice, Parallel, Map] at /States/S/Type",
        ],
    );
    check_state(
        json!({"Type": "Task", "End": true}),
        &["These fields are required: [Resource] at /States/S"],
    );
    check_state(
        json!({"Type": "Pass", "End": true, "Retry": []}),
        &["Field 'Retry' is not supported at /States/S"],
    );
    check_state(
        json!({"Type": "Wait", "End": true, "Seconds": 1, "TimeoutSeconds": 1}),
        &["Field 'TimeoutSeconds' is not supported at /States/S"],
    );
    check_state(
        json!({"Type": "Succeed", "End": true}),
        &["Field 'End' is not supported at /States/S"],
    );
    check_state(
        json!({"Type": "Pass", "End": true, "Output": 1}),
        &[
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the \
             'JSONata' QueryLanguage at /States/S",
        ],
    );
}

#[test]
fn paths_and_templates_are_checked() {
    let pass = |name: &str, value: Value| json!({"Type": "Pass", "End": true, name: value});
    check_state(
        pass("InputPath", json!("x")),
        &["Value must be a valid JSONPath. at /States/S/InputPath"],
    );
    check_state(
        pass("InputPath", json!(7)),
        &["Expected value of type [STRING] at /States/S/InputPath"],
    );
    for path in ["$.a[*]", "$..a", "$$.a", "$.a[-1]"] {
        check_state(
            pass("ResultPath", json!(path)),
            &["Value is not a Reference Path at /States/S/ResultPath"],
        );
    }
    check_state(
        pass("Parameters", json!({"a": [{"b.$": "x"}]})),
        &[
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function \
             call at /States/S/Parameters/a[0]",
        ],
    );
    check_state(
        pass("Parameters", json!({"b.$": "States.Format('\\\"')"})),
        &[
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function \
             call at /States/S/Parameters",
        ],
    );
}

#[test]
fn choice_rules_are_checked() {
    let choice = |rule: Value| {
        let mut rule = rule;
        rule["Next"] = "Z".into();
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Choice", "Choices": [rule]}, "Z": {"Type": "Succeed"}}})
    };
    let check = |rule: Value, expect: &str| {
        check(
            choice(rule),
            &[&format!(
                "SCHEMA_VALIDATION_FAILED: {expect} at /States/S/Choices[0]"
            )],
        );
    };
    check(
        json!({"IsNull": true}),
        "The object must have only one of the following fields, [And, Or, Not, Variable, \
         Condition]",
    );
    check(
        json!({"Variable": "$"}),
        "There should be one comparison operator",
    );
    check(
        json!({"Variable": "$", "IsNull": true, "NumericEquals": 1}),
        "There should only be one of the following fields: [IsNull, NumericEquals]",
    );
    let unsuited = |rule: Value, field: &str| {
        let message = format!(
            "SCHEMA_VALIDATION_FAILED: The value for the field '{field}' does not suit the \
             operator at /States/S/Choices[0]/{field}"
        );
        super::check(choice(rule), &[&message]);
    };
    unsuited(
        json!({"Variable": "$", "NumericEquals": "1"}),
        "NumericEquals",
    );
    unsuited(
        json!({"Variable": "$", "TimestampEquals": "1"}),
        "TimestampEquals",
    );
    unsuited(
        json!({"Variable": "$", "StringEqualsPath": "x"}),
        "StringEqualsPath",
    );
    unsuited(json!({"Variable": "$", "IsNull": 1}), "IsNull");
}

/// Checks a Distributed Map.
fn check_map(fields: &Value, expect: &[&str]) {
    let mut map = json!({"Type": "Map", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
    }});
    let fields = fields.as_object().unwrap().clone();
    map.as_object_mut().unwrap().extend(fields);
    check_state(map, expect);
}

/// An `ItemReader` of an object.
fn reader(config: &Value) -> Value {
    json!({"ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": "b", "Key": "k"},
    }})
}

#[test]
fn percentages_over_100_were_taken() {
    let maximum = "Maximum value is 100.0 at /States/S/ToleratedFailurePercentage";
    check_map(&json!({"ToleratedFailurePercentage": 101}), &[maximum]);
    check_map(&json!({"ToleratedFailurePercentage": 100.5}), &[maximum]);
    check_map(&json!({"ToleratedFailurePercentage": 100}), &[]);
}

#[test]
fn numbers_of_a_map_came_from_the_context_object() {
    let refused = |at: &str| format!("Value is not a Reference Path at /States/S/{at}");
    for path in ["$$.Execution.Input.n", "$$", "$.n[*]", "$..n"] {
        for field in [
            "MaxConcurrencyPath",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentagePath",
        ] {
            check_map(&json!({field: path}), &[&refused(field)]);
        }
        for field in ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"] {
            let at = refused(&format!("ItemBatcher/{field}"));
            check_map(&json!({"ItemBatcher": {field: path}}), &[&at]);
        }
        let at = refused("ItemReader/ReaderConfig/MaxItemsPath");
        let config = json!({"InputType": "JSON", "MaxItemsPath": path});
        check_map(&reader(&config), &[&at]);
    }
    check_map(&json!({"MaxConcurrencyPath": "$.n[0]"}), &[]);
    check_map(&json!({"ItemsPath": "$$.Execution.Input.items"}), &[]);
}

#[test]
fn readers_of_items_say_what_they_do_not_read() {
    let parquet = reader(&json!({"InputType": "PARQUET"}));
    let text = "The input type PARQUET is not supported by this engine yet at \
                /States/S/ItemReader/ReaderConfig/InputType";
    check_map(&parquet, &[text]);
    let csv = |delimiter: &str| {
        reader(
            &json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": delimiter}),
        )
    };
    let text = "Value should be one of the following: [COMMA, PIPE, SEMICOLON, SPACE, TAB] \
                at /States/S/ItemReader/ReaderConfig/CSVDelimiter";
    check_map(&csv("COLON"), &[text]);
    check_map(&csv("SPACE"), &[]);
}

#[test]
fn rules_for_errors_are_checked() {
    let task = |field: &str, rules: Value| {
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "End": true, field: rules})
    };
    let retry = |rules: Value, expect: &str| check_state(task("Retry", rules), &[expect]);
    retry(
        json!([{}]),
        "These fields are required: [ErrorEquals] at /States/S/Retry[0]",
    );
    retry(
        json!([{"ErrorEquals": [1]}]),
        "Expected value of type [STRING] at /States/S/Retry[0]/ErrorEquals[0]",
    );
    retry(
        json!([{"ErrorEquals": ["States.ALL", "E"]}]),
        "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals",
    );
    retry(
        json!([{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]),
        "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals",
    );
    retry(
        json!([{"ErrorEquals": ["E"], "BackoffRate": 0.5}]),
        "Minimum value is 1.0 at /States/S/Retry[0]/BackoffRate",
    );
    retry(
        json!([{"ErrorEquals": ["E"], "MaxAttempts": -1}]),
        "Minimum value is 0 at /States/S/Retry[0]/MaxAttempts",
    );
    retry(
        json!([{"ErrorEquals": ["E"], "IntervalSeconds": 1.5}]),
        "Expected value of type [INTEGER] at /States/S/Retry[0]/IntervalSeconds",
    );
    retry(
        json!([{"ErrorEquals": ["E"], "JitterStrategy": "SOME"}]),
        "Value should be one of the following: [NONE, FULL] at /States/S/Retry[0]/JitterStrategy",
    );
    retry(
        json!([{"ErrorEquals": ["E"], "MaxDelaySeconds": 1}]),
        "MaxDelaySeconds must be greater than IntervalSeconds at \
         /States/S/Retry[0]/MaxDelaySeconds",
    );
    check_state(
        task("Catch", json!([{"ErrorEquals": ["E"]}])),
        &["These fields are required: [Next] at /States/S/Catch[0]"],
    );
}

#[test]
fn what_excludes_each_other() {
    check_state(
        json!({"Type": "Wait", "End": true, "Seconds": 1, "Timestamp": "2026-11-21T00:00:00Z"}),
        &[
            "There should only be one of the following fields: [SecondsPath, Seconds, \
             TimestampPath, Timestamp] at /States/S",
        ],
    );
    check_state(
        json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        &["There should only be one of the following fields: [Error, ErrorPath] at /States/S"],
    );
    check_state(
        json!({"Type": "Wait", "End": true}),
        &[
            "This object should have only one of the following fields: [SecondsPath, Seconds, \
             TimestampPath, Timestamp] at /States/S",
        ],
    );
    check_state(
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
        &["HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds"],
    );
}

#[test]
fn resources_are_those_that_aws_has() {
    let task = |arn: &str| json!({"Type": "Task", "Resource": arn, "End": true});
    check_state(
        task("lambda:invoke"),
        &["Value is not a valid resource ARN at /States/S/Resource"],
    );
    for arn in [
        "arn:aws:states:::dynamodb:query",
        "arn:aws:states:::lambda:invoke.sync",
        "arn:aws:s3:::bucket",
    ] {
        check_state(
            task(arn),
            &[&format!(
                "The resource provided {arn} is not recognized. The value is not a valid resource \
                 ARN, or the resource is not available in this region. at /States/S/Resource"
            )],
        );
    }
    check(
        json!({"StartAt": "S", "States": {"S": task("arn:aws:states:::quantum:entangle")}}),
        &[
            "warning UNKNOWN_RESOURCE: No service integration is known by the name 'quantum' at \
             /States/S/Resource",
        ],
    );
}

#[test]
fn credentials_name_a_role() {
    let task = |resource: &str, credentials: Value| {
        json!({"Type": "Task", "Resource": resource, "Credentials": credentials,
        "End": true})
    };
    let lambda = "arn:aws:states:::lambda:invoke";
    let missing = "The field 'RoleArn' is required but was missing at /States/S/Credentials";
    check_state(task(lambda, json!({})), &[missing]);
    check_state(task(lambda, json!({"Role": "r"})), &[missing]);
    let role = json!({"RoleArn.$": "$.role"});
    check_state(
        task("arn:aws:states:us-east-1:123456789012:activity:a", role),
        &["The field 'Credentials' is not supported for activities at /States/S/Credentials"],
    );
}

#[test]
fn express_machines_wait_for_nobody() {
    let check = |arn: &str, expect: &str| {
        let definition = json!({"StartAt": "S",
            "States": {"S": {"Type": "Task", "Resource": arn, "End": true}}});
        let text = definition.to_string();
        assert!(StateMachine::parse(&text).is_ok(), "{arn}");
        let refused = StateMachine::parse_for(&text, WorkflowType::Express).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state \
                 machine does not support {expect} at /States/S/Resource'"
            )
        );
    };
    check(
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "Activity ARN",
    );
    check(
        "arn:aws:states:::states:startExecution.sync:2",
        "'.sync' service integration",
    );
    check(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "'.waitForTaskToken' service integration ",
    );
}

#[test]
fn children_of_a_distributed_map_have_a_type_of_their_own() {
    let map = |kind: &str| {
        let job = "arn:aws:states:::states:startExecution.sync:2";
        json!({"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "T", "States": {"T": {"Type": "Task", "Resource": job, "End": true}},
        }})
    };
    check_state(map("STANDARD"), &[]);
    let unsupported = "Express state machine does not support '.sync' service integration";
    let location = "/States/S/ItemProcessor/States/T/Resource";
    check_state(map("EXPRESS"), &[&format!("{unsupported} at {location}")]);

    let definition = json!({"StartAt": "S", "States": {"S": map("STANDARD")}}).to_string();
    let refused = StateMachine::parse_for(&definition, WorkflowType::Express).unwrap_err();
    let unsupported = "Express state machine does not support Map states in DISTRIBUTED mode";
    assert!(refused.to_string().contains(unsupported), "{refused}");
}
