//! Compiles `StartAt` and `States`: of the machine itself, a branch of a Parallel, or the processor
//! of a Map.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Compiler;
use super::cursor::Cursor;
use super::fields::Fields;
use crate::machine::State;
use crate::transition::{StateId, Transition};

/// AWS: a state's name has at most 80 characters.
const MAX_NAME: usize = 80;

/// The names of the states that one flow's transitions may lead to.
pub(super) struct Flow<'d> {
    ids: HashMap<&'d str, StateId>,
}

impl Flow<'_> {
    /// Reads a field that names a state, and finds the state.
    pub(super) fn target(&self, fields: &mut Fields<'_>, field: &'static str) -> Option<StateId> {
        let name = fields.string(field)?;
        self.find(name, fields.cursor(), field)
    }

    /// Finds the state `name`, which is in a field of `object`.
    pub(super) fn find(&self, name: &str, object: &Cursor<'_>, field: &str) -> Option<StateId> {
        let found = self.ids.get(name).copied();
        if found.is_none() {
            let message = format!("Missing 'Next' target: {name}");
            object.error_with_code_in(field, MISSING_TARGET, message);
        }
        found
    }
}

impl<'d> Compiler<'d> {
    /// Compiles the `StartAt` and `States` of an object, and returns the first state.
    pub(super) fn flow(&mut self, fields: &mut Fields<'d>) -> Option<StateId> {
        fields.require(&["States", "StartAt"]);
        let start = fields.string("StartAt");
        let states = fields.object("States")?;
        let states = states.cursor();
        let object = states.value().as_object()?;
        self.flows.insert(states.location().to_owned());
        let first = self.reserve(object.len());
        let flow = Flow {
            ids: object
                .keys()
                .map(String::as_str)
                .zip((first.0..).map(StateId))
                .collect(),
        };
        self.scopes.enter();
        for ((name, state), id) in states.fields().zip(first.0..) {
            self.check_name(name, &state);
            self.states[id as usize] = self.state(name, state, &flow);
        }
        self.scopes.leave();
        let start = flow.find(start?, fields.cursor(), "StartAt");
        self.check_graph(states, first, object, start);
        start
    }

    fn check_name(&mut self, name: &str, state: &Cursor<'_>) {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message = format!("The state name must have 1 to {MAX_NAME} characters");
            state.error_with_code("INVALID_STATE_NAME", message);
        }
        if !self.names.insert(name.to_owned()) {
            state
                .error_with_code(DUPLICATE_STATE_NAME, duplicate_state(name))
                .hint(ONE_NAME_ONCE);
        }
    }

    /// Checks that the flow can end and that every state can be reached.
    fn check_graph(
        &self,
        flow: &Cursor<'_>,
        first: StateId,
        object: &Map<String, Value>,
        start: Option<StateId>,
    ) {
        let states = &self.states[first.0 as usize..][..object.len()];
        let is_terminal = |value: &Value| {
            value["End"] == true || value["Type"] == "Succeed" || value["Type"] == "Fail"
        };
        if !object.values().any(is_terminal) {
            flow.error_in_definition("MISSING_END_STATE", "Workflow has no terminal state");
            return;
        }
        let reached = reachable(states, first, start);
        for (name, _) in object.keys().zip(reached).filter(|(_, reached)| !reached) {
            let message = format!("State \"{name}\" is not reachable.");
            flow.error_with_code_in(name, MISSING_TARGET, message);
        }
    }
}

/// The code of a transition to no state, and of a state that no transition leads to.
const MISSING_TARGET: &str = "MISSING_TRANSITION_TARGET";

/// The code of a name that two states have.
pub(super) const DUPLICATE_STATE_NAME: &str = "DUPLICATE_STATE_NAME";

/// The hint for a name that two states have.
pub(super) const ONE_NAME_ONCE: &str =
    "a state's name is used once in the whole machine, branches and processors included";

/// The message for a name that two states have.
pub(super) fn duplicate_state(name: &str) -> String {
    format!("Duplicate State name: {name}")
}

fn reachable(states: &[State], first: StateId, start: Option<StateId>) -> Vec<bool> {
    let mut reached = vec![false; states.len()];
    let mut waiting: Vec<StateId> = start.into_iter().collect();
    while let Some(id) = waiting.pop() {
        // A target that does not exist has been reported, and stands as a state that may be of
        // another flow.
        let index = id.0.checked_sub(first.0).map(|index| index as usize);
        let Some((index, state)) = index.and_then(|index| Some((index, states.get(index)?))) else {
            continue;
        };
        if !std::mem::replace(&mut reached[index], true) {
            waiting.extend(targets(state));
        }
    }
    reached
}

/// Returns the states that `state` may lead to in its own flow.
fn targets(state: &State) -> Vec<StateId> {
    let next = match state.next {
        Transition::State(id) => Some(id),
        Transition::End => None,
    };
    let caught = state.catch.iter().map(|catcher| catcher.next);
    next.into_iter()
        .chain(caught)
        .chain(state.kind.targets())
        .collect()
}
