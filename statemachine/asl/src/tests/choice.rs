//! Tests of Choice: every operator, by table.

use serde_json::{Value, json};

use super::TestRunner;

fn machine(rule: Value) -> Value {
    let mut rule = rule;
    rule["Next"] = "Yes".into();
    json!({"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Choices": [rule], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": true, "End": true},
        "No": {"Type": "Pass", "Result": false, "End": true},
    }})
}

fn check_rule(rule: Value, input: Value, expect: bool) {
    let shown = format!("{rule} on {input}");
    let result = TestRunner::new(&machine(rule)).input(input).run().result();
    assert_eq!(result, json!(expect), "{shown}");
}

/// `operator` between the value of `$.v` and an operand, and the same with the operand at `$.w`.
fn check(operator: &str, value: Value, operand: Value, expect: bool) {
    let input = json!({"v": value, "w": operand});
    let fixed = json!({"Variable": "$.v", operator: operand});
    check_rule(fixed, input.clone(), expect);
    check_rule(
        json!({"Variable": "$.v", format!("{operator}Path"): "$.w"}),
        input,
        expect,
    );
}

fn check_is(operator: &str, value: Value, expect: bool) {
    let input = json!({"v": value});
    check_rule(
        json!({"Variable": "$.v", operator: true}),
        input.clone(),
        expect,
    );
    check_rule(json!({"Variable": "$.v", operator: false}), input, !expect);
}

fn check_matches(pattern: &str, text: &str, expect: bool) {
    check_rule(
        json!({"Variable": "$.v", "StringMatches": pattern}),
        json!({"v": text}),
        expect,
    );
}

#[test]
fn a_choice_tells_its_story() {
    let machine = machine(json!({"Variable": "$.v", "NumericGreaterThan": 1}));
    TestRunner::new(&machine)
        .input(json!({"v": 2}))
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {"v":2}
        0s 2<0 ChoiceStateEntered S {"v":2}
        0s 3<2 ChoiceStateExited S {"v":2}
        0s 4<3 PassStateEntered Yes {"v":2}
        0s 5<4 PassStateExited Yes true
        0s 6<5 ExecutionSucceeded true
        "#,
        );
}

#[test]
fn booleans() {
    check("BooleanEquals", json!(true), json!(true), true);
    check("BooleanEquals", json!(false), json!(true), false);
    check("BooleanEquals", json!("true"), json!(true), false);
    check("BooleanEquals", json!(1), json!(true), false);
}

#[test]
fn numbers() {
    check("NumericEquals", json!(1), json!(1.0), true);
    check("NumericEquals", json!(0.1), json!(0.1), true);
    check("NumericEquals", json!("1"), json!(1), false);
    check("NumericEquals", json!(null), json!(0), false);
    check(
        "NumericEquals",
        json!(9_007_199_254_740_993_i64),
        json!(9_007_199_254_740_992_i64),
        false,
    );
    check("NumericLessThan", json!(1), json!(2), true);
    check("NumericLessThan", json!(2), json!(2), false);
    check("NumericLessThanEquals", json!(2), json!(2), true);
    check("NumericGreaterThan", json!(2.5), json!(2), true);
    check("NumericGreaterThan", json!("3"), json!(2), false);
    check("NumericGreaterThanEquals", json!(-1), json!(-1.0), true);
}

#[test]
fn texts() {
    check("StringEquals", json!("a"), json!("a"), true);
    check("StringEquals", json!("a"), json!("A"), false);
    check("StringEquals", json!(1), json!("1"), false);
    check("StringLessThan", json!("A"), json!("AB"), true);
    check("StringLessThan", json!("B"), json!("AB"), false);
    check("StringLessThanEquals", json!(""), json!(""), true);
    check("StringGreaterThan", json!("a"), json!("B"), true);
    check("StringGreaterThanEquals", json!("AB"), json!("A"), true);
}

#[test]
fn timestamps_compare_as_points_in_time() {
    let (noon, later) = ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00.001Z");
    check(
        "TimestampEquals",
        json!(noon),
        json!("2026-11-21T13:00:00+01:00"),
        true,
    );
    check("TimestampEquals", json!(noon), json!(later), false);
    check(
        "TimestampEquals",
        json!("2026-11-21 12:00:00Z"),
        json!(noon),
        false,
    );
    check("TimestampLessThan", json!(noon), json!(later), true);
    check("TimestampLessThanEquals", json!(noon), json!(noon), true);
    check("TimestampGreaterThan", json!(later), json!(noon), true);
    check("TimestampGreaterThan", json!(7), json!(noon), false);
    check(
        "TimestampGreaterThanEquals",
        json!(noon),
        json!(later),
        false,
    );
}

