//! Tests of random definitions, inputs and events: a step never panics, a history hangs together, a
//! resumed execution goes on the same.

mod drawn;
mod jsonata;

use drawn::{flow, payload};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::driver::{START, identity, written_and_read};
use crate::{
    Effect, Event, EventKind, Execution, FailureStage, HistoryEvent, StateMachine, TaskId, TimerId,
    Timestamp,
};

/// Renames the states of a flow so that no other flow has them.
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
        let inner = ["ItemProcessor", "Branches"].map(|name| state.get_mut(name).map(Value::take));
        // No flow may assign a variable of a flow around it, so each has its own.
        let text = state.to_string();
        state = text
            .replace("v_", &format!("v{suffix}"))
            .replace("w_", &format!("w{suffix}"))
            .parse()
            .unwrap();
        let [processor, branches] = inner;
        if let Some(processor) = processor {
            state["ItemProcessor"] = renamed(processor, count);
        }
        if let Some(Value::Array(branches)) = branches {
            state["Branches"] = branches
                .into_iter()
                .map(|branch| renamed(branch, count))
                .collect();
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
        1 => (task.clone(), payload()).prop_map(|(task, output)| EventKind::TaskSubmitted { task, output: output.into() }),
        4 => (task.clone(), payload()).prop_map(|(task, output)| EventKind::TaskSucceeded { task, output: output.into() }),
        2 => task.clone().prop_map(|task| EventKind::TaskFailed { task, stage: FailureStage::Run, error: Some("E".into()), cause: None }),
        1 => task.prop_map(|task| EventKind::TaskHeartbeat { task }),
        4 => (1u64..16).prop_map(|timer| EventKind::TimerFired { timer: TimerId(timer) }),
        1 => Just(EventKind::Stop { error: None, cause: None }).prop_filter("seldom", |_| true),
    ]
}

/// Does for each map run what the runner does for an item of it, which changes nothing in the
/// execution.
fn start_children(
    execution: &mut Execution,
    machine: &StateMachine,
    effects: &[Effect],
    seed: u64,
) {
    for effect in effects {
        if let Effect::StartMapRun { task, request } = effect
            && let Ok(item) = execution.map_item(machine, *task, 1, json!({"a": 1}))
        {
            let item = item.value().clone();
            Execution::start_child(machine, request, identity(), item, START, seed);
        }
    }
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
    fn any_run_hangs_together(
        flow in flow(2),
        input in payload(),
        events in prop::collection::vec(event(), 0..30),
        seed: u64,
    ) {
        let flow = renamed(flow, &mut 0);
        let machine = StateMachine::parse(&flow.to_string()).map_err(|e| TestCaseError::fail(format!("{e}\n{flow}")))?;
        let (mut execution, mut effects) = Execution::start(&machine, identity(), input, START, seed);
        for (second, kind) in events.into_iter().enumerate() {
            let event = Event { at: Timestamp(START.0 + second as i64 * 1000), kind };
            let mut resumed = written_and_read(&execution);
            let more = execution.step(&machine, event.clone());
            prop_assert_eq!(&resumed.step(&machine, event), &more);
            prop_assert_eq!(&resumed, &execution);
            start_children(&mut resumed, &machine, &more, seed);
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
    fn no_json_breaks_the_parser(
        value in payload(),
        key in prop::sample::select(vec!["StartAt", "States", "Type", "Choices", "Branches", "ItemProcessor", "Retry", "Catch", "Parameters"]),
    ) {
        let _ = StateMachine::parse(&json!({"StartAt": "A", "States": {"A": value}}).to_string());
        let _ = StateMachine::parse(&json!({key: value}).to_string());
        for kind in ["Pass", "Task", "Choice", "Wait", "Map", "Parallel", "Fail", "Succeed"] {
            let _ = StateMachine::parse(&json!({"StartAt": "A",
                "States": {"A": {"Type": kind, key: value}}}).to_string());
        }
    }
}
