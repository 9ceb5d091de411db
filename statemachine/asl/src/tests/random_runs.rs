//! Drawn definitions, inputs and events: a step never panics, a history hangs together, a resumed execution goes on
//! the same.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::driver::{START, identity, written_and_read};
use crate::{
    Effect, Event, EventKind, Execution, FailureStage, HistoryEvent, StateMachine, TaskId, TimerId,
    Timestamp,
};

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

fn payload() -> impl Strategy<Value = Value> {
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
fn some(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Map<String, Value>> {
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

fn text(path: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Value> {
    path.prop_map(Value::from).boxed()
}

fn state(depth: u32) -> BoxedStrategy<Value> {
    let shaped = || vec![("InputPath", text(path())), ("OutputPath", text(path()))];
    let working = || {
        let mut fields = shaped();
        fields.push(("ResultPath", reference().boxed()));
        fields.push(("ResultSelector", template().boxed()));
        fields.push(("Retry", rules("Retry").boxed()));
        fields.push(("Catch", rules("Catch").boxed()));
        fields
    };
    let with = |kind: Value, fields: BoxedStrategy<Map<String, Value>>| {
        fields.prop_map(move |fields| {
            let mut state = kind.clone();
            state.as_object_mut().unwrap().extend(fields);
            state
        })
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
        {"Variable": "$.a", "IsPresent": true, "Next": "Y"}, {"Variable": "$.a", "NumericEquals": 1, "Next": "Z"}]});
    let flat = prop_oneof![
        3 => with(json!({"Type": "Pass"}), some(pass)),
        3 => with(json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}), some(task.clone())),
        2 => with(json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f"}), some(task)),
        1 => with(json!({"Type": "Wait", "Seconds": 3}), some(shaped())),
        1 => with(choice, some(shaped())),
        1 => Just(json!({"Type": "Fail", "Error": "E"})),
        1 => with(json!({"Type": "Succeed"}), some(shaped())),
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
    let map = (some(map), flow(depth - 1)).prop_map(|(fields, flow)| {
        let mut state = json!({"Type": "Map", "ItemProcessor": flow});
        state.as_object_mut().unwrap().extend(fields);
        state
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

/// X (drawn) leads to Y (drawn) leads to Z, and all can be reached.
fn flow(depth: u32) -> BoxedStrategy<Value> {
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
                {"Variable": "$.skip", "IsPresent": true, "Next": "Y"}, {"Variable": "$.skip", "IsPresent": true, "Next": "Z"}], "Default": "X"});
            json!({"StartAt": "Entry", "States": {"Entry": entry, "X": x, "Y": y, "Z": {"Type": "Succeed"}}})
        })
        .boxed()
}

/// The same flow with names that no other flow has.
fn renamed(mut flow: Value, count: &mut u32) -> Value {
    *count += 1;
    let suffix = count.to_string();
    let rename = |name: &mut Value| {
        if let Value::String(name) = name {
            name.push_str(&suffix);
        }
    };
    rename(&mut flow["StartAt"]);
    let states = std::mem::take(flow["States"].as_object_mut().unwrap());
    for (name, mut state) in states {
        for field in ["Next", "Default"] {
            state.get_mut(field).map(rename);
        }
        for rules in ["Choices", "Catch"] {
            let rules = state.get_mut(rules).and_then(Value::as_array_mut);
            rules
                .into_iter()
                .flatten()
                .for_each(|rule| rename(&mut rule["Next"]));
        }
        if let Some(processor) = state.get_mut("ItemProcessor") {
            *processor = renamed(processor.take(), count);
        }
        let branches = state.get_mut("Branches").and_then(Value::as_array_mut);
        for branch in branches.into_iter().flatten() {
            *branch = renamed(branch.take(), count);
        }
        flow["States"][format!("{name}{suffix}")] = state;
    }
    flow
}

