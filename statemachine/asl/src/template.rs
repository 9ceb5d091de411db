//! Payload templates: `Parameters`, `Arguments`, `Output`, `ResultSelector`, `ItemSelector`,
//! `Credentials`, `Assign`.
//!
//! Compiled with the definition: parts that do not change are kept whole, fields that end in `.$`
//! are paths or calls of intrinsic functions.

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;

/// A compiled template.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    /// A value that is the same every time.
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

    /// Returns true if it is the same value every time.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Template::Fixed(_))
    }
}