#[test]
fn properties() {
    check_is("IsNull", json!(null), true);
    check_is("IsNull", json!(0), false);
    check_is("IsBoolean", json!(false), true);
    check_is("IsBoolean", json!("false"), false);
    check_is("IsNumeric", json!(1.5), true);
    check_is("IsNumeric", json!("1"), false);
    check_is("IsString", json!(""), true);
    check_is("IsString", json!([]), false);
    check_is("IsTimestamp", json!("2026-11-21T12:00:00Z"), true);
    check_is("IsTimestamp", json!("2026-11-21"), false);
    check_is("IsTimestamp", json!(1), false);
    check_is("IsPresent", json!(null), true);
    check_rule(
        json!({"Variable": "$.x.y", "IsPresent": true}),
        json!({}),
        false,
    );
    check_rule(
        json!({"Variable": "$.x.y", "IsPresent": false}),
        json!({}),
        true,
    );
    check_rule(
        json!({"Variable": "$$.Execution.Name", "IsPresent": true}),
        json!({}),
        true,
    );
}

#[test]
fn patterns() {
    check_matches("*", "", true);
    check_matches("a*c", "abc", true);
    check_matches("a*c", "abcd", false);
    check_matches("*.log", "x.log", true);
    check_matches("a*b*c", "a-b-b-c", true);
    check_matches("a?c", "abc", false);
    check_matches("a\\*c", "a*c", true);
    check_matches("a\\*c", "abc", false);
    check_matches("a\\\\*", "a\\b", true);
    check_matches("a\\b", "a\\b", true);
    check_matches("[a]", "a", false);
    check_matches("***", "é", true);
    check_matches("", "a", false);
    check_rule(
        json!({"Variable": "$.v", "StringMatches": "*"}),
        json!({"v": 1}),
        false,
    );
}

#[test]
fn combinations() {
    let (a, b) = (
        json!({"Variable": "$.a", "BooleanEquals": true}),
        json!({"Variable": "$.b", "BooleanEquals": true}),
    );
    let check = |rule: Value, a: bool, b: bool, expect: bool| {
        check_rule(rule, json!({"a": a, "b": b}), expect);
    };
    check(json!({"And": [a, b]}), true, true, true);
    check(json!({"And": [a, b]}), true, false, false);
    check(json!({"Or": [a, b]}), false, true, true);
    check(json!({"Or": [a, b]}), false, false, false);
    check(json!({"Not": a}), true, true, false);
    check(
        json!({"And": [{"Not": a}, {"Or": [a, {"Not": {"Not": b}}]}]}),
        false,
        true,
        true,
    );
}

#[test]
fn a_combination_stops_where_it_is_decided() {
    let missing = json!({"Variable": "$.missing", "BooleanEquals": true});
    let known = json!({"Variable": "$.a", "BooleanEquals": true});
    check_rule(json!({"And": [known, missing]}), json!({"a": false}), false);
    check_rule(json!({"Or": [known, missing]}), json!({"a": true}), true);
}

#[test]
fn the_first_match_decides() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Choices": [
            {"Variable": "$.v", "NumericGreaterThan": 10, "Next": "Big"},
            {"Variable": "$.v", "NumericGreaterThan": 1, "Next": "Small"},
        ]},
        "Big": {"Type": "Pass", "Result": "big", "End": true},
        "Small": {"Type": "Pass", "Result": "small", "End": true},
    }});
    let check = |v: i64, expect: &str| {
        assert_eq!(
            TestRunner::new(&machine)
                .input(json!({"v": v}))
                .run()
                .result(),
            json!(expect)
        );
    };
    check(11, "big");
    check(2, "small");
    check(
        0,
        "States.NoChoiceMatched: An error occurred while executing the state 'S' (entered at the \
         event id #2). Failed to transition out of the state. The state has no matching choice \
         and no Default",
    );
}

#[test]
fn a_variable_that_is_missing_fails_the_execution() {
    let check = |rule: Value, path: &str| {
        let text = format!(
            "States.Runtime: An error occurred while executing the state 'S' (entered at the \
             event id #2). Invalid path '{path}': The choice state's condition path references an \
             invalid value."
        );
        assert_eq!(
            TestRunner::new(&machine(rule))
                .input(json!({"a": 1}))
                .run()
                .result(),
            json!(text)
        );
    };
    check(json!({"Variable": "$.v", "StringEquals": "x"}), "$.v");
    check(json!({"Variable": "$.v", "IsNull": true}), "$.v");
    check(
        json!({"Variable": "$.a", "NumericEqualsPath": "$.w"}),
        "$.w",
    );
}

#[test]
fn both_paths_apply() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Choice", "InputPath": "$.in", "OutputPath": "$.out",
              "Choices": [{"Variable": "$.v", "NumericEquals": 1, "Next": "End"}]},
        "End": {"Type": "Succeed"},
    }});
    let runner = TestRunner::new(&machine)
        .input(json!({"in": {"v": 1, "out": "o"}}))
        .run();
    assert_eq!(runner.result(), json!("o"));
}

/// Going back to the last star took time that grew with the product of pattern and text.
#[test]
fn patterns_match_in_linear_time() {
    let (pattern, text) = (format!("*{}b*c", "a".repeat(100_000)), "a".repeat(250_000));
    check_matches(&pattern, &text, false);
    check_matches(&pattern, &format!("{text}bxc"), true);
}
