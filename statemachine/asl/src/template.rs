//! Payload templates: `Parameters`, `Arguments`, `Output`, `ResultSelector`, `ItemSelector`, `Credentials`, `Assign`.
//!
//! Compiled with the definition: parts that do not change are kept whole, fields that end in `.$` are paths or
//! calls of intrinsic functions.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::{Map, Value};

use crate::Payload;
use crate::answers::Asking;
use crate::context::Context;
use crate::fault::Fault;
use crate::intrinsic::Call;
use crate::jsonata::Bindings;
use crate::jsonpath::{Budget, NotFound, Path, Root};
use crate::probe::{Probe, Setting, Stage};
use crate::query::Query;
use crate::random::Random;
use crate::variables::Visible;

/// What paths and expressions can see.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// `$`
    pub(crate) input: &'a Value,
    /// `$$`
    pub(crate) context: &'a Context<'a>,
    /// `$name`
    pub(crate) variables: &'a dyn Visible,
    /// What JSONata expressions see.
    pub(crate) bindings: &'a Bindings<'a>,
    /// The execution's random numbers; what is drawn here is gone for what follows.
    pub(crate) random: &'a Cell<Random>,
    /// Who looks on, if anyone does.
    pub(crate) probe: Option<&'a Probe>,
    /// Who evaluates what may take long, if anyone else does.
    pub(crate) answers: Option<&'a Asking<'a>>,
    /// What all that is looked up and put together here may cost.
    pub(crate) budget: &'a Budget,
}

impl<'a> Scope<'a> {
    pub(crate) fn find(&self, path: &Path) -> Result<Cow<'a, Value>, NotFound> {
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

    /// The same with another `$`.
    pub(crate) fn over<'b>(&self, input: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { input, ..*self }
    }

    /// Tells who looks on what the state's data is at a stage.
    pub(crate) fn saw(&self, stage: Stage, payload: &Payload) {
        if let Some(probe) = self.probe {
            probe.saw(stage, payload);
        }
    }

    /// Tells who looks on a number that the state was given.
    pub(crate) fn set(&self, setting: Setting, value: Value) {
        if let Some(probe) = self.probe {
            probe.set(setting, value);
        }
    }

    /// What `path` starts from.
    pub(crate) fn root(&self, path: &Path) -> Result<&'a Value, NotFound> {
        match path.root() {
            Root::Input => Ok(self.input),
            Root::Context => Ok(self.context.value()),
            Root::Variable(name) => {
                let missing = || NotFound::NoVariable(name.clone());
                self.variables.variable(name).ok_or_else(missing)
            }
        }
    }

    /// The value of `field`, whose path must lead somewhere.
    pub(crate) fn field(&self, field: &str, path: &Path) -> Result<Cow<'a, Value>, Fault> {
        let root = self
            .root(path)
            .map_err(|missing| Fault::runtime(missing.to_string()))?;
        path.find(root, self.budget).map_err(|_| {
            Fault::runtime(format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                path.text(),
                crate::text::json(root),
            ))
        })
    }
}

/// A compiled template.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    /// Nothing in it changes.
    Fixed(Value),
    Object(Vec<(Box<str>, Template)>),
    Array(Vec<Template>),
    /// A field `name.$`.
    Path {
        field: Box<str>,
        path: Path,
    },
    /// A field `name.$` that calls an intrinsic function.
    Call(Call),
    /// JSONata: `{% … %}`.
    Query(Query),
}

impl Template {
    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<Value, Fault> {
        match self {
            Template::Fixed(value) => Ok(value.clone()),
            Template::Path { field, path } => {
                let value = scope.field(field, path)?;
                scope.take(&value)?;
                Ok(value.into_owned())
            }
            Template::Call(call) => call.evaluate(scope),
            Template::Query(query) => {
                let value = query.evaluate(scope)?;
                scope.take(&value)?;
                Ok(value)
            }
            Template::Array(items) => items.iter().map(|item| item.render(scope)).collect(),
            Template::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (name, field) in fields {
                    object.insert(name.as_ref().to_owned(), field.render(scope)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// Whether nothing in it changes.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Template::Fixed(_))
    }
}
