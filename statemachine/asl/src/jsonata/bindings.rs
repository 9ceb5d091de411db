//! What an expression can see.

use std::cell::{OnceCell, RefCell};

use jsonata_core::value::JValue;
use serde_json::Value;

use super::convert;
use super::reads::Member;
use crate::Timestamp;
use crate::context::Context;

/// The workflow variables that are in scope.
pub(crate) trait Variables {
    /// The variable called `name` (without `$`), if it has been assigned.
    fn variable(&self, name: &str) -> Option<&Value>;
}

impl Variables for serde_json::Map<String, Value> {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// `$states`. A member that the state does not have at this point is not there.
#[derive(Clone, Copy, Default)]
pub(crate) struct States<'a> {
    pub(crate) input: Option<&'a Value>,
    pub(crate) result: Option<&'a Value>,
    pub(crate) error_output: Option<&'a Value>,
    pub(crate) context: Option<&'a Context<'a>>,
}

/// `$states`, the workflow variables and the time, for all the expressions of one moment in a state.
///
/// Make one and evaluate all of them with it: what one expression had converted, the next has for nothing.
pub(crate) struct Bindings<'a> {
    states: States<'a>,
    variables: &'a dyn Variables,
    /// What `$now` and `$millis` tell.
    pub(super) now: Timestamp,
    members: [OnceCell<JValue>; Member::ALL.len()],
    named: RefCell<Vec<(Box<str>, JValue)>>,
}

impl<'a> Bindings<'a> {
    pub(crate) fn new(
        states: States<'a>,
        variables: &'a dyn Variables,
        now: Timestamp,
    ) -> Bindings<'a> {
        Bindings {
            states,
            variables,
            now,
            members: Default::default(),
            named: RefCell::default(),
        }
    }

    pub(super) fn member(&self, member: Member) -> Option<JValue> {
        let value = match member {
            Member::Context => self.states.context?.value(),
            Member::Input => self.states.input?,
            Member::Result => self.states.result?,
            Member::ErrorOutput => self.states.error_output?,
        };
        let cell = &self.members[member as usize];
        Some(cell.get_or_init(|| convert::from_json(value)).clone())
    }

    pub(super) fn variable(&self, name: &str) -> Option<JValue> {
        let mut named = self.named.borrow_mut();
        if let Some((_, value)) = named.iter().find(|(known, _)| known.as_ref() == name) {
            return Some(value.clone());
        }
        let value = convert::from_json(self.variables.variable(name)?);
        named.push((name.into(), value.clone()));
        Some(value)
    }
}