/// Something that may or may not concern a task or a timer there is.
fn event() -> impl Strategy<Value = EventKind> {
    let task = (1u64..12).prop_map(TaskId);
    prop_oneof![
        2 => task.clone().prop_map(|task| EventKind::TaskStarted { task, worker: None }),
        1 => (task.clone(), payload()).prop_map(|(task, output)| EventKind::TaskSubmitted { task, output }),
        4 => (task.clone(), payload()).prop_map(|(task, output)| EventKind::TaskSucceeded { task, output }),
        2 => task.clone().prop_map(|task| EventKind::TaskFailed { task, stage: FailureStage::Run, error: Some("E".into()), cause: None }),
        1 => task.prop_map(|task| EventKind::TaskHeartbeat { task }),
        4 => (1u64..16).prop_map(|timer| EventKind::TimerFired { timer: TimerId(timer) }),
        1 => Just(EventKind::Stop { error: None, cause: None }).prop_filter("seldom", |_| true),
    ]
}

fn records(effects: &[Effect]) -> impl Iterator<Item = &HistoryEvent> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Record(event) => Some(event),
        _ => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_run_hangs_together(flow in flow(2), input in payload(), events in prop::collection::vec(event(), 0..30), seed: u64) {
        let flow = renamed(flow, &mut 0);
        let machine = StateMachine::parse(&flow.to_string()).map_err(|e| TestCaseError::fail(format!("{e}\n{flow}")))?;
        let (mut execution, mut effects) = Execution::start(&machine, identity(), input, START, seed);
        for (second, kind) in events.into_iter().enumerate() {
            let event = Event { at: Timestamp(START.0 + second as i64 * 1000), kind };
            let mut resumed = written_and_read(&execution);
            let more = execution.step(&machine, event.clone());
            prop_assert_eq!(&resumed.step(&machine, event), &more);
            prop_assert_eq!(&resumed, &execution);
            effects.extend(more);
        }
        for (id, event) in (1..).zip(records(&effects)) {
            prop_assert_eq!(event.id, id);
            prop_assert!(event.previous_event_id < id);
        }
        // It has ended, or it waits for something.
        prop_assert!(execution.outcome().is_some() == execution.outstanding().is_empty());
        let ends = effects.iter().filter(|e| matches!(e, Effect::End(_))).count();
        prop_assert_eq!(ends, usize::from(execution.outcome().is_some()));
    }

    #[test]
    fn no_slip_breaks_the_parser(
        flow in flow(2),
        from in prop::sample::select(vec!["\"X", "\"Y", "\"Z", "\"Type\"", "\"StartAt\"", "\"States\"", "\"Next\"", "\"$", "States.", "[", "Map", "Task"]),
        to in prop::sample::select(vec!["\"Q", "\"", "7", "null", "[", "\"End\"", "\"Default\"", "\"$..x", ""]),
        nth in 0usize..20,
    ) {
        let text = renamed(flow, &mut 0).to_string();
        if let Some((at, _)) = text.match_indices(from).nth(nth) {
            let slipped = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
            let _ = StateMachine::parse(&slipped);
        }
        let _ = StateMachine::parse(&text.replace(from, to));
    }

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,200}") {
        let _ = StateMachine::parse(&text);
    }

    #[test]
    fn no_json_breaks_the_parser(value in payload(), key in prop::sample::select(vec!["StartAt", "States", "Type", "Choices", "Branches", "ItemProcessor", "Retry", "Catch", "Parameters"])) {
        let _ = StateMachine::parse(&json!({"StartAt": "A", "States": {"A": value}}).to_string());
        let _ = StateMachine::parse(&json!({key: value}).to_string());
        for kind in ["Pass", "Task", "Choice", "Wait", "Map", "Parallel", "Fail", "Succeed"] {
            let _ = StateMachine::parse(&json!({"StartAt": "A", "States": {"A": {"Type": kind, key: value}}}).to_string());
        }
    }
}
