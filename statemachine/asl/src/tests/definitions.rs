//! What is wrong with a definition, and where.

use serde_json::{Value, json};

use crate::{StateMachine, Workflow};

/// Every finding as `CODE: message at location`.
fn findings(definition: &str) -> Vec<String> {
    match StateMachine::parse(definition) {
        Ok(machine) => machine
            .warnings()
            .iter()
            .map(|d| format!("warning {d}"))
            .collect(),
        Err(invalid) => invalid
            .diagnostics
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

fn check(definition: Value, expect: &[&str]) {
    assert_eq!(findings(&definition.to_string()), expect, "{definition}");
}

/// A machine whose only state is `S`, with these fields; `Z` is there to lead to.
fn check_state(state: Value, expect: &[&str]) {
    let expect: Vec<String> = expect
        .iter()
        .map(|e| format!("SCHEMA_VALIDATION_FAILED: {e}"))
        .collect();
    let definition = json!({"StartAt": "S", "States": {"S": state}});
    assert_eq!(findings(&definition.to_string()), expect, "{definition}");
}

#[test]
fn the_whole_must_be_an_object() {
    for text in ["", " ", "[]", "7", "null"] {
        assert_eq!(
            findings(text),
            ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object"],
            "{text}"
        );
    }
    assert_eq!(
        findings("{\"a\":}"),
        [
            "INVALID_JSON_DESCRIPTION: Unexpected character ('}' (code 125)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n \
             at [Source: (String)\"{\"a\":}\"; line: 1, column: 7] at [Source: (String)\"{\"a\":}\"; line: 1, column: 7]"
        ]
    );
    let deep = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
    assert!(
        findings(&deep)[0]
            .starts_with("TOO_DEEPLY_NESTED: The definition nests more than 127 levels deep at")
    );
    let long = format!("{{\"Comment\":\"{}\"}}", "x".repeat(1_048_576));
    assert_eq!(
        findings(&long),
        ["SCHEMA_VALIDATION_FAILED: The definition is larger than 1048576 bytes"]
    );
}

#[test]
fn the_error_text_lists_all_errors() {
    let error =
        StateMachine::parse(r#"{"StartAt":"A","States":{"B":{"Type":"Succeed"}}}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt, \
         MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B'"
    );
}

#[test]
fn diagnostics_serialise_as_the_api_answers_them() {
    let error = StateMachine::parse(r#"{"States":{"B":{"Type":"Succeed"}}}"#).unwrap_err();
    assert_eq!(
        serde_json::to_value(&error.diagnostics[0]).unwrap(),
        json!({
            "severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED",
            "message": "These fields are required: [StartAt]", "location": "/",
        })
    );
}

#[test]
fn top_level_fields() {
    check(
        json!({}),
        &["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"],
    );
    let with = |name: &str, value: Value| {
        let mut definition = json!({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}});
        definition[name] = value;
        definition
    };
    check(with("Comment", json!("c")), &[]);
    check(with("Version", json!("1.0")), &[]);
    check(with("TimeoutSeconds", json!(1)), &[]);
    check(with("QueryLanguage", json!("JSONPath")), &[]);
    check(
        with("TimeoutSeconds", json!(0)),
        &["SCHEMA_VALIDATION_FAILED: Minimum value is 1 at /TimeoutSeconds"],
    );
    check(
        with("Extra", json!(0)),
        &["SCHEMA_VALIDATION_FAILED: Field 'Extra' is not supported at /"],
    );
    check(with("QueryLanguage", json!("JSONata")), &[]);
}

#[test]
fn transitions_lead_somewhere_and_end() {
    let flow = |states: Value| json!({"StartAt": "A", "States": states});
    check(
        flow(json!({"A": {"Type": "Pass", "Next": "NOPE"}})),
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    );
    check(
        flow(
            json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "X": {"Type": "Pass", "Next": "A"}}),
        ),
        &["MISSING_END_STATE: Workflow has no terminal state"],
    );
    check(
        flow(
            json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Succeed"}}),
        ),
        &[
            "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
            "ENDLESS_LOOP: No way leads from the state 'A' to an end of the flow at /States/A",
        ],
    );
    check(
        flow(json!({
            "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "N1"}], "Default": "N2"},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "N3"}]},
        })),
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: N1 at /States/A/Choices[0]/Next",
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: N2 at /States/A/Default",
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: N3 at /States/T/Catch[0]/Next",
            "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T",
        ],
    );
    check_state(
        json!({"Type": "Pass", "End": true, "Next": "S"}),
        &["There should only be one of the following fields: [Next, End] at /States/S"],
    );
}

#[test]
fn a_state_that_goes_nowhere() {
    check(
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}),
        &[
            "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [Next, End] at /States/A",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    );
}

