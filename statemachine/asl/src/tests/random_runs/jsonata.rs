//! Generates states whose query language is JSONata.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::drawn::{flow, in_a_map_run, some, with};

/// Values, errors and undefined; time, chance and functions; all that `$states` has and what it
/// does not have.
const EXPRESSIONS: [&str; 22] = [
    "$states.input",
    "$states.input.a",
    "$states.input.a[0].b",
    "$states.input.**.b",
    "$states.result",
    "$states.result.Error",
    "$states.context.State.Name",
    "$states.context.Map.Item.Index",
    "$keys($states)",
    "$v_",
    "$v1.a",
    "$missing",
    "1 + $states.input.a",
    "$count($states.input.a) & $now()",
    "$random()",
    "$uuid()",
    "$shuffle([1..5])",
    "$map([1..2], function($x){ $x & $uuid() })",
    "($f := function($n){ $n = 0 ? [] : $append($f($n - 1), $n) }; $f(3))",
    "$partition([1..5], 2)",
    "$error('no')",
    "function($x){ $x }",
];

fn expression() -> impl Strategy<Value = Value> {
    prop::sample::select(&EXPRESSIONS[..]).prop_map(|text| json!(format!("{{% {text} %}}")))
}

/// JSON with expressions in it.
fn template() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => expression(),
        1 => (expression(), expression()).prop_map(|(x, y)| json!({"a": x, "b": [y, "{% no"], "c": 1})),
    ]
}

fn assign() -> BoxedStrategy<Value> {
    template()
        .prop_map(|template| json!({"v_": template, "w_": "{% $v_ %}"}))
        .boxed()
}

/// Generates the fields of all types of states but Fail.
fn shaped() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    vec![("Output", template().boxed()), ("Assign", assign())]
}

/// Generates the fields of states with results.
fn working() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let retry = Just(json!([{"ErrorEquals": ["States.Timeout", "E"], "MaxAttempts": 2}]));
    let catch = (template(), assign()).prop_map(|(output, assign)| {
        json!([{"ErrorEquals": ["States.ALL"], "Next": "Z", "Output": output,
            "Assign": assign}])
    });
    let mut fields = shaped();
    fields.extend([
        ("Arguments", template().boxed()),
        ("Retry", retry.boxed()),
        ("Catch", catch.boxed()),
    ]);
    fields
}

/// A number, mostly.
fn number() -> BoxedStrategy<Value> {
    prop_oneof![3 => Just(json!("{% 1 + 1 %}")), 1 => expression()].boxed()
}

pub(super) fn state(depth: u32) -> BoxedStrategy<Value> {
    let mut task = working();
    task.extend([("TimeoutSeconds", number()), ("HeartbeatSeconds", number())]);
    let wait = number().prop_flat_map(|seconds| {
        with(of_type("Wait", json!({"Seconds": seconds})), some(shaped()))
    });
    let choice = (expression(), assign()).prop_flat_map(|(condition, assign)| {
        let rules = json!([{"Condition": condition, "Next": "Y", "Assign": assign},
            {"Condition": "{% true %}", "Next": "Z"}]);
        with(of_type("Choice", json!({"Choices": rules})), some(shaped()))
    });
    let fail = vec![
        ("Error", expression().boxed()),
        ("Cause", expression().boxed()),
    ];
    let function = json!({"Resource": "arn:aws:lambda:us-east-1:1:function:f"});
    let flat = prop_oneof![
        3 => with(of_type("Pass", json!({})), some(shaped())),
        3 => with(of_type("Task", function), some(task)),
        1 => wait,
        1 => choice,
        1 => with(of_type("Fail", json!({})), some(fail)),
        1 => with(of_type("Succeed", json!({})), some(vec![("Output", template().boxed())])),
    ];
    if depth == 0 {
        return flat.boxed();
    }
    let mut map = working();
    map.retain(|(name, _)| *name != "Arguments");
    let items = prop_oneof![1 => Just(json!("{% [1..3] %}")), 1 => Just(json!([1, "{% $v_ %}"])), 1 => expression()];
    map.extend([
        ("Items", items.boxed()),
        ("ItemSelector", template().boxed()),
        ("MaxConcurrency", number()),
    ]);
    let map =
        (some(map), flow(depth - 1), any::<bool>()).prop_map(|(fields, flow, distributed)| {
            let state = joined("Map", json!({"ItemProcessor": flow}), fields);
            if distributed {
                in_a_map_run(state)
            } else {
                state
            }
        });
    let parallel = (
        some(working()),
        prop::collection::vec(flow(depth - 1), 1..3),
    )
        .prop_map(|(fields, branches)| joined("Parallel", json!({"Branches": branches}), fields));
    prop_oneof![3 => flat, 1 => map, 1 => parallel].boxed()
}

fn of_type(name: &str, mut state: Value) -> Value {
    state["Type"] = name.into();
    state["QueryLanguage"] = "JSONata".into();
    state
}

fn joined(name: &str, state: Value, fields: Map<String, Value>) -> Value {
    let mut state = of_type(name, state);
    state.as_object_mut().unwrap().extend(fields);
    state
}
