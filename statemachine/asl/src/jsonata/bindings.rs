//! The bindings of an expression: `$states`, the workflow variables and the time.

use std::cell::RefCell;

use jsonata_core::value::JValue;
use serde_json::Value;

use super::convert;
use super::dependencies::{Member, Usage};
use crate::Timestamp;
use crate::context::Context;
use crate::variables::VariableLookup;

/// `$states.context`: what makes it, or the object itself.
#[derive(Clone, Copy)]
pub(crate) enum ContextObject<'a> {
    Lazy(&'a Context<'a>),
    Made(&'a Value),
}

/// `$states`. A member that the state does not have at this point is not there.
#[derive(Clone, Copy, Default)]
pub(crate) struct States<'a> {
    pub(crate) input: Option<&'a Value>,
    pub(crate) result: Option<&'a Value>,
    pub(crate) error_output: Option<&'a Value>,
    pub(crate) context: Option<ContextObject<'a>>,
}

/// `$states`, the workflow variables and the time, for all the expressions of one moment in a
/// state.
///
/// Make one and evaluate all of them with it: what one expression had converted, the next has for
/// nothing.
pub(crate) struct Bindings<'a> {
    states: States<'a>,
    variables: &'a dyn VariableLookup,
    /// The time that `$now` and `$millis` give.
    pub(super) now: Timestamp,
    /// The converted values, by the addresses of the originals, which stay as long as the bindings.
    converted: RefCell<Vec<(*const Value, JValue)>>,
}

impl<'a> Bindings<'a> {
    pub(crate) fn new(
        states: States<'a>,
        variables: &'a dyn VariableLookup,
        now: Timestamp,
    ) -> Bindings<'a> {
        Bindings {
            states,
            variables,
            now,
            converted: RefCell::default(),
        }
    }

    pub(super) fn member(&self, member: Member) -> Option<&'a Value> {
        match member {
            Member::Context => Some(match self.states.context? {
                ContextObject::Lazy(context) => context.value(),
                ContextObject::Made(value) => value,
            }),
            Member::Input => self.states.input,
            Member::Result => self.states.result,
            Member::ErrorOutput => self.states.error_output,
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&'a Value> {
        self.variables.variable(name)
    }

    /// Converts as much of a member as `usage` says.
    pub(super) fn converted_member(&self, member: Member, usage: &Usage) -> Option<JValue> {
        let value = self.member(member)?;
        match (usage, value) {
            (Usage::Fields(names), Value::Object(fields)) => {
                let found = names.iter().filter_map(|name| {
                    let value = fields.get(name.as_ref())?;
                    Some((name.as_ref().to_owned(), self.convert(value)))
                });
                Some(JValue::object(found.collect()))
            }
            _ => Some(self.convert(value)),
        }
    }

    pub(super) fn converted_variable(&self, name: &str) -> Option<JValue> {
        Some(self.convert(self.variable(name)?))
    }

    /// Converts a value, and keeps arrays and objects for the next expression.
    fn convert(&self, value: &'a Value) -> JValue {
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            return convert::from_json(value);
        }
        let mut converted = self.converted.borrow_mut();
        if let Some((_, known)) = converted
            .iter()
            .find(|(from, _)| std::ptr::eq(*from, value))
        {
            return known.clone();
        }
        let made = convert::from_json(value);
        converted.push((std::ptr::from_ref(value), made.clone()));
        made
    }
}
