//! Tests of Map: items, concurrency, context, joining, failing.

use serde_json::{Value, json};

use super::MockTask::{Fails, Hangs, Succeeds};
use super::{TestRunner, runtime};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

fn machine(fields: Value, states: Value) -> Value {
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    let mut state =
        json!({"Type": "Map", "ItemProcessor": {"StartAt": start, "States": states}, "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"StartAt": "S", "States": {"S": state}})
}

fn passes() -> Value {
    json!({"P": {"Type": "Pass", "End": true}})
}

fn tasks() -> Value {
    json!({"T": {"Type": "Task", "Resource": FUNCTION, "End": true}})
}

#[test]
fn a_map_tells_its_story() {
    TestRunner::new(&machine(
        json!({"ItemsPath": "$.items", "MaxConcurrency": 1}),
        passes(),
    ))
    .input(json!({"items": ["a", "b"]}))
    .run()
    .tells(
        r#"
        0s 1<0 ExecutionStarted {"items":["a","b"]}
        0s 2<0 MapStateEntered S {"items":["a","b"]}
        0s 3<2 MapStateStarted length=2
        0s 4<3 MapIterationStarted S index=0
        0s 5<4 PassStateEntered P "a"
        0s 6<5 PassStateExited P "a"
        0s 7<6 MapIterationSucceeded S index=0
        0s 8<6 MapIterationStarted S index=1
        0s 9<8 PassStateEntered P "b"
        0s 10<9 PassStateExited P "b"
        0s 11<10 MapIterationSucceeded S index=1
        0s 12<11 MapStateSucceeded
        0s 13<11 MapStateExited S ["a","b"]
        0s 14<13 ExecutionSucceeded ["a","b"]
        "#,
    );
}

#[test]
fn an_empty_map_ends_at_once() {
    TestRunner::new(&machine(json!({}), passes()))
        .input(json!([]))
        .run()
        .tells(
            "
        0s 1<0 ExecutionStarted []
        0s 2<0 MapStateEntered S []
        0s 3<2 MapStateStarted length=0
        0s 4<3 MapStateSucceeded
        0s 5<3 MapStateExited S []
        0s 6<5 ExecutionSucceeded []
        ",
        );
}

#[test]
fn outputs_are_in_the_order_of_the_items() {
    let runner = TestRunner::new(&machine(json!({}), tasks()))
        .input(json!([3, 1, 2]))
        .script(|request| {
            Succeeds(
                request.arguments.value().as_f64().unwrap(),
                json!({"of": request.arguments.value()}),
            )
        })
        .run();
    assert_eq!(runner.result(), json!([{"of": 3}, {"of": 1}, {"of": 2}]));
}

#[test]
fn no_more_run_at_once_than_allowed() {
    // Each task takes a second: the time shows how many ran side by side.
    let check = |fields: Value, items: usize, seconds: f64| {
        let input = json!({"items": vec![0; items], "n": 3});
        let mut fields = fields;
        fields["ItemsPath"] = "$.items".into();
        let runner = TestRunner::new(&machine(fields, tasks()))
            .input(input)
            .script(|_| Succeeds(1.0, json!(0)))
            .run();
        assert_eq!(runner.result(), json!(vec![0; items]));
        assert_eq!(
            runner.history.last().unwrap().timestamp,
            super::driver::START.plus_seconds(seconds)
        );
    };
    check(json!({"MaxConcurrency": 1}), 4, 4.0);
    check(json!({"MaxConcurrency": 2}), 4, 2.0);
    check(json!({"MaxConcurrencyPath": "$.n"}), 4, 2.0);
    check(json!({"MaxConcurrency": 0}), 40, 1.0);
    check(json!({}), 41, 2.0);
    check(json!({"MaxConcurrency": 1000}), 81, 3.0);
}

#[test]
fn item_selector_sees_the_item_and_the_input() {
    let selector = json!({"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value.k", "all.$": "$.n",
        "s.$": "$$.State.Name"});
    for name in ["ItemSelector", "Parameters"] {
        let map = json!({"ItemsPath": "$.items", name: selector});
        let runner = TestRunner::new(&machine(map, passes()))
            .input(json!({"n": 7, "items": [{"k": "a"}, {"k": "b"}]}))
            .run();
        assert_eq!(
            runner.result(),
            json!([{"i": 0, "v": "a", "all": 7, "s": "S"}, {"i": 1, "v": "b", "all": 7, "s": "S"}])
        );
    }
}

#[test]
fn states_inside_see_the_item_in_the_context_object() {
    let inside = json!({"P": {"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item"}, "End": true}});
    let runner = TestRunner::new(&machine(json!({}), inside))
        .input(json!(["x"]))
        .run();
    assert_eq!(runner.result(), json!([{"i": {"Index": 0, "Value": "x"}}]));
}

#[test]
fn nested_maps_see_their_own_items() {
    let inner = json!({"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Parameters": {"v.$": "$$.Map.Item.Value",
            "i.$": "$$.Map.Item.Index"}, "End": true}}}}});
    let runner = TestRunner::new(&machine(json!({}), inner))
        .input(json!([[1], [2, 3]]))
        .run();
    assert_eq!(
        runner.result(),
        json!([[{"v": 1, "i": 0}], [{"v": 2, "i": 0}, {"v": 3, "i": 1}]])
    );
}

