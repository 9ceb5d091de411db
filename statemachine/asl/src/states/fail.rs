//! The fields of a Fail state.

use std::borrow::Cow;

use crate::fault::Fault;
use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;

#[derive(Debug)]
pub(crate) struct Fail {
    pub(crate) error: Option<TextField>,
    pub(crate) cause: Option<TextField>,
}

/// A text, or the path, call or expression that gives one: `Error` and `ErrorPath`.
#[derive(Debug)]
pub(crate) enum TextField {
    Fixed(String),
    /// The field's name, and the path.
    Path(&'static str, Path),
    /// The field's name, and the call.
    Call(&'static str, Call),
    Query(Query),
}

impl TextField {
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        let (field, source, value) = match self {
            TextField::Fixed(text) => return Ok(text.clone()),
            TextField::Query(query) => return query.string(scope),
            TextField::Path(field, path) => (field, path.text(), scope.field(field, path)?),
            TextField::Call(field, call) => (field, call.text(), Cow::Owned(call.evaluate(scope)?)),
        };
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Fault::runtime(format!(
                "The {field} field refers to value {value} which is not a string: {source}"
            ))
        })
    }
}
