//! States that can be reached, and from which no end can.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::Diagnostics;
use super::{Flow, targets};

pub(super) fn check(flow: &Flow<'_>, diagnostics: &mut Diagnostics) {
    let mut sources: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, state) in flow.states {
        for target in targets(state) {
            sources.entry(target).or_default().push(name);
        }
    }
    let none = Vec::new();
    // Where a transition leads nowhere, which is AWS's to say too, there is no telling.
    let unknown = |state: &Value| targets(state).any(|target| !flow.states.contains_key(target));
    let states = flow.states.iter();
    let last = states.filter(|(_, state)| ends(state) || unknown(state));
    let ends: Vec<&str> = last.map(|(name, _)| name.as_str()).collect();
    if ends.is_empty() {
        return; // AWS says so
    }
    let ending = closure(ends, |name| sources.get(name).unwrap_or(&none).clone());
    let reached = closure(vec![flow.start], |name| {
        flow.states
            .get(name)
            .map(|state| targets(state).collect())
            .unwrap_or_default()
    });
    let lost = |name: &&String| reached.contains(name.as_str()) && !ending.contains(name.as_str());
    if let Some(name) = flow.states.keys().find(lost) {
        let message = format!("No way leads from the state '{name}' to an end of the flow");
        diagnostics.warning("ENDLESS_LOOP", &format!("{}/{name}", flow.at), message);
    }
}

fn ends(state: &Value) -> bool {
    state["End"] == true || state["Type"] == "Succeed" || state["Type"] == "Fail"
}

/// What `next` leads to from `start`, however often.
fn closure<'d>(start: Vec<&'d str>, next: impl Fn(&str) -> Vec<&'d str>) -> HashSet<&'d str> {
    let (mut seen, mut waiting) = (HashSet::new(), start);
    while let Some(name) = waiting.pop() {
        if seen.insert(name) {
            waiting.extend(next(name));
        }
    }
    seen
}
