//! Warns about variables that nothing can have assigned when a state reads them.
//!
//! A state may find what any state assigns that leads to it, in its own flow, and what the state
//! around its flow may find.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::variable_reads::{assigns, reads};
use super::{Flow, inner_flows, targets};
use crate::definition::cursor::Cursor;

type Names<'d> = BTreeSet<&'d str>;

pub(super) fn check(definition: &Cursor<'_>) {
    let jsonata = is_jsonata(definition).unwrap_or(false);
    check_flow(definition, jsonata, &Names::new());
}

fn is_jsonata(owner: &Cursor<'_>) -> Option<bool> {
    let language = owner.value().get("QueryLanguage");
    language.map(|language| language != "JSONPath")
}

// The recursion ends with the definition's nesting.
fn check_flow<'d>(owner: &Cursor<'d>, jsonata: bool, outer: &Names<'d>) {
    let Some(flow) = Flow::read(owner) else {
        return;
    };
    let assigned = assigned(&flow, outer);
    for (name, state) in flow.states.fields() {
        // A state that is not reached has been reported.
        let Some(assigned) = assigned.get(name) else {
            continue;
        };
        for read in reads(&state, is_jsonata(&state).unwrap_or(jsonata)) {
            if !assigned.contains(read.variable.as_str()) {
                let message = format!(
                    "The variable '${}' has not been assigned when the state '{name}' reads it",
                    read.variable
                );
                read.text.warning("UNDEFINED_VARIABLE", message);
            }
        }
        for inner in inner_flows(&state) {
            check_flow(&inner, jsonata, assigned);
        }
    }
}

/// Returns the variables that may be assigned when each state begins.
fn assigned<'d>(flow: &Flow<'d>, outer: &Names<'d>) -> HashMap<&'d str, Names<'d>> {
    let mut assigned: HashMap<&str, Names<'d>> = HashMap::new();
    assigned.insert(flow.start, outer.clone());
    let mut waiting = VecDeque::from([flow.start]);
    while let Some(name) = waiting.pop_front() {
        let Some(state) = flow.by_name.get(name) else {
            continue;
        };
        let mut after = assigned.get(name).cloned().unwrap_or_default();
        after.extend(assigns(state));
        for target in targets(state) {
            let before = assigned.get(target);
            let grows = before.is_none_or(|before| !after.is_subset(before));
            if grows {
                assigned
                    .entry(target)
                    .or_default()
                    .extend(after.iter().copied());
                waiting.push_back(target);
            }
        }
    }
    assigned
}
