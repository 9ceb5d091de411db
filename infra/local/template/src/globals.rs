//! The `Globals` of a SAM template: default properties of every function (or state machine).
//!
//! Merges as SAM does: mappings key by key, lists after the global ones; anything else, including a
//! function call, replaces the global value.

use super::node::{Node, Value};

/// `properties` over `global`.
pub(super) fn merge(global: &Node, properties: &Node) -> Node {
    if global.function().is_some() || properties.function().is_some() {
        return properties.clone();
    }
    let value = match (&global.value, &properties.value) {
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
    Node {
        at: properties.at,
        value,
    }
}
