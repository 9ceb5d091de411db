//! A value of a definition with its location: the start of parsing, and of every diagnostic.

use serde_json::Value;

use super::Language;
use super::diagnostics::{Diagnostics, ReportedDiagnostic};
use crate::intrinsic::Call;
use crate::jsonpath::Path;

/// A value of a definition, its location, and where its diagnostics go.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'d> {
    value: &'d Value,
    /// `/States/A/Choices[0]`; empty for the whole definition.
    location: String,
    /// The length of the state's own location; what follows it is a field of the state.
    state: usize,
    /// The query language of the state.
    language: Language,
    diagnostics: &'d Diagnostics,
}

impl<'d> Cursor<'d> {
    /// A cursor at the whole definition.
    pub(super) fn root(value: &'d Value, diagnostics: &'d Diagnostics) -> Cursor<'d> {
        Cursor {
            value,
            location: String::new(),
            state: 0,
            language: Language::JsonPath,
            diagnostics,
        }
    }

    /// Marks the value as a state: messages at run time name fields from here on.
    pub(super) fn into_state(self) -> Cursor<'d> {
        Cursor {
            state: self.location.len(),
            ..self
        }
    }

    fn below(&self, value: &'d Value, location: String) -> Cursor<'d> {
        Cursor {
            value,
            location,
            ..*self
        }
    }

    /// The field `name`, if the value is an object that has it.
    pub(super) fn field(&self, name: &str) -> Option<Cursor<'d>> {
        let value = self.value.get(name)?;
        Some(self.below(value, self.location_of(name)))
    }

    /// The fields with their names; none if the value is not an object.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'d str, Cursor<'d>)> {
        let object = self.value.as_object().into_iter().flatten();
        object.map(|(name, value)| {
            let field = self.below(value, self.location_of(name));
            (name.as_str(), field)
        })
    }

    /// The elements; none if the value is not an array.
    pub(super) fn elements(&self) -> impl Iterator<Item = Cursor<'d>> + use<'d> {
        let array = self.value.as_array().into_iter().flatten();
        let cursor = self.clone();
        array
            .enumerate()
            .map(move |(index, value)| cursor.below(value, format!("{}[{index}]", cursor.location)))
    }

    pub(super) fn value(&self) -> &'d Value {
        self.value
    }

    /// The text; empty if the value is not a string.
    pub(super) fn text(&self) -> &'d str {
        self.value.as_str().unwrap_or_default()
    }

    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// The location of a field, whether it exists or not.
    pub(super) fn location_of(&self, field: &str) -> String {
        format!("{}/{field}", self.location)
    }

    /// The field of the state that this is, or is in, as messages at run time name it:
    /// `Output/result`.
    pub(super) fn state_field(&self) -> &str {
        self.location.get(self.state + 1..).unwrap_or_default()
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// Reports a `SCHEMA_VALIDATION_FAILED` error about this value.
    pub(super) fn error(&self, message: impl Into<String>) -> ReportedDiagnostic<'d> {
        // The whole definition is "/" here, and nothing elsewhere.
        let location = if self.location.is_empty() {
            "/"
        } else {
            &self.location
        };
        self.diagnostics.error(location, message)
    }

    pub(super) fn error_with_code(
        &self,
        code: &'static str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics
            .error_with_code(code, &self.location, message)
    }

    /// Reports an error about the definition as a whole.
    pub(super) fn error_in_definition(
        &self,
        code: &'static str,
        message: &str,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics.error_with_code(code, "", message)
    }

    /// Reports a `SCHEMA_VALIDATION_FAILED` error about the object that has this value as its field
    /// `name`.
    pub(super) fn error_in_parent(
        &self,
        name: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        let parent = self.location.strip_suffix(name);
        let parent = parent.and_then(|parent| parent.strip_suffix('/'));
        self.diagnostics
            .error(parent.unwrap_or(&self.location), message)
            .focus(self.location())
    }

    /// Reports a `SCHEMA_VALIDATION_FAILED` error about a field, whether it exists or not.
    pub(super) fn error_in(
        &self,
        field: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics.error(&self.location_of(field), message)
    }

    pub(super) fn error_with_code_in(
        &self,
        field: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics
            .error_with_code(code, &self.location_of(field), message)
    }

    pub(super) fn warning(
        &self,
        code: &'static str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics.warning(code, &self.location, message)
    }

    pub(super) fn warning_in(
        &self,
        field: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.diagnostics
            .warning(code, &self.location_of(field), message)
    }

    /// Notes that evaluating the definition may take long.
    pub(super) fn note_costly(&self) {
        self.diagnostics.costly.set(true);
    }

    /// Notes what looking up `path` costs.
    pub(super) fn note_path(&self, path: &Path) {
        if !path.is_plain() {
            self.note_costly();
        }
    }

    pub(super) fn note_call(&self, call: &Call) {
        call.each_path(&mut |path| self.note_path(path));
    }
}
