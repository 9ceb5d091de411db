//! Diagnostics: what is wrong with a definition, and where.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use thiserror::Error;

/// The severity of a [`Diagnostic`]. Only errors refuse a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition can be used, and probably does not do what its author thinks.
    Warning,
}

/// A diagnostic. It serializes in the shape of `ValidateStateMachineDefinition`'s diagnostics,
/// without what AWS does not have: [`hint`](Diagnostic::hint) and [`span`](Diagnostic::span).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// AWS's code, for example `SCHEMA_VALIDATION_FAILED` or `MISSING_TRANSITION_TARGET`; an own
    /// one where AWS does not look.
    pub code: &'static str,
    /// The message, in AWS's words where they are known.
    pub message: String,
    /// The location, for example `/States/A/Next`; `None` for the definition as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// A hint that AWS does not give: why, or how to correct it.
    #[serde(skip)]
    pub hint: Option<String>,
    /// The bytes of the definition's text that it is about; often more exact than the location.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.location {
            Some(location) => write!(f, " at {location}"),
            None => Ok(()),
        }
    }
}

/// The definition cannot be used; its text lists every error, as AWS's `InvalidDefinition` does.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Invalid State Machine Definition: '{}'", join(.diagnostics))]
pub struct InvalidDefinition {
    /// At least one error; warnings too.
    pub diagnostics: Vec<Diagnostic>,
}

fn join(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(Diagnostic::to_string);
    errors.collect::<Vec<_>>().join(", ")
}
