//! Collects the diagnostics of a definition while it is read.

use std::cell::{Cell, RefCell, RefMut};
use std::ops::Range;

use crate::source::Source;
use crate::{Diagnostic, Severity};

/// The code of most diagnostics.
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

/// The diagnostics so far. Every [`Cursor`](super::Cursor) of the definition reports here.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    reported: RefCell<Vec<Pending>>,
    /// Set if a path or an expression of the definition may take long to evaluate.
    pub(super) costly: Cell<bool>,
}

/// A diagnostic whose position is not resolved yet.
#[derive(Debug)]
struct Pending {
    diagnostic: Diagnostic,
    /// A location that is more exact than AWS's.
    focus: Option<String>,
    /// A byte of the string there.
    offset: Option<usize>,
}

/// A diagnostic that was just reported, to add details to.
pub(crate) struct ReportedDiagnostic<'a>(RefMut<'a, Pending>);

impl ReportedDiagnostic<'_> {
    /// Adds a hint: the reason, or the correction.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.diagnostic.hint = Some(hint.into());
        self
    }

    /// Points at `location`, if AWS names only its parent.
    pub(crate) fn focus(mut self, location: impl Into<String>) -> Self {
        self.0.focus = Some(location.into());
        self
    }

    /// Points at a byte of the string.
    pub(crate) fn offset(mut self, offset: usize) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// Points at bytes of the definition's text.
    pub(super) fn span(mut self, span: Range<usize>) -> Self {
        self.0.diagnostic.span = Some(span);
        self
    }
}

impl Pending {
    fn resolve(mut self, source: Option<&Source<'_>>) -> Diagnostic {
        let location = self.focus.as_deref();
        let location = location.or(self.diagnostic.location.as_deref());
        if let (Some(source), None) = (source, &self.diagnostic.span) {
            self.diagnostic.span = source.span(location.unwrap_or_default(), self.offset);
        }
        self.diagnostic
    }
}

impl Diagnostics {
    /// Reports a `SCHEMA_VALIDATION_FAILED` error at `location` (empty: the whole definition).
    pub(super) fn error(
        &self,
        location: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'_> {
        self.error_with_code(SCHEMA, location, message)
    }

    pub(super) fn error_with_code(
        &self,
        code: &'static str,
        location: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'_> {
        self.report(Severity::Error, code, location, message.into())
    }

    pub(super) fn warning(
        &self,
        code: &'static str,
        location: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'_> {
        self.report(Severity::Warning, code, location, message.into())
    }

    fn report(
        &self,
        severity: Severity,
        code: &'static str,
        location: &str,
        message: String,
    ) -> ReportedDiagnostic<'_> {
        let pending = Pending {
            diagnostic: Diagnostic {
                severity,
                code,
                message,
                location: (!location.is_empty()).then(|| location.to_owned()),
                hint: None,
                span: None,
            },
            focus: None,
            offset: None,
        };
        ReportedDiagnostic(RefMut::map(self.reported.borrow_mut(), |reported| {
            reported.push(pending);
            let last = reported.len() - 1;
            &mut reported[last]
        }))
    }

    /// Returns the errors, then the warnings, each with its position in the source.
    pub(super) fn split(self, source: Option<&Source<'_>>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.reported
            .into_inner()
            .into_iter()
            .map(|pending| pending.resolve(source))
            .partition(|diagnostic| diagnostic.severity == Severity::Error)
    }
}