#[test]
fn the_result_is_shaped() {
    let map = json!({"ItemsPath": "$.items", "ResultSelector": {"first.$": "$[0]"}, "ResultPath": "$.r", "OutputPath": "$.r"});
    let runner = TestRunner::new(&machine(map, passes()))
        .input(json!({"items": [1, 2]}))
        .run();
    assert_eq!(runner.result(), json!({"first": 1}));
}

#[test]
fn the_old_field_names_still_work() {
    let machine = json!({"StartAt": "S", "States": {"S": {"Type": "Map", "End": true,
        "Iterator": {"StartAt": "P", "States": passes()}}}});
    assert_eq!(
        TestRunner::new(&machine).input(json!([1])).run().result(),
        json!([1])
    );
}

#[test]
fn what_is_no_list_of_items_fails_the_execution() {
    let check = |fields: Value, input: Value, message: &str| {
        assert_eq!(
            TestRunner::new(&machine(fields, passes()))
                .input(input)
                .run()
                .result(),
            runtime(message)
        );
    };
    check(
        json!({}),
        json!({}),
        "Reference path \"$\" must point to array.",
    );
    check(
        json!({"ItemsPath": "$.a"}),
        json!({"a": 1}),
        "Reference path \"$.a\" must point to array.",
    );
    check(
        json!({"ItemsPath": "$.a"}),
        json!({}),
        "Invalid path '$.a' : No results for path: $['a']",
    );
    let by_path = json!({"ItemsPath": "$.a", "MaxConcurrencyPath": "$.n"});
    let refers = |value: &str| {
        format!(
            "The MaxConcurrencyPath field refers to value \"{value}\" which is not a valid \
             integer: $.n"
        )
    };
    check(by_path.clone(), json!({"a": [], "n": "No"}), &refers("No"));
    check(by_path.clone(), json!({"a": [], "n": {}}), &refers("{}"));
    check(
        by_path,
        json!({"a": [], "n": -1}),
        "MaxConcurrency cannot be negative.",
    );
}

