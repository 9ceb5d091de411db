//! Tests of the warnings about what AWS accepts.

use serde_json::{Value, json};

use crate::StateMachine;

/// The warnings as `CODE: message at location`; the definition must be fine otherwise.
fn check(definition: Value, expect: &[&str]) {
    let machine = StateMachine::parse(&definition.to_string()).unwrap();
    let found: Vec<String> = machine.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(found, expect, "{definition}");
}

fn check_state(state: Value, expect: &[&str]) {
    let mut states = json!({"S": state});
    if !state_ends(&state) {
        states["Z"] = json!({"Type": "Succeed"});
    }
    check(json!({"StartAt": "S", "States": states}), expect);
}

fn state_ends(state: &Value) -> bool {
    state["End"] == true || state["Type"] == "Fail"
}

fn task(field: &str, rules: Value) -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Z", field: rules})
}

#[test]
fn errors_that_nothing_raises() {
    check_state(
        task(
            "Retry",
            json!([{"ErrorEquals": ["States.Timeout", "States.TimeOut", "Mine"]}]),
        ),
        &[
            "UNKNOWN_ERROR_NAME: Nothing raises 'States.TimeOut': names that begin with 'States.' \
             are AWS's at /States/S/Retry[0]/ErrorEquals[1]",
        ],
    );
    check_state(
        task(
            "Catch",
            json!([{"ErrorEquals": ["States.Runtime"], "Next": "Z"}]),
        ),
        &[
            "UNKNOWN_ERROR_NAME: 'States.Runtime' can be neither retried nor caught at \
             /States/S/Catch[0]/ErrorEquals[0]",
        ],
    );
    check_state(
        task(
            "Retry",
            json!([{"ErrorEquals": ["States.Http.StatusCode.429"]}]),
        ),
        &[],
    );
}

#[test]
fn rules_that_never_have_their_turn() {
    check_state(
        task(
            "Retry",
            json!([{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B", "A"], "MaxAttempts": 0}]),
        ),
        &[
            "UNREACHABLE_RULE: An earlier name takes 'A': this one never has its turn at \
             /States/S/Retry[1]/ErrorEquals[1]",
        ],
    );
    // A rule of no attempts says that it means it, and spares its errors the rules after it.
    check_state(
        task(
            "Retry",
            json!([{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]),
        ),
        &[],
    );
}

fn choice(rules: Value) -> Value {
    let mut rules = rules;
    for rule in rules.as_array_mut().unwrap() {
        rule["Next"] = "Z".into();
    }
    json!({"Type": "Choice", "Choices": rules, "Default": "Z"})
}

#[test]
fn choice_rules_that_cannot_match() {
    let same = json!({"Variable": "$.a", "IsNull": true});
    check_state(
        choice(json!([same, same])),
        &[
            "UNREACHABLE_RULE: An earlier rule asks the same: this one never has its turn at \
             /States/S/Choices[1]",
        ],
    );
    let never = |tests: Value| {
        check_state(
            choice(json!([{"And": tests}])),
            &["CONTRADICTORY_RULE: This rule can never match at /States/S/Choices[0]"],
        );
    };
    let test = |operator: &str, operand: Value| json!({"Variable": "$.a", operator: operand});
    never(json!([
        test("StringEquals", json!("x")),
        test("StringEquals", json!("y"))
    ]));
    never(json!([
        test("IsPresent", json!(false)),
        test("NumericEquals", json!(1))
    ]));
    never(json!([
        test("NumericLessThan", json!(3)),
        test("NumericGreaterThan", json!(9))
    ]));
    let fine = |tests: Value| check_state(choice(json!([{"And": tests}])), &[]);
    fine(json!([
        test("NumericGreaterThan", json!(3)),
        test("NumericGreaterThan", json!(9))
    ]));
    fine(json!([
        test("IsPresent", json!(true)),
        test("NumericEquals", json!(1))
    ]));
    fine(json!([test("StringEquals", json!("x")), {"Variable": "$.b", "StringEquals": "y"}]));
}

#[test]
fn texts_that_are_meant_as_paths() {
    check_state(
        choice(json!([{"Variable": "$.a", "StringEquals": "$.b"}])),
        &[
            "NO_PATH: The value for the field 'StringEquals' looks like a path, but the field's \
             name does not end with 'Path' at /States/S/Choices[0]/StringEquals",
        ],
    );
    check_state(
        json!({"Type": "Fail", "Error": "States.Timeout", "Cause": "$.why"}),
        &[
            "NO_PATH: The value for the field 'Cause' looks like a path, but the field's name does \
             not end with 'Path' at /States/S/Cause",
        ],
    );
}

#[test]
fn results_that_are_dropped() {
    check_state(
        json!({"Type": "Pass", "Result": 1, "Parameters": {}, "ResultPath": null, "End": true}),
        &[
            "DROPPED_RESULT: What 'Result' gives is dropped: 'ResultPath' is null at \
             /States/S/Result",
            "DROPPED_RESULT: What 'Parameters' gives is dropped: 'Result' stands in for it at \
             /States/S/Parameters",
        ],
    );
}

#[test]
fn loops_without_a_way_out() {
    check(
        json!({"StartAt": "A", "States": {
            "A": {"Type": "Choice",
                "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "B"}], "Default": "E"},
            "B": {"Type": "Pass", "Next": "C"},
            "C": {"Type": "Pass", "Next": "B"},
            "E": {"Type": "Succeed"},
        }}),
        &["ENDLESS_LOOP: No way leads from the state 'B' to an end of the flow at /States/B"],
    );
}

#[test]
fn variables_that_nothing_has_assigned() {
    let undefined = |state: &str, name: &str, at: &str| {
        format!(
            "UNDEFINED_VARIABLE: The variable '${name}' has not been assigned when the state \
             '{state}' reads it at {at}"
        )
    };
    // A reads what only a later state assigns; C finds what B does.
    check(
        json!({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Parameters": {"x.$": "$late",
                "y.$": "States.Format('$no {}', $.a)"}, "Next": "B"},
            "B": {"Type": "Pass", "Assign": {"late": 1, "self.$": "$self"}, "Next": "C"},
            "C": {"Type": "Pass", "InputPath": "$late", "End": true},
        }}),
        &[
            &undefined("A", "late", "/States/A/Parameters/x.$"),
            &undefined("B", "self", "/States/B/Assign/self.$"),
        ],
    );
    // An inner flow sees outwards, and the outer one not in.
    check(
        json!({"StartAt": "A", "QueryLanguage": "JSONata", "States": {
            "A": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "M"},
            "M": {"Type": "Map", "Items": [1], "Next": "Z", "ItemProcessor": {"StartAt": "I", "States": {
                "I": {"Type": "Pass", "Assign": {"inner": "{% $outer + $states.input %}"}, "End": true},
            }}},
            "Z": {"Type": "Succeed", "Output": "{% ($own := 1; $inner + $own) %}"},
        }}),
        &[&undefined("Z", "inner", "/States/Z/Output")],
    );
    // A loop brings it round.
    check(
        json!({"StartAt": "A", "States": {
            "A": {"Type": "Choice", "Choices": [{"Variable": "$n", "IsPresent": true, "Next": "Z"}],
                "Default": "B"},
            "B": {"Type": "Pass", "Assign": {"n": 1}, "Next": "A"},
            "Z": {"Type": "Succeed"},
        }}),
        &[],
    );
}
