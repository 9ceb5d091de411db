//! Variables that nothing can have assigned when a state reads them.
//!
//! A state may find what any state assigns that leads to it, in its own flow, and what the state around its flow may find.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde_json::Value;

use super::super::Diagnostics;
use super::reads::{assigns, reads};
use super::{Flow, inner_flows, targets};

type Names<'d> = BTreeSet<&'d str>;

pub(super) fn check(definition: &Value, diagnostics: &mut Diagnostics) {
    let jsonata = is_jsonata(definition).unwrap_or(false);
    check_flow(definition, "", jsonata, &Names::new(), diagnostics);
}

fn is_jsonata(value: &Value) -> Option<bool> {
    value
        .get("QueryLanguage")
        .map(|language| language != "JSONPath")
}

// The recursion ends with the definition's nesting.
fn check_flow<'d>(
    value: &'d Value,
    at: &str,
    jsonata: bool,
    around: &Names<'d>,
    diagnostics: &mut Diagnostics,
) {
    let Some(flow) = Flow::of(value, at) else {
        return;
    };
    let known = known(&flow, around);
    for (name, state) in flow.states {
        // What is not reached has been reported.
        let Some(known) = known.get(name.as_str()) else {
            continue;
        };
        let at = format!("{}/{name}", flow.at);
        let own = is_jsonata(state).unwrap_or(jsonata);
        for read in reads(state, own, &at) {
            if !known.contains(read.name.as_str()) {
                let message = format!(
                    "The variable '${}' has not been assigned when the state '{name}' reads it",
                    read.name
                );
                diagnostics.warning("UNDEFINED_VARIABLE", &read.at, message);
            }
        }
        for (inner, at) in inner_flows(state, &at) {
            check_flow(inner, &at, jsonata, known, diagnostics);
        }
    }
}

/// What may be assigned when each state begins.
fn known<'d>(flow: &Flow<'d>, around: &Names<'d>) -> HashMap<&'d str, Names<'d>> {
    let mut known: HashMap<&str, Names<'d>> = HashMap::new();
    known.insert(flow.start, around.clone());
    let mut waiting = VecDeque::from([flow.start]);
    while let Some(name) = waiting.pop_front() {
        let Some(state) = flow.states.get(name) else {
            continue;
        };
        let mut after = known.get(name).cloned().unwrap_or_default();
        after.extend(assigns(state));
        for target in targets(state) {
            let before = known.get(target);
            let grows = before.is_none_or(|before| !after.is_subset(before));
            if grows {
                known
                    .entry(target)
                    .or_default()
                    .extend(after.iter().copied());
                waiting.push_back(target);
            }
        }
    }
    known
}
