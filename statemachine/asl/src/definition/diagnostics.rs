//! Collects what is wrong with a definition.

use std::ops::Range;

use crate::intrinsic::Call;
use crate::jsonpath::Path;
use crate::source::Source;
use crate::{Diagnostic, Severity};

/// The code of most findings.
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    findings: Vec<Finding>,
    /// Whether a path or an expression of the definition may take long: nothing that anyone is told of.
    pub(crate) costly: bool,
}

/// A diagnostic, and where exactly its text is meant.
#[derive(Debug)]
pub(crate) struct Finding {
    diagnostic: Diagnostic,
    /// A location that is more exact than AWS's.
    focus: Option<String>,
    /// Bytes into the string there.
    offset: Option<usize>,
}

impl Finding {
    /// Says why, or the way out.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Finding {
        self.diagnostic.hint = Some(hint.into());
        self
    }

    /// Points people at `location`, where AWS's is what is around it.
    pub(crate) fn focus(&mut self, location: impl Into<String>) -> &mut Finding {
        self.focus = Some(location.into());
        self
    }

    /// Points people at a byte of the string.
    pub(crate) fn offset(&mut self, offset: usize) -> &mut Finding {
        self.offset = Some(offset);
        self
    }

    /// Points people at bytes of the text.
    pub(crate) fn span(&mut self, span: Range<usize>) -> &mut Finding {
        self.diagnostic.span = Some(span);
        self
    }

    fn located(mut self, source: Option<&Source<'_>>) -> Diagnostic {
        let place = self
            .focus
            .as_deref()
            .or(self.diagnostic.location.as_deref());
        if let (Some(source), None) = (source, &self.diagnostic.span) {
            self.diagnostic.span = source.span(place.unwrap_or_default(), self.offset);
        }
        self.diagnostic
    }
}

impl Diagnostics {
    /// Notes what looking a path up costs.
    pub(crate) fn note_path(&mut self, path: &Path) {
        self.costly |= !path.is_plain();
    }

    pub(crate) fn note_call(&mut self, call: &Call) {
        call.each_path(&mut |path| self.note_path(path));
    }

    /// A `SCHEMA_VALIDATION_FAILED` error at `location` (empty: the whole definition).
    pub(crate) fn error(&mut self, location: &str, message: impl Into<String>) -> &mut Finding {
        self.push(SCHEMA, location, message)
    }

    pub(crate) fn push(
        &mut self,
        code: &'static str,
        location: &str,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Error, code, location, message.into())
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        location: &str,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.add(Severity::Warning, code, location, message.into())
    }

    /// AWS has it and this engine does not, so far.
    pub(crate) fn not_yet(&mut self, location: &str, what: &str) {
        self.error(
            location,
            format!("{what} is not supported by this engine yet"),
        );
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        location: &str,
        message: String,
    ) -> &mut Finding {
        let location = (!location.is_empty()).then(|| location.to_owned());
        self.findings.push(Finding {
            diagnostic: Diagnostic {
                severity,
                code,
                message,
                location,
                hint: None,
                span: None,
            },
            focus: None,
            offset: None,
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Errors, then warnings, each with its place in the source.
    pub(crate) fn split(self, source: Option<&Source<'_>>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.findings
            .into_iter()
            .map(|finding| finding.located(source))
            .partition(|d| d.severity == Severity::Error)
    }
}
