//! Workflow variables: the values that `Assign` keeps, and the states that can read them.
//!
//! The machine, each branch of a Parallel and each iteration of a Map is a scope. A state reads the
//! variables of its own scope and of those around it, and assigns those of its own. What a state
//! assigns is seen from the next state on.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Payload;

/// AWS: a variable's name has at most 80 characters.
const MAX_NAME: usize = 80;

/// AWS: the variables of an execution hold at most 10 MiB, as JSON text.
pub(crate) const MAX_STORED_BYTES: usize = 10 * 1024 * 1024;

/// The variables that one state assigned: names without `$`, in the definition's order.
pub(crate) type Assigned = Vec<(Arc<str>, Payload)>;

/// The variables of one scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Variables(BTreeMap<Box<str>, Payload>);

/// The variables that a state can read.
pub(crate) trait VariableLookup {
    /// The variable called `name` (without `$`), if it has been assigned.
    fn variable(&self, name: &str) -> Option<&Value>;
}

impl VariableLookup for Variables {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(Payload::value)
    }
}

impl Variables {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the variables that a state assigned.
    pub(crate) fn assign(&mut self, assigned: &Assigned) {
        for (name, value) in assigned {
            self.0.insert(name.as_ref().into(), value.clone());
        }
    }

    /// Returns all variables as one object.
    pub(crate) fn to_value(&self) -> Value {
        let all = self.0.iter();
        all.map(|(name, value)| (name.to_string(), value.value().clone()))
            .collect()
    }

    /// Returns the length of the values as JSON text.
    pub(crate) fn bytes(&self) -> usize {
        self.0.values().map(|value| value.text().len()).sum()
    }
}

/// Returns true if `name` can be a variable's: a Unicode identifier of at most 80 characters, and
/// not `states`, which is AWS's own.
pub(crate) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(is_name_start);
    starts && chars.all(is_name_part) && name.chars().count() <= MAX_NAME && name != "states"
}

pub(crate) fn is_name_start(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c)
}

pub(crate) fn is_name_part(c: char) -> bool {
    unicode_ident::is_xid_continue(c)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_unicode_identifiers() {
        let check = |name: &str, expect: bool| assert_eq!(is_name(name), expect, "{name}");
        check("x", true);
        check("_x1", true);
        check("größe", true);
        check("名前", true);
        check("1x", false);
        check("a-b", false);
        check("a.b", false);
        check("", false);
        check("states", false);
        check("States", true);
        check(&"x".repeat(80), true);
        check(&"x".repeat(81), false);
    }
}
