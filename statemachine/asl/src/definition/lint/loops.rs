//! Warns about states that can be reached, and from which no end can.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Flow, targets};

pub(super) fn check(flow: &Flow<'_>) {
    let mut sources: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, state) in flow.by_name {
        for target in targets(state) {
            sources.entry(target).or_default().push(name);
        }
    }
    let none = Vec::new();
    // A transition that leads nowhere is reported elsewhere, and may have been meant as a way out.
    let unknown = |state: &Value| targets(state).any(|target| !flow.by_name.contains_key(target));
    let states = flow.by_name.iter();
    let last = states.filter(|(_, state)| ends(state) || unknown(state));
    let ends: Vec<&str> = last.map(|(name, _)| name.as_str()).collect();
    if ends.is_empty() {
        return; // AWS says so
    }
    let ending = closure(ends, |name| sources.get(name).unwrap_or(&none).clone());
    let reached = closure(vec![flow.start], |name| {
        flow.by_name
            .get(name)
            .map(|state| targets(state).collect())
            .unwrap_or_default()
    });
    let lost = |name: &&String| reached.contains(name.as_str()) && !ending.contains(name.as_str());
    if let Some(name) = flow.by_name.keys().find(lost) {
        let message = format!("No way leads from the state '{name}' to an end of the flow");
        flow.states.warning_in(name, "ENDLESS_LOOP", message);
    }
}

fn ends(state: &Value) -> bool {
    state["End"] == true || state["Type"] == "Succeed" || state["Type"] == "Fail"
}

/// Returns all that `next` leads to from `start`, however often.
fn closure<'d>(start: Vec<&'d str>, next: impl Fn(&str) -> Vec<&'d str>) -> HashSet<&'d str> {
    let (mut seen, mut waiting) = (HashSet::new(), start);
    while let Some(name) = waiting.pop() {
        if seen.insert(name) {
            waiting.extend(next(name));
        }
    }
    seen
}
