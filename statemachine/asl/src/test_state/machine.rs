//! The state machine that a test runs in: the whole one that is given, or one made around a single
//! state.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::TestStateError;
use crate::StateMachine;

/// The name that AWS gives a state that is tested on its own.
pub(super) const NAME: &str = "StateName";

/// Compiles a definition so that it starts at the state to test.
pub(super) fn compile(
    definition: &str,
    state_name: Option<&str>,
) -> Result<StateMachine, TestStateError> {
    let Some(name) = state_name else {
        return Ok(StateMachine::parse(&wrap_state(definition))?);
    };
    let mut machine = StateMachine::parse(definition)?;
    let found = machine.states.iter().position(|state| &*state.name == name);
    let found = found.ok_or_else(|| TestStateError::validation("State not found in definition"))?;
    machine.start.0 = u32::try_from(found).unwrap_or(u32::MAX);
    Ok(machine)
}

/// The definition of a machine with this one state, and others for it to lead to. Text that is no
/// object stays what it is: it is refused as a definition would be.
fn wrap_state(state: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(state) else {
        return state.to_owned();
    };
    let mut states: Map<String, Value> = targets(&fields)
        .into_iter()
        .map(|target| (target.to_owned(), json!({"Type": "Succeed"})))
        .collect();
    states.insert(NAME.into(), Value::Object(fields.clone()));
    json!({"StartAt": NAME, "States": states}).to_string()
}

/// The states that it may lead to.
fn targets(state: &Map<String, Value>) -> BTreeSet<&str> {
    let direct = ["Next", "Default"]
        .into_iter()
        .filter_map(|name| state.get(name));
    let rules = ["Choices", "Catch"]
        .into_iter()
        .filter_map(|name| state.get(name)?.as_array())
        .flatten()
        .filter_map(|rule| rule.get("Next"));
    direct
        .chain(rules)
        .filter_map(Value::as_str)
        .filter(|target| *target != NAME)
        .collect()
}
