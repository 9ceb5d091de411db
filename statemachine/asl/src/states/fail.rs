//! Fail: ends its flow with an error.
//!
//! | in        | does                                  | then                        |
//! |-----------|---------------------------------------|-----------------------------|
//! | (entered) | finds `Error` and `Cause`             | fail; there is no exit event |

use crate::Failure;
use crate::definition::{Diagnostics, Fields};
use crate::execution::{Run, ThreadId};
use crate::fault::Fault;
use crate::jsonpath::Path;
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
}

impl Fail {
    pub(crate) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Fail {
        Fail {
            error: Text::read(fields, "Error", "ErrorPath", diagnostics),
            cause: Text::read(fields, "Cause", "CausePath", diagnostics),
        }
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let failure = run.with_scope(thread, None, |_, scope| {
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
        let text = fields
            .string(fixed, diagnostics)
            .map(|text| Text::Fixed(text.to_owned()));
        let call = fields
            .get(path)
            .and_then(|v| v.as_str())
            .is_some_and(|v| v.starts_with("States."));
        if call {
            diagnostics.not_yet(&fields.location(path), "An intrinsic function call");
            return text;
        }
        text.or_else(|| {
            fields
                .path(path, diagnostics)
                .map(|found| Text::Path(path, found))
        })
    }

    fn find(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        let (field, path) = match self {
            Text::Fixed(text) => return Ok(text.clone()),
            Text::Path(field, path) => (field, path),
        };
        let value = scope.field(field, path)?;
        value.as_str().map(str::to_owned).ok_or_else(|| {
            let message = format!(
                "The {field} field refers to value {value} which is not a string: {}",
                path.text()
            );
            Fault::runtime(message)
        })
    }
}
