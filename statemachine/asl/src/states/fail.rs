//! Fail: ends its flow with an error.
//!
//! | in        | does                                  | then                        |
//! |-----------|---------------------------------------|-----------------------------|
//! | (entered) | finds `Error` and `Cause`             | fail; there is no exit event |

use std::borrow::Cow;

use serde_json::Value;

use crate::Failure;
use crate::definition::{Diagnostics, Fields, Language};
use crate::execution::{Run, ThreadId, View};
use crate::fault::Fault;
use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::probe::Stage;
use crate::query::Query;
use crate::template::Scope;

#[derive(Debug)]
pub(crate) struct Fail {
    error: Option<Text>,
    cause: Option<Text>,
}

/// A text, or where to find it.
#[derive(Debug)]
enum Text {
    Fixed(String),
    Path(&'static str, Path),
    Call(&'static str, Call),
    Query(Query),
}

impl Fail {
    pub(crate) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Fail {
        Fail {
            error: Text::read(fields, "Error", "ErrorPath", diagnostics),
            cause: Text::read(fields, "Cause", "CausePath", diagnostics),
        }
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let failure = run.with_scope(thread, View::default(), |input, scope| {
            scope.saw(Stage::AfterInputPath, input);
            let find = |text: &Option<Text>| text.as_ref().map(|text| text.find(scope)).transpose();
            Ok(Failure {
                error: find(&self.error)?,
                cause: find(&self.cause)?,
            })
        })?;
        Err(Fault::Given(failure))
    }
}

impl Text {
    fn read(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Text> {
        fields.exclusive(&[fixed, path], diagnostics);
        if let Some(query) = fields.query(fixed, diagnostics) {
            return Some(Text::Query(query));
        }
        let text = fields
            .string(fixed, diagnostics)
            .map(|text| Text::Fixed(text.to_owned()));
        if fields.language() == Language::Jsonata {
            return text;
        }
        let call = fields
            .get(path)
            .and_then(Value::as_str)
            .filter(|text| Call::is_meant(text));
        let dynamic = match call.map(Call::parse) {
            None => fields
                .path(path, diagnostics)
                .map(|found| Text::Path(path, found)),
            Some(Ok(call)) => {
                diagnostics.note_call(&call);
                Some(Text::Call(path, call))
            }
            Some(Err(bad)) => {
                let message = format!(
                    "The value for the field '{path}' must be a valid JSONPath or a valid intrinsic function call"
                );
                diagnostics
                    .error(&fields.location(path), message)
                    .hint(bad.reason)
                    .offset(bad.position);
                None
            }
        };
        text.or(dynamic)
    }

    fn find(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        let (field, source, value) = match self {
            Text::Fixed(text) => return Ok(text.clone()),
            Text::Query(query) => return query.string(scope),
            Text::Path(field, path) => (field, path.text(), scope.field(field, path)?),
            Text::Call(field, call) => (field, call.text(), Cow::Owned(call.evaluate(scope)?)),
        };
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Fault::runtime(format!(
                "The {field} field refers to value {value} which is not a string: {source}"
            ))
        })
    }
}
