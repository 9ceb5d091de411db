//! The errors of look-ups, in Jayway's words, which AWS's causes quote.

use serde_json::Value;
use thiserror::Error;

use super::budget::{MAX_BYTES, MAX_VISITS};
use super::{Step, Steps};

/// The error of a path that leads nowhere, or cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PathError {
    /// The last step of a definite path finds nothing.
    #[error("No results for path: {0}")]
    NoResults(String),
    /// A step before the last finds nothing.
    #[error("Missing property in path {0}")]
    MissingProperty(String),
    /// The variable that it starts from has not been assigned.
    #[error("Variable '${0}' is not defined")]
    NoVariable(Box<str>),
    /// A property of what is no object.
    #[error(
        "Expected to find an object with property {property} in path {path} but found '{found}'. \
         This is not a json object according to the JsonProvider: \
         'com.jayway.jsonpath.spi.json.JacksonJsonProvider'."
    )]
    NotAnObject {
        property: String,
        path: String,
        found: &'static str,
    },
    /// An element of `null`.
    #[error("The path {0} is null")]
    Null(String),
    /// An element of what is no array.
    #[error("Filter: {steps} can only be applied to arrays. Current context is: {found}")]
    NotAnArray { steps: String, found: String },
    /// A filter over what is neither array nor object.
    #[error("Filter: {steps} can not be applied to primitives. Current context is: {found}")]
    Primitive { steps: String, found: String },
    /// A function such as `sum()` over what it cannot work with.
    #[error("{0}")]
    Function(String),
    /// The operands of a filter do not suit its operator. No element passes such a filter.
    #[error("The operands of the filter do not suit its operator")]
    Unsuitable,
    /// A limit that Jayway does not have: see [`super::Budget`].
    #[error("The path visits more than {MAX_VISITS} values")]
    TooManyVisits,
    /// A limit that Jayway does not have: see [`super::Budget`].
    #[error("The path finds more than {MAX_BYTES} bytes")]
    TooLarge,
}

impl PathError {
    /// Returns true if the path just leads nowhere, which filters and indefinite paths put up with:
    /// Jayway's `PathNotFoundException`. The rest are mistakes.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(
            self,
            PathError::NoResults(_)
                | PathError::MissingProperty(_)
                | PathError::NotAnObject { .. }
                | PathError::Null(_)
        )
    }

    /// Creates the error of `found`, which is not the object that `steps[at]` needs.
    #[cold]
    pub(super) fn not_an_object(steps: &[Step], at: usize, found: &Value) -> PathError {
        PathError::NotAnObject {
            property: steps.get(at).map(Step::to_string).unwrap_or_default(),
            path: path(&steps[..at]),
            found: class(found),
        }
    }

    /// Creates the error of `found`, which is not the array that `steps[at]` needs.
    #[cold]
    pub(super) fn not_an_array(steps: &[Step], at: usize, found: &Value) -> PathError {
        if found.is_null() {
            return PathError::Null(path(&steps[..at]));
        }
        PathError::NotAnArray {
            steps: Steps(&steps[at..]).to_string(),
            found: crate::java_text::java(found),
        }
    }

    /// Creates the error of a property `name` that `steps[at]` does not find.
    #[cold]
    pub(super) fn missing_property(steps: &[Step], at: usize, name: &str) -> PathError {
        let location = format!("{}['{name}']", path(&steps[..at]));
        if at + 1 == steps.len() {
            PathError::NoResults(location)
        } else {
            PathError::MissingProperty(location)
        }
    }

    #[cold]
    pub(super) fn no_results(steps: &[Step]) -> PathError {
        PathError::NoResults(format!("${}", Steps(steps)))
    }
}

/// Formats the definite `steps`, without functions.
fn path(steps: &[Step]) -> String {
    let location = |step: &Step| match step {
        Step::Key(key, _) => format!("['{key}']"),
        Step::Call(_) => String::new(),
        other => other.to_string(),
    };
    format!("${}", steps.iter().map(location).collect::<String>())
}

/// The Java class that AWS's engine holds a value in.
fn class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => "java.lang.Integer",
            Some(_) => "java.lang.Long",
            None if number.is_u64() => "java.math.BigInteger",
            None => "java.lang.Double",
        },
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}
