//! Tests of the diagnostics of definitions.

mod fields;
mod languages;

use serde_json::{Value, json};

use crate::StateMachine;

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
            "INVALID_JSON_DESCRIPTION: Unexpected character ('}' (code 125)): expected a valid \
             value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at \
             [Source: (String)\"{\"a\":}\"; line: 1, column: 7] at [Source: (String)\"{\"a\":}\"; \
             line: 1, column: 7]"
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
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: A \
         at /StartAt, MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B'"
    );
}

#[test]
fn diagnostics_serialize_as_the_api_returns_them() {
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
            json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"},
                "X": {"Type": "Pass", "Next": "A"}}),
        ),
        &["MISSING_END_STATE: Workflow has no terminal state"],
    );
    check(
        flow(
            json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"},
                "C": {"Type": "Succeed"}}),
        ),
        &[
            "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
            "ENDLESS_LOOP: No way leads from the state 'A' to an end of the flow at /States/A",
        ],
    );
    check(
        flow(json!({
            "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "N1"}],
                "Default": "N2"},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                "Catch": [{"ErrorEquals": ["E"], "Next": "N3"}]},
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
            "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: \
             [Next, End] at /States/A",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    );
}

#[test]
fn branches_are_flows_of_their_own() {
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "S"}}});
    check(
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner]}}}),
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: S at \
             /States/S/Branches[0]/States/B/Next",
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
            "This object should have only one of the following fields: [ItemProcessor, Iterator] \
             at /States/S",
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
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner]}}}),
        &["MISSING_TRANSITION_TARGET: Missing 'Next' target: N at \
             /States/S/Branches[0]/States/T/Catch[0]/Next"],
    );
}

#[test]
fn odd_but_not_wrong_is_a_warning() {
    check(
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": true}}}),
        &[
            "warning NO_DOLLAR: The value of the field 'a' looks like a path; paths are only read \
             in fields that end in .$ at /States/S/Parameters/a",
        ],
    );
    check(
        json!({"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": "$.b", "End": true}}}),
        &[
            "warning PASS_RESULT_IS_STATIC: The Result of a Pass state is static: a path in it is \
             not read; use Parameters at /States/S/Result",
        ],
    );
}

#[test]
fn names_are_unique_in_the_whole_machine() {
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}});
    check(
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Parallel", "End": true, "Branches": [inner, inner]}}}),
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
            "warning DUPLICATE_FIELD: Field 'StartAt' is given more than once: only the last one \
             counts at /StartAt",
        ],
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
