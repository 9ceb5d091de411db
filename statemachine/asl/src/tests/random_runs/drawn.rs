//! Generates definitions. `v_` and `w_` are variables of the flow that they stand in; `v1` is the
//! outermost flow's.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::jsonata;

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("$".to_owned()),
        4 => Just("$.a".to_owned()),
        2 => Just("$.a.b".to_owned()),
        1 => Just("$.a[0]".to_owned()),
        1 => Just("$.a[*]".to_owned()),
        1 => Just("$..b".to_owned()),
        1 => Just("$$".to_owned()),
        1 => Just("$$.Map.Item.Value".to_owned()),
        1 => Just("$.a[?(@.b > 0)]".to_owned()),
        1 => Just("$v_".to_owned()),
        1 => Just("$v1.a".to_owned()),
    ]
}

fn reference() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("$")),
        Just(json!("$.a")),
        Just(json!("$.a.b")),
        Just(json!("$.a[0]")),
        Just(Value::Null)
    ]
}

pub(super) fn payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        (-3i64..5).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"a": a, "b": b})),
        ]
    })
}

fn template() -> impl Strategy<Value = Value> {
    (path(), path(), payload()).prop_map(|(x, y, z)| json!({"a.$": x, "b": [{"c.$": y}], "d": z}))
}

fn rules(field: &'static str) -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just(json!(["States.ALL"])),
        Just(json!(["E"])),
        Just(json!(["States.Timeout", "E"]))
    ];
    names.prop_map(move |names| match field {
        "Retry" => json!([{"ErrorEquals": names, "MaxAttempts": 2, "JitterStrategy": "FULL"}]),
        _ => json!([{"ErrorEquals": names, "Next": "Z", "ResultPath": "$.e"}]),
    })
}

/// Each field is there or not.
pub(super) fn some(
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Map<String, Value>> {
    let drawn: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| (Just(name), prop::option::weighted(0.3, value)))
        .collect();
    drawn
        .prop_map(|drawn| {
            drawn
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect()
        })
        .boxed()
}

/// A state of one `kind` with the drawn fields.
pub(super) fn with(kind: Value, fields: BoxedStrategy<Map<String, Value>>) -> BoxedStrategy<Value> {
    fields
        .prop_map(move |fields| {
            let mut state = kind.clone();
            state.as_object_mut().unwrap().extend(fields);
            state
        })
        .boxed()
}

fn text(path: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Value> {
    path.prop_map(Value::from).boxed()
}

fn jsonpath_state(depth: u32) -> BoxedStrategy<Value> {
    let shaped = || {
        let assign = template().prop_map(|template| json!({"v_": template, "w_": 1}));
        vec![
            ("InputPath", text(path())),
            ("OutputPath", text(path())),
            ("Assign", assign.boxed()),
        ]
    };
    let ending = || vec![("InputPath", text(path())), ("OutputPath", text(path()))];
    let working = || {
        let mut fields = shaped();
        fields.push(("ResultPath", reference().boxed()));
        fields.push(("ResultSelector", template().boxed()));
        fields.push(("Retry", rules("Retry").boxed()));
        fields.push(("Catch", rules("Catch").boxed()));
        fields
    };
    let mut pass = shaped();
    pass.extend([
        ("Parameters", template().boxed()),
        ("Result", payload().boxed()),
        ("ResultPath", reference().boxed()),
    ]);
    let mut task = working();
    task.extend([
        ("Parameters", template().boxed()),
        ("TimeoutSeconds", Just(json!(9)).boxed()),
        ("HeartbeatSecondsPath", text(path())),
    ]);
    let choice = json!({"Type": "Choice", "Choices": [
        {"Variable": "$.a", "IsPresent": true, "Next": "Y"},
            {"Variable": "$.a", "NumericEquals": 1, "Next": "Z"}]});
    let flat = prop_oneof![
        3 => with(json!({"Type": "Pass"}), some(pass)),
        3 => with(json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}), some(task.clone())),
        2 => with(json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f"}), some(task)),
        1 => with(json!({"Type": "Wait", "Seconds": 3}), some(shaped())),
        1 => with(choice, some(shaped())),
        1 => Just(json!({"Type": "Fail", "Error": "E"})),
        1 => with(json!({"Type": "Succeed"}), some(ending())),
    ];
    if depth == 0 {
        return flat.boxed();
    }
    let mut map = working();
    map.extend([
        ("ItemsPath", text(path())),
        ("ItemSelector", template().boxed()),
        ("MaxConcurrency", (0..3).prop_map(Value::from).boxed()),
    ]);
    let map =
        (some(map), flow(depth - 1), any::<bool>()).prop_map(|(fields, flow, distributed)| {
            let mut state = json!({"Type": "Map", "ItemProcessor": flow});
            state.as_object_mut().unwrap().extend(fields);
            if distributed {
                in_a_map_run(state)
            } else {
                state
            }
        });
    let parallel = (
        some(working()),
        prop::collection::vec(flow(depth - 1), 1..4),
    )
        .prop_map(|(fields, branches)| {
            let mut state = json!({"Type": "Parallel", "Branches": branches});
            state.as_object_mut().unwrap().extend(fields);
            state
        });
    prop_oneof![3 => flat, 1 => map, 1 => parallel].boxed()
}

fn state(depth: u32) -> BoxedStrategy<Value> {
    prop_oneof![2 => jsonpath_state(depth), 1 => jsonata::state(depth)].boxed()
}

/// A Map with its mode set to distributed.
pub(super) fn in_a_map_run(mut map: Value) -> Value {
    map["ItemProcessor"]["ProcessorConfig"] =
        json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    map["ToleratedFailureCount"] = 1.into();
    map
}

/// X (drawn) leads to Y (drawn) leads to Z, and all can be reached.
pub(super) fn flow(depth: u32) -> BoxedStrategy<Value> {
    (state(depth), state(depth))
        .prop_map(|(mut x, mut y)| {
            for (state, next) in [(&mut x, "Y"), (&mut y, "Z")] {
                match state["Type"].as_str() {
                    Some("Choice") => state["Default"] = next.into(),
                    Some("Fail" | "Succeed") => {}
                    _ => state["Next"] = next.into(),
                }
            }
            let entry = json!({"Type": "Choice", "Choices": [
                {"Variable": "$.skip", "IsPresent": true, "Next": "Y"},
                    {"Variable": "$.skip", "IsPresent": true, "Next": "Z"}], "Default": "X"});
            json!({"StartAt": "Entry",
                "States": {"Entry": entry, "X": x, "Y": y, "Z": {"Type": "Succeed"}}})
        })
        .boxed()
}
