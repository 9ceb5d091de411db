//! The runner that the fuzz targets share: it answers whatever an execution asks for.

use asl::{Effect, Event, EventKind, Execution, Identity, StateMachine, Timestamp};
use serde_json::{Value, json};

/// The most events that an execution gets: a definition may loop forever.
const MAX_EVENTS: i64 = 50;

/// Runs a definition, if it is one, on `input`: every task gives the input back, every timer fires.
///
/// An execution ends or waits for something, and one that was written down and read again goes on
/// the same.
pub fn run(definition: &str, input: &Value) {
    let Ok(machine) = StateMachine::parse(definition) else {
        return;
    };
    let (mut execution, _) = Execution::start(&machine, identity(), input.clone(), Timestamp(0), 1);
    for second in 1..MAX_EVENTS {
        let Some(kind) = execution
            .outstanding()
            .into_iter()
            .find_map(|effect| answer(effect, input))
        else {
            break;
        };
        let event = Event {
            at: Timestamp(second * 1000),
            kind,
        };
        let text = serde_json::to_string(&execution).expect("an execution is plain");
        let mut resumed: Execution = serde_json::from_str(&text).expect("what was written");
        let effects = execution.step(&machine, event.clone());
        assert_eq!(resumed.step(&machine, event), effects);
        assert_eq!(resumed, execution);
    }
    assert_eq!(
        execution.outcome().is_some(),
        execution.outstanding().is_empty()
    );
}

/// Runs one state: a Pass state with `fields`, on the JSON that `input` may be.
pub fn pass(fields: Value, input: &str) {
    let input =
        serde_json::from_str(input).unwrap_or_else(|_| json!({"a": [1, {"b": "x"}], "c": null}));
    let mut state = json!({"Type": "Pass", "End": true});
    if let (Value::Object(state), Value::Object(fields)) = (&mut state, fields) {
        state.extend(fields);
    }
    run(
        &json!({"StartAt": "S", "States": {"S": state}}).to_string(),
        &input,
    );
}

/// Splits a text at its zero byte into what is fuzzed and the input for it.
pub fn halves(text: &str) -> (&str, &str) {
    text.split_once('\0').unwrap_or((text, ""))
}

fn answer(effect: Effect, output: &Value) -> Option<EventKind> {
    match effect {
        Effect::StartTask { task, .. } | Effect::StartMapRun { task, .. } => {
            Some(EventKind::TaskSucceeded {
                task,
                output: output.clone().into(),
            })
        }
        Effect::SetTimer { timer, .. } => Some(EventKind::TimerFired { timer }),
        _ => None,
    }
}

fn identity() -> Identity {
    Identity {
        execution_name: "E".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
        ..Identity::default()
    }
}
