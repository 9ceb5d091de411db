//! Tests of Pass and Succeed: input and output processing.

use serde_json::{Value, json};

use super::{TestRunner, check_state, runtime};
use crate::Payload;

fn check(fields: Value, input: Value, expect: Value) {
    let mut state = json!({"Type": "Pass"});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    check_state(state, input, expect);
}

#[test]
fn what_no_state_touches_keeps_its_text() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"x.$": "$[0]"}, "End": true},
    }});
    let input = Payload::parse("[ 1.0, 2 ]").unwrap();
    TestRunner::new(&machine).input(input).run().tells(
        r#"
        0s 1<0 ExecutionStarted [ 1.0, 2 ]
        0s 2<0 PassStateEntered A [ 1.0, 2 ]
        0s 3<2 PassStateExited A [ 1.0, 2 ]
        0s 4<3 PassStateEntered B [ 1.0, 2 ]
        0s 5<4 PassStateExited B {"x":1.0}
        0s 6<5 ExecutionSucceeded {"x":1.0}
        "#,
    );
}

#[test]
fn a_pass_state_tells_its_story() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Result": {"y": 2}, "ResultPath": "$.r", "Next": "B"},
        "B": {"Type": "Succeed", "OutputPath": "$.r"},
    }});
    TestRunner::new(&machine)
        .input(json!({"x": 1}))
        .run()
        .tells(
            r#"
        0s 1<0 ExecutionStarted {"x":1}
        0s 2<0 PassStateEntered A {"x":1}
        0s 3<2 PassStateExited A {"x":1,"r":{"y":2}}
        0s 4<3 SucceedStateEntered B {"x":1,"r":{"y":2}}
        0s 5<4 SucceedStateExited B {"y":2}
        0s 6<5 ExecutionSucceeded {"y":2}
        "#,
        );
}

#[test]
fn input_path_selects() {
    check(json!({}), json!({"a": 1}), json!({"a": 1}));
    check(json!({"InputPath": "$"}), json!({"a": 1}), json!({"a": 1}));
    check(json!({"InputPath": "$.a"}), json!({"a": 1}), json!(1));
    check(json!({"InputPath": null}), json!({"a": 1}), json!({}));
    check(
        json!({"InputPath": "$.a[*].b"}),
        json!({"a": [{"b": 1}, {}]}),
        json!([1]),
    );
    check(
        json!({"InputPath": "$.a[?(@.b > 7)]"}),
        json!({"a": [{"b": 1}]}),
        json!([]),
    );
    check(
        json!({"InputPath": "$$.Execution.Name"}),
        json!({}),
        json!("E"),
    );
}

#[test]
fn parameters_replace_what_ends_in_a_dollar() {
    let check = |template: Value, input: Value, expect: Value| {
        check(json!({"Parameters": template}), input, expect);
    };
    check(
        json!({"a": 1, "b.$": "$.x"}),
        json!({"x": [2]}),
        json!({"a": 1, "b": [2]}),
    );
    check(
        json!({"a": {"b": [{"c.$": "$.x"}, 7]}}),
        json!({"x": 2}),
        json!({"a": {"b": [{"c": 2}, 7]}}),
    );
    check(json!({"a.$": "$"}), json!({"x": 2}), json!({"a": {"x": 2}}));
    check(
        json!({"a.$": "$.x[1:]"}),
        json!({"x": [1, 2, 3]}),
        json!({"a": [2, 3]}),
    );
    check(
        json!({"a.$": "$.x[*].y"}),
        json!({"x": [1]}),
        json!({"a": []}),
    );
    check(json!({"a": "$.x"}), json!({"x": 2}), json!({"a": "$.x"}));
    check(
        json!({"z": 1, "a.$": "$.x"}),
        json!({"x": 0}),
        json!({"z": 1, "a": 0}),
    );
}

#[test]
fn a_path_in_parameters_that_leads_nowhere_fails_the_execution() {
    check(
        json!({"Parameters": {"a": {"b.$": "$.x.y"}}}),
        json!({"z": 1}),
        runtime(
            "The JSONPath '$.x.y' specified for the field 'b.$' could not be found in the input \
             '{\"z\":1}'",
        ),
    );
}

#[test]
fn result_path_puts_the_result_into_the_input() {
    let check = |path: Value, input: Value, expect: Value| {
        check(json!({"Result": "r", "ResultPath": path}), input, expect);
    };
    check(json!("$"), json!({"a": 1}), json!("r"));
    check(json!(null), json!({"a": 1}), json!({"a": 1}));
    check(json!("$.b"), json!({"a": 1}), json!({"a": 1, "b": "r"}));
    check(json!("$.a"), json!({"a": 1}), json!({"a": "r"}));
    check(
        json!("$.b.c"),
        json!({"a": 1}),
        json!({"a": 1, "b": {"c": "r"}}),
    );
    check(
        json!("$.a[0]"),
        json!({"a": [1, 2]}),
        json!({"a": ["r", 2]}),
    );
    check(json!("$['a b']"), json!({}), json!({"a b": "r"}));
}

#[test]
fn a_result_path_that_does_not_fit_is_an_error_of_its_own() {
    let text = "States.ResultPathMatchFailure: An error occurred while executing the state 'S' \
                (entered at the event id #2). Unable to apply ReferencePath $.a.b to input \
                {\"a\":1}";
    check(
        json!({"Result": 2, "ResultPath": "$.a.b"}),
        json!({"a": 1}),
        json!(text),
    );
}

#[test]
fn output_path_comes_last() {
    check(json!({"OutputPath": "$.a"}), json!({"a": 1}), json!(1));
    check(json!({"OutputPath": null}), json!({"a": 1}), json!({}));
    check(
        json!({"Result": 2, "ResultPath": "$.b", "OutputPath": "$.b"}),
        json!({"a": 1}),
        json!(2),
    );
    check(
        json!({"InputPath": "$.a", "Parameters": {"c.$": "$.b"}, "ResultPath": "$.r", "OutputPath": "$.r.c"}),
        json!({"a": {"b": 3}}),
        json!(3),
    );
}

#[test]
fn paths_as_whole_fields_have_a_text_of_their_own() {
    let nowhere = |field: &str| {
        check(
            json!({field: "$.No"}),
            json!({}),
            runtime("Invalid path '$.No' : No results for path: $['No']"),
        );
    };
    nowhere("InputPath");
    nowhere("OutputPath");
    check(
        json!({"InputPath": "$.no.way"}),
        json!({}),
        runtime("Invalid path '$.no.way' : Missing property in path $['no']"),
    );
}

#[test]
fn numbers_and_texts_come_out_as_they_went_in() {
    for value in [
        json!(1),
        json!(1.0),
        json!(-0.5),
        json!(1e300),
        json!(u64::MAX),
        json!("é\u{0}\"\\\u{1F6B2}"),
        json!(null),
    ] {
        check(json!({}), value.clone(), value);
    }
}

#[test]
fn succeed_takes_both_paths() {
    check_state(
        json!({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}),
        json!({"a": {"b": 1}}),
        json!(1),
    );
}
