//! Tests of variables, and of the fields of each query language.

use serde_json::{Value, json};

use super::{check, check_state};

#[test]
fn variables_are_checked() {
    check(
        json!({"StartAt": "S",
            "States": {"S": {"Type": "Pass", "End": true,
            "Assign": {"1a": 1, "states": 2, "b.$": "x"}}}}),
        &[
            "INVALID_VARIABLE_NAME: Invalid variable name '1a': the variable name contains invalid \
             characters. at /States/S/Assign/1a",
            "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at \
             /States/S/Assign/states",
            "SCHEMA_VALIDATION_FAILED: The value for the field 'b.$' must be a valid JSONPath or a \
             valid intrinsic function call at /States/S/Assign",
        ],
    );
    check_state(
        json!({"Type": "Fail", "Assign": {"a": 1}}),
        &["Field 'Assign' is not supported at /States/S"],
    );
}

#[test]
fn an_inner_scope_hides_no_variable_of_an_outer_one() {
    let inner = |name: &str, variable: &str| {
        json!({"StartAt": name,
        "States": {name: {"Type": "Pass", "Assign": {variable: 1}, "End": true}}})
    };
    let check_branches = |one: &str, two: &str, outer: &str, expect: &[&str]| {
        check_state(
            json!({"Type": "Parallel", "End": true, "Assign": {outer: 1},
                "Branches": [inner("A", one), inner("B", two)]}),
            expect,
        );
    };
    check_branches("x", "x", "y", &[]);
    check_branches(
        "x",
        "y",
        "y",
        &[
            "Variable 'y' is assigned in an outer scope and cannot be assigned in an inner one at \
             /States/S/Branches[1]/States/B/Assign/y",
        ],
    );
}

#[test]
fn each_query_language_has_its_fields() {
    let refused = |language: &str, field: &str, other: &str| {
        let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "End": true, "QueryLanguage": language});
        state[field] = if field.ends_with("Path") {
            json!("$.a")
        } else {
            json!({})
        };
        let expect = format!(
            "The QueryLanguage is set to '{language}', but field '{field}' is only supported for \
             the '{other}' QueryLanguage at /States/S"
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
        json!({"Type": "Pass", "End": true, "QueryLanguage": "JSONata", "Arguments": {},
            "Result": 1}),
        &[
            "Field 'Arguments' is not supported at /States/S",
            "The QueryLanguage is set to 'JSONata', but field 'Result' is only supported for the \
             'JSONPath' QueryLanguage at /States/S",
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
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to '{language}', but field \
             '{field}' is only supported for the '{other}' QueryLanguage at /States/S/Choices[0]"
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
            "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' \
             for whole state machine at /States/S",
        ],
    );
    check(
        machine(
            json!("JSONSomething"),
            json!({"Type": "Pass", "Output": 1, "End": true}),
        ),
        &[
            "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [JSONPath, JSONata] \
             at /QueryLanguage",
        ],
    );
    let inner =
        json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": 1, "End": true}}});
    check(
        machine(
            json!("JSONPath"),
            json!({"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [inner],
                "End": true}),
        ),
        &[
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' \
             is only supported for the 'JSONata' QueryLanguage at /States/S/Branches[0]/States/B",
        ],
    );
}

#[test]
fn expressions_must_parse() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S",
            "States": {"S": {"Type": "Pass", "Output": {"a": ["{% 1 + %}"]}, "End": true}}}),
        &["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/S/Output/a[0]"],
    );
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S",
            "States": {"S": {"Type": "Pass",
            "Output": {"v": "{% phone & $states.input.a[b = 1] %}"}, "End": true}}}),
        &[
            "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not \
             supported. at /States/S/Output/v",
        ],
    );
}

#[test]
fn jsonata_that_only_works_here_is_a_warning() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "S",
            "States": {"S": {"Type": "Pass", "Output": {"a": "{% $states.input.a ?? 1 %}"},
            "End": true}}}),
        &[
            "warning NEWER_JSONATA_OPERATOR: Step Functions evaluates JSONata 2.0.6, which does \
             not have the operator ?? at /States/S/Output/a",
        ],
    );
}

/// AWS refuses both: there is no context, and only a catcher has an error.
#[test]
fn what_an_expression_does_not_have_is_refused() {
    let refused = |field: &str, text: &str| {
        let machine = json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {
            "S": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", field: text,
                "End": true}}});
        let refused = crate::StateMachine::parse(&machine.to_string()).unwrap_err();
        format!(
            "{} {}",
            refused.diagnostics[0].code, refused.diagnostics[0].message
        )
    };
    assert_eq!(
        refused("Output", "{% $states.input.a[$ = $$.b] %}"),
        "UNSUPPORTED_JSONATA_EXPRESSION Reference to '$$' at the top level is not supported."
    );
    assert_eq!(
        refused("Output", "{% $states.errorOutput.Error %}"),
        "UNSUPPORTED_JSONATA_EXPRESSION Reference to '$states.errorOutput' is only supported in a \
         catcher."
    );
}
