//! The scope of paths and expressions: the data that they can read, and the limits that they have.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use crate::Payload;
use crate::context::Context;
use crate::fault::Fault;
use crate::inspector::{Inspector, MapSetting, Stage};
use crate::jsonata::{Bindings, RecordedEvaluator};
use crate::jsonpath::{Budget, Path, PathError, Root};
use crate::random::Random;
use crate::variables::VariableLookup;

/// The data that the paths and expressions of a state can read.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// `$`
    pub(crate) input: &'a Value,
    /// `$$`
    pub(crate) context: &'a Context<'a>,
    /// `$name`
    pub(crate) variables: &'a dyn VariableLookup,
    /// The bindings of JSONata expressions.
    pub(crate) bindings: &'a Bindings<'a>,
    /// The execution's random numbers; what is drawn here is gone for what follows.
    pub(crate) random: &'a Cell<Random>,
    /// Observes the state, if it is being tested.
    pub(crate) inspector: Option<&'a Inspector>,
    /// Evaluates what may take long, if the step itself does not.
    pub(crate) evaluator: Option<&'a RecordedEvaluator<'a>>,
    /// Limits what is looked up and put together here.
    pub(crate) budget: &'a Budget,
}

impl<'a> Scope<'a> {
    /// Looks up a path.
    pub(crate) fn find(&self, path: &Path) -> Result<Cow<'a, Value>, PathError> {
        path.find(self.root(path)?, self.budget)
    }

    /// Notes that `value` becomes a part of what is put together.
    pub(crate) fn take(&self, value: &Value) -> Result<(), Fault> {
        if self.budget.take(value) {
            Ok(())
        } else {
            Err(Fault::data_limit(self.context.state))
        }
    }

    /// Returns the same scope with another `$`.
    pub(crate) fn over<'b>(&self, input: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { input, ..*self }
    }

    /// Records the state's data at a stage, for the inspector.
    pub(crate) fn record_stage(&self, stage: Stage, payload: &Payload) {
        if let Some(inspector) = self.inspector {
            inspector.record_stage(stage, payload);
        }
    }

    /// Records a setting of the state, for the inspector.
    pub(crate) fn record_setting(&self, setting: MapSetting, value: Value) {
        if let Some(inspector) = self.inspector {
            inspector.record_setting(setting, value);
        }
    }

    /// Returns the value that `path` starts from.
    pub(crate) fn root(&self, path: &Path) -> Result<&'a Value, PathError> {
        match path.root() {
            Root::Input => Ok(self.input),
            Root::Context => Ok(self.context.value()),
            Root::Variable(name) => {
                let missing = || PathError::NoVariable(name.clone());
                self.variables.variable(name).ok_or_else(missing)
            }
        }
    }

    /// Returns the value of `field`, whose path must lead somewhere.
    pub(crate) fn field(&self, field: &str, path: &Path) -> Result<Cow<'a, Value>, Fault> {
        let root = self
            .root(path)
            .map_err(|missing| Fault::runtime(missing.to_string()))?;
        path.find(root, self.budget).map_err(|_| {
            Fault::runtime(format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the \
                 input '{}'",
                path.text(),
                crate::java_text::json(root),
            ))
        })
    }
}