#[test]
fn branches_are_flows_of_their_own() {
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "S"}}});
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner]}}}),
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: S at /States/S/Branches[0]/States/B/Next",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    );
    check_state(
        json!({"Type": "Map", "End": true, "ItemProcessor": {"States": {"B": {"Type": "Succeed"}}}}),
        &["These fields are required: [StartAt] at /States/S/ItemProcessor"],
    );
    check_state(
        json!({"Type": "Map", "End": true}),
        &[
            "This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/S",
        ],
    );
}

#[test]
fn a_dangling_target_inside_a_branch_is_only_that() {
    let inner = json!({"StartAt": "T", "States": {"T": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Catch": [{"ErrorEquals": ["E"], "Next": "N"}],
    }}});
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner]}}}),
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: N at /States/S/Branches[0]/States/T/Catch[0]/Next",
        ],
    );
}

#[test]
fn types_are_known_and_have_their_fields() {
    check_state(
        json!({"Type": "Pas", "End": true}),
        &[
            "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/S/Type",
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
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S",
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
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters/a[0]",
        ],
    );
    check_state(
        pass("Parameters", json!({"b.$": "States.Format('\\\"')"})),
        &[
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters",
        ],
    );
}

#[test]
fn choice_rules_are_checked() {
    let choice = |rule: Value| {
        let mut rule = rule;
        rule["Next"] = "Z".into();
        json!({"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [rule]}, "Z": {"Type": "Succeed"}}})
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
        "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]",
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
            "SCHEMA_VALIDATION_FAILED: The value for the field '{field}' does not suit the operator at /States/S/Choices[0]/{field}"
        );
        super::definitions::check(choice(rule), &[&message]);
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

#[test]
fn rules_for_errors_are_checked() {
    let task = |field: &str, rules: Value| json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, field: rules});
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
        "MaxDelaySeconds must be greater than IntervalSeconds at /States/S/Retry[0]/MaxDelaySeconds",
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
            "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S",
        ],
    );
    check_state(
        json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        &["There should only be one of the following fields: [Error, ErrorPath] at /States/S"],
    );
    check_state(
        json!({"Type": "Wait", "End": true}),
        &[
            "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S",
        ],
    );
    check_state(
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
        &["HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds"],
    );
}

#[test]
fn variables_are_checked() {
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "End": true, "Assign": {"1a": 1, "states": 2, "b.$": "x"}}}}),
        &[
            "INVALID_VARIABLE_NAME: Invalid variable name '1a': the variable name contains invalid characters. at /States/S/Assign/1a",
            "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/S/Assign/states",
            "SCHEMA_VALIDATION_FAILED: The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Assign",
        ],
    );
    check_state(
        json!({"Type": "Fail", "Assign": {"a": 1}}),
        &["Field 'Assign' is not supported at /States/S"],
    );
}

#[test]
fn an_inner_scope_hides_no_variable_of_an_outer_one() {
    let inner = |name: &str, variable: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "Assign": {variable: 1}, "End": true}}});
    let check_branches = |one: &str, two: &str, outer: &str, expect: &[&str]| {
        check_state(
            json!({"Type": "Parallel", "End": true, "Assign": {outer: 1}, "Branches": [inner("A", one), inner("B", two)]}),
            expect,
        );
    };
    check_branches("x", "x", "y", &[]);
    check_branches(
        "x",
        "y",
        "y",
        &[
            "Variable 'y' is assigned in an outer scope and cannot be assigned in an inner one at /States/S/Branches[1]/States/B/Assign/y",
        ],
    );
}

#[test]
fn each_query_language_has_its_fields() {
    let refused = |language: &str, field: &str, other: &str| {
        let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "QueryLanguage": language});
        state[field] = if field.ends_with("Path") {
            json!("$.a")
        } else {
            json!({})
        };
        let expect = format!(
            "The QueryLanguage is set to '{language}', but field '{field}' is only supported for the '{other}' QueryLanguage at /States/S"
        );
        check_state(state, &[&expect]);
    };
    for field in ["Arguments", "Output"] {
        refused("JSONPath", field, "JSONata");
    }
    for field in [
        "InputPath",
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "OutputPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
    ] {
        refused("JSONata", field, "JSONPath");
    }
    check_state(
        json!({"Type": "Pass", "End": true, "QueryLanguage": "JSONata", "Arguments": {}, "Result": 1}),
        &[
            "Field 'Arguments' is not supported at /States/S",
            "The QueryLanguage is set to 'JSONata', but field 'Result' is only supported for the 'JSONPath' QueryLanguage at /States/S",
        ],
    );
}

