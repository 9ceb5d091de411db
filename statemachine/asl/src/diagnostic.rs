//! What is wrong with a definition, and where.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// How bad a [`Diagnostic`] is. Only errors refuse a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition can be used, and probably does not do what its author thinks.
    Warning,
}

/// One finding, in the shape of `ValidateStateMachineDefinition`'s diagnostics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// AWS's code, for example `SCHEMA_VALIDATION_FAILED` or `MISSING_TRANSITION_TARGET`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, for example `/States/A/Next`; nothing for what is wrong with the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
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
