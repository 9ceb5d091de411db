//! `Globals` of a SAM template: properties that every function (or state machine) has unless it
//! says otherwise.
//!
//! As SAM merges them: a mapping key by key, a list after the global one, anything else (a function
//! call too) replaced.

use super::node::{Node, Value};

/// `own` over `global`.
pub(super) fn merge(global: &Node, own: &Node) -> Node {
    if global.function().is_some() || own.function().is_some() {
        return own.clone();
    }
    let value = match (&global.value, &own.value) {
        (Value::Map(below), Value::Map(above)) => {
            let mut entries = below.clone();
            for (key, node) in above {
                match entries.iter_mut().find(|(name, _)| name.text == key.text) {
                    Some((_, existing)) => *existing = merge(existing, node),
                    None => entries.push((key.clone(), node.clone())),
                }
            }
            Value::Map(entries)
        }
        (Value::List(below), Value::List(above)) => {
            Value::List(below.iter().chain(above).cloned().collect())
        }
        (_, above) => above.clone(),
    };
    Node { at: own.at, value }
}
