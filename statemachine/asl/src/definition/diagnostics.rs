//! Collects what is wrong with a definition.

use crate::{Diagnostic, Severity};

/// The code of most findings.
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// A `SCHEMA_VALIDATION_FAILED` error at `location` (empty: the whole definition).
    pub(crate) fn error(&mut self, location: &str, message: impl Into<String>) {
        self.push(SCHEMA, location, message);
    }

    pub(crate) fn push(&mut self, code: &'static str, location: &str, message: impl Into<String>) {
        self.add(Severity::Error, code, location, message.into());
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        location: &str,
        message: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, location, message.into());
    }

    /// AWS has it and this engine does not, so far.
    pub(crate) fn not_yet(&mut self, location: &str, what: &str) {
        self.error(
            location,
            format!("{what} is not supported by this engine yet"),
        );
    }

    fn add(&mut self, severity: Severity, code: &'static str, location: &str, message: String) {
        let location = (!location.is_empty()).then(|| location.to_owned());
        self.0.push(Diagnostic {
            severity,
            code,
            message,
            location,
        });
    }

    /// Errors, then warnings.
    pub(crate) fn split(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.0
            .into_iter()
            .partition(|d| d.severity == Severity::Error)
    }
}