#[test]
fn an_iteration_that_fails_takes_the_others_with_it() {
    let runner = TestRunner::new(&machine(json!({}), tasks()))
        .input(json!([0, 1, 2]))
        .tasks([Hangs, Fails(1.0, "Boom", "c"), Succeeds(5.0, json!(1))])
        .run();
    runner.tells(
        "
        0s 1<0 ExecutionStarted [0,1,2]
        0s 2<0 MapStateEntered S [0,1,2]
        0s 3<2 MapStateStarted length=3
        0s 4<3 MapIterationStarted S index=0
        0s 5<3 MapIterationStarted S index=1
        0s 6<3 MapIterationStarted S index=2
        0s 7<4 TaskStateEntered T 0
        0s 8<7 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 0
        0s 9<5 TaskStateEntered T 1
        0s 10<9 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 1
        0s 11<6 TaskStateEntered T 2
        0s 12<11 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:123456789012:function:f 2
        0s 13<10 LambdaFunctionStarted
        0s 14<12 LambdaFunctionStarted
        1s 15<13 LambdaFunctionFailed error=Boom cause=c
        1s 16<15 MapIterationFailed S index=1
        1s 17<15 TaskStateAborted
        1s 18<15 MapIterationAborted S index=0
        1s 19<15 TaskStateAborted
        1s 20<15 MapIterationAborted S index=2
        1s 21<15 TaskStateAborted
        1s 22<15 MapStateFailed
        1s 23<22 ExecutionFailed error=Boom cause=c
        ",
    );
    let canceled = runner
        .effects
        .iter()
        .filter(|e| matches!(e, crate::Effect::CancelTask { .. }));
    assert_eq!(canceled.count(), 2);
}

#[test]
fn a_map_is_retried_as_a_whole_and_then_caught() {
    let machine = json!({"StartAt": "S", "States": {
        "S": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}},
              "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
        "C": {"Type": "Succeed"},
    }});
    TestRunner::new(&machine).input(json!([1])).run().tells(
        r#"
        0s 1<0 ExecutionStarted [1]
        0s 2<0 MapStateEntered S [1]
        0s 3<2 MapStateStarted length=1
        0s 4<3 MapIterationStarted S index=0
        0s 5<4 FailStateEntered F 1
        0s 6<5 MapIterationFailed S index=0
        1s 7<5 MapStateStarted length=1
        1s 8<7 MapIterationStarted S index=0
        1s 9<8 FailStateEntered F 1
        1s 10<9 MapIterationFailed S index=0
        1s 11<9 MapStateFailed
        1s 12<11 MapStateExited S {"Error":"E","Cause":"c"}
        1s 13<12 SucceedStateEntered C {"Error":"E","Cause":"c"}
        1s 14<13 SucceedStateExited C {"Error":"E","Cause":"c"}
        1s 15<14 ExecutionSucceeded {"Error":"E","Cause":"c"}
        "#,
    );
}

#[test]
fn an_item_selector_that_fails_later_ends_the_map() {
    let map = json!({"MaxConcurrency": 1, "ItemSelector": {"k.$": "$$.Map.Item.Value.k"}});
    let runner = TestRunner::new(&machine(map, passes()))
        .input(json!([{"k": 1}, {}]))
        .run();
    let text = runner.result();
    assert!(
        text.as_str()
            .unwrap()
            .contains("The JSONPath '$$.Map.Item.Value.k' specified for the field 'k.$'"),
        "{text}"
    );
}

#[test]
fn outputs_that_are_too_large_together_are_an_error_of_the_map() {
    let runner = TestRunner::new(&machine(json!({}), tasks()))
        .input(json!([1, 2]))
        .script(|_| Succeeds(0.0, json!("x".repeat(200_000))))
        .run();
    let cause = "States.DataLimitExceeded: The state/task 'S' returned a result with a size \
                 exceeding the maximum number of bytes service limit.";
    assert_eq!(runner.result(), json!(cause));
}

/// All results were gathered, 2.4 GB of them, before they were found to be too long.
#[test]
fn a_map_fails_as_soon_as_its_results_are_too_long() {
    let machine = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
        "MaxConcurrency": 1, "ItemSelector": {"x.$": "$.x"},
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}},
        "ItemsPath": "$.items"}}});
    let input = json!({"x": "x".repeat(100_000), "items": vec![0; 1_000]});
    let runner = TestRunner::new(&machine).input(input).run();
    assert_eq!(
        runner.result(),
        json!(
            "States.DataLimitExceeded: The state/task 'M' returned a result with a size exceeding \
             the maximum number of bytes service limit."
        )
    );
    let begun = runner
        .history
        .iter()
        .filter(|event| event.details.type_name() == "MapIterationStarted");
    assert_eq!(begun.count(), 3);
}
