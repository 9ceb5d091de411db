//! Intrinsic functions: `States.Format('{} of {}', $.name, States.ArrayLength($.all))`.
//!
//! A *call* is parsed with the definition, down to its nested calls, and evaluated without side
//! effects: what is random comes from the execution's own numbers. AWS refuses a call that it
//! cannot read when the state machine is created; arguments of the wrong kind fail the state with
//! `States.IntrinsicFailure`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>

mod arguments;
mod arrays;
mod encoding;
mod function;
mod math;
mod parse;
mod strings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;

use crate::fault::{Fault, names};
use crate::jsonpath::{Path, PathSyntaxError};
use crate::scope::Scope;
use arguments::Arguments;
use function::Function;
use strings::Literal;

/// The prefix of every call.
const PREFIX: &str = "States.";

/// AWS: the most calls in one field, nested ones and their siblings counted.
const MAX_CALLS: usize = 10;

/// A parsed call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The text as it was written: messages quote it.
    text: Box<str>,
    function: &'static Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Text(Literal),
    /// A number, `true`, `false` or `null`.
    Fixed(Value),
    Path(Path),
    Call(Call),
}

impl Call {
    /// Returns true if `text` is a call, which may be invalid, rather than a path.
    pub(crate) fn is_call(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Parses the whole of `text`; the position in an error counts bytes.
    pub(crate) fn parse(text: &str) -> Result<Call, PathSyntaxError> {
        parse::parse(text)
    }

    /// The text as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    // The recursion ends with `MAX_CALLS`.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Fault> {
        let values: Result<Vec<_>, Fault> = self
            .arguments
            .iter()
            .map(|argument| self.value(argument, scope))
            .collect();
        let template = match self.arguments.first() {
            Some(Argument::Text(literal)) => Some(literal),
            _ => None,
        };
        let arguments = Arguments::new(values?, template, scope.random);
        (self.function.evaluate)(&arguments).map_err(|problem| Fault::Raised {
            error: names::INTRINSIC_FAILURE,
            message: self.message(&problem),
        })
    }

    fn value<'a>(
        &self,
        argument: &'a Argument,
        scope: &Scope<'a>,
    ) -> Result<Cow<'a, Value>, Fault> {
        match argument {
            Argument::Text(literal) => Ok(Cow::Borrowed(literal.value())),
            Argument::Fixed(value) => Ok(Cow::Borrowed(value)),
            Argument::Call(call) => call.evaluate(scope).map(Cow::Owned),
            Argument::Path(path) => {
                let root = scope
                    .root(path)
                    .map_err(|missing| Fault::runtime(self.message(&missing.to_string())))?;
                let found = path.find(root, scope.budget).map_err(|_| {
                    let problem = format!(
                        "The JsonPath argument for the field '{}' could not be found in the \
                         input '{}'",
                        path.text(),
                        crate::java_text::json(root),
                    );
                    Fault::runtime(self.message(&problem))
                })?;
                scope.take(&found)?;
                Ok(found)
            }
        }
    }

    /// Calls `f` with each path among its arguments, those of nested calls too.
    pub(crate) fn each_path(&self, f: &mut impl FnMut(&Path)) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => f(path),
                Argument::Call(call) => call.each_path(f),
                Argument::Text(_) | Argument::Fixed(_) => {}
            }
        }
    }

    fn message(&self, problem: &str) -> String {
        format!(
            "The function '{}' had the following error: {problem}",
            self.text
        )
    }
}
