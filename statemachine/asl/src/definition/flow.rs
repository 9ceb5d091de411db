//! A flow: `StartAt` and `States`, of the machine itself, a branch of a Parallel, or a Map's processor.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::diagnostics::Finding;
use super::{Compiler, Diagnostics, Fields};
use crate::machine::{Next, State, StateId};

/// AWS: a state's name has at most 80 characters.
const MAX_NAME: usize = 80;

/// The names of the states that one flow's transitions may lead to.
pub(crate) struct Flow<'d> {
    ids: HashMap<&'d str, StateId>,
}

impl Flow<'_> {
    /// The state called `name`, which the field at `location` leads to.
    pub(crate) fn target(
        &self,
        name: &str,
        location: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<StateId> {
        let found = self.ids.get(name).copied();
        if found.is_none() {
            diagnostics.push(
                "MISSING_TRANSITION_TARGET",
                location,
                format!("Missing 'Next' target: {name}"),
            );
        }
        found
    }
}

impl Compiler {
    /// Compiles the `StartAt` and `States` of an object; gives the first state.
    pub(crate) fn flow(&mut self, fields: &mut Fields<'_>) -> Option<StateId> {
        fields.require(&["States", "StartAt"], &mut self.diagnostics);
        let start = fields.string("StartAt", &mut self.diagnostics);
        let start_at = fields.location("StartAt");
        let states = fields.object("States", &mut self.diagnostics)?;
        let (location, object) = (states.at().to_owned(), states.into_object());
        self.flows.insert(location.clone());
        let first = self.reserve(object.len());
        let flow = Flow {
            ids: object
                .keys()
                .map(String::as_str)
                .zip((first.0..).map(StateId))
                .collect(),
        };
        self.scopes.enter();
        for ((name, value), id) in object.iter().zip(first.0..) {
            let at = format!("{location}/{name}");
            self.check_name(name, &at);
            self.states[id as usize] = self.state(name, value, at, &flow);
        }
        self.scopes.leave();
        let start = flow.target(start?, &start_at, &mut self.diagnostics);
        self.check_graph(&location, first, object, start);
        start
    }

    fn check_name(&mut self, name: &str, at: &str) {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message = format!("The state name must have 1 to {MAX_NAME} characters");
            self.diagnostics.push("INVALID_STATE_NAME", at, message);
        }
        if !self.names.insert(name.to_owned()) {
            self.duplicate_state(name, at);
        }
    }

    pub(super) fn duplicate_state(&mut self, name: &str, at: &str) -> &mut Finding {
        let message = format!("Duplicate State name: {name}");
        self.diagnostics
            .push("DUPLICATE_STATE_NAME", at, message)
            .hint("a state's name is used once in the whole machine, branches and processors included")
    }

    /// Every flow can end, and every state can be reached.
    fn check_graph(
        &mut self,
        location: &str,
        first: StateId,
        object: &Map<String, Value>,
        start: Option<StateId>,
    ) {
        let states = &self.states[first.0 as usize..][..object.len()];
        let says_end = |value: &Value| {
            value["End"] == true || value["Type"] == "Succeed" || value["Type"] == "Fail"
        };
        if !object.values().any(says_end) {
            self.diagnostics
                .push("MISSING_END_STATE", "", "Workflow has no terminal state");
            return;
        }
        let reached = reachable(states, first, start);
        for (name, _) in object.keys().zip(reached).filter(|(_, reached)| !reached) {
            let message = format!("State \"{name}\" is not reachable.");
            self.diagnostics.push(
                "MISSING_TRANSITION_TARGET",
                &format!("{location}/{name}"),
                message,
            );
        }
    }
}

fn reachable(states: &[State], first: StateId, start: Option<StateId>) -> Vec<bool> {
    let mut reached = vec![false; states.len()];
    let mut waiting: Vec<StateId> = start.into_iter().collect();
    while let Some(id) = waiting.pop() {
        // A target that does not exist has been reported, and stands as a state that may be of another flow.
        let index = id.0.checked_sub(first.0).map(|index| index as usize);
        let Some((index, state)) = index.and_then(|index| Some((index, states.get(index)?))) else {
            continue;
        };
        if !std::mem::replace(&mut reached[index], true) {
            waiting.extend(state.targets());
        }
    }
    reached
}

impl State {
    /// The states that this one may lead to in its own flow.
    fn targets(&self) -> Vec<StateId> {
        let next = match self.next {
            Next::State(id) => Some(id),
            Next::End => None,
        };
        let caught = self.catch.iter().map(|c| c.next);
        next.into_iter()
            .chain(caught)
            .chain(self.kind.targets())
            .collect()
    }
}