#[test]
fn rules_have_the_fields_of_their_state() {
    let choice = |language: &str, rule: Value| {
        let mut rule = rule;
        rule["Next"] = "E".into();
        json!({"StartAt": "S", "States": {
            "S": {"Type": "Choice", "QueryLanguage": language, "Choices": [rule]},
            "E": {"Type": "Succeed"},
        }})
    };
    let refused = |language: &str, field: &str, other: &str| {
        format!(
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to '{language}', but field '{field}' is only supported for the '{other}' QueryLanguage at /States/S/Choices[0]"
        )
    };
    check(
        choice("JSONata", json!({"Condition": true, "Output": 1})),
        &[],
    );
    check(
        choice(
            "JSONPath",
            json!({"Variable": "$", "IsNull": true, "Output": 1}),
        ),
        &[&refused("JSONPath", "Output", "JSONata")],
    );
    check(
        choice("JSONata", json!({"Variable": "$.a"})),
        &[&refused("JSONata", "Variable", "JSONPath")],
    );
}

#[test]
fn a_jsonata_machine_has_jsonata_states_only() {
    let machine = |language: Value, state: Value| json!({"QueryLanguage": language, "StartAt": "S", "States": {"S": state}});
    let pass = json!({"Type": "Pass", "QueryLanguage": "JSONPath", "End": true});
    check(machine(json!("JSONPath"), pass.clone()), &[]);
    check(
        machine(json!("JSONata"), pass),
        &[
            "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/S",
        ],
    );
    check(
        machine(
            json!("JSONSomething"),
            json!({"Type": "Pass", "Output": 1, "End": true}),
        ),
        &[
            "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage",
        ],
    );
    let inner =
        json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": 1, "End": true}}});
    check(
        machine(
            json!("JSONPath"),
            json!({"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [inner], "End": true}),
        ),
        &[
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S/Branches[0]/States/B",
        ],
    );
}

#[test]
fn expressions_must_parse() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "Output": {"a": ["{% 1 + %}"]}, "End": true}}}),
        &["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/S/Output/a[0]"],
    );
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "Output": {"v": "{% phone & $states.input.a[b = 1] %}"}, "End": true}}}),
        &[
            "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/S/Output/v",
        ],
    );
}

#[test]
fn odd_but_not_wrong_is_a_warning() {
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": true}}}),
        &[
            "warning NO_DOLLAR: The value of the field 'a' looks like a path; paths are only read in fields that end in .$ at /States/S/Parameters/a",
        ],
    );
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": "$.b", "End": true}}}),
        &[
            "warning PASS_RESULT_IS_STATIC: The Result of a Pass state is static: a path in it is not read; use Parameters at /States/S/Result",
        ],
    );
}

#[test]
fn jsonata_that_only_works_here_is_a_warning() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "Output": {"a": "{% $states.input.a ?? 1 %}"}, "End": true}}}),
        &[
            "warning NEWER_JSONATA_OPERATOR: Step Functions evaluates JSONata 2.0.6, which does not have the operator ?? at /States/S/Output/a",
        ],
    );
}

#[test]
fn names_are_unique_in_the_whole_machine() {
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}});
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner, inner]}}}),
        &["DUPLICATE_STATE_NAME: Duplicate State name: B at /States/S/Branches[1]/States/B"],
    );
}

#[test]
fn names_have_a_length() {
    let name = "n".repeat(81);
    check(
        json!({"StartAt": name, "States": {name.clone(): {"Type": "Succeed"}}}),
        &[&format!(
            "INVALID_STATE_NAME: The state name must have 1 to 80 characters at /States/{name}"
        )],
    );
}

#[test]
fn fields_that_come_twice() {
    let twice = |text: &str, expect: &[&str]| assert_eq!(findings(text), expect, "{text}");
    twice(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Fail"}}}"#,
        &["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A"],
    );
    twice(
        r#"{"StartAt": "A", "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
        &[
            "warning DUPLICATE_FIELD: Field 'StartAt' is given more than once: only the last one counts at /StartAt",
        ],
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
                "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource"
            )],
        );
    }
    check(
        json!({"StartAt": "S", "States": {"S": task("arn:aws:states:::quantum:entangle")}}),
        &[
            "warning UNKNOWN_RESOURCE: No service integration is known by the name 'quantum' at /States/S/Resource",
        ],
    );
}

#[test]
fn credentials_name_a_role() {
    let task = |resource: &str, credentials: Value| json!({"Type": "Task", "Resource": resource, "Credentials": credentials, "End": true});
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
        let definition = json!({"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": arn, "End": true}}});
        let text = definition.to_string();
        assert!(StateMachine::parse(&text).is_ok(), "{arn}");
        let refused = StateMachine::parse_for(&text, Workflow::Express).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support {expect} at /States/S/Resource'"
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
fn findings_point_into_the_text() {
    let text = r#"{"StartAt": "S", "States": {"S": {"Type": "Pass", "InputPath": "$.a[", "Extra": 1, "End": true}}}"#;
    let refused = StateMachine::parse(text).unwrap_err();
    let pointed: Vec<_> = refused
        .diagnostics
        .iter()
        .map(|d| (&text[d.span.clone().unwrap()], d.hint.is_some()))
        .collect();
    assert_eq!(pointed, [("\"", true), ("1", false)]);
}
