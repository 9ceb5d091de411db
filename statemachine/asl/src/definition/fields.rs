//! Reads the fields of one object of a definition: checks their types, and reports those that are
//! not supported.

use serde_json::Value;

use super::cursor::Cursor;
use super::diagnostics::ReportedDiagnostic;
use super::expression::{compile_expression, delimited};
use super::language::Language;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::template::Template;

/// The largest value of `TimeoutSeconds`, of fields like it, and of waits.
const MAX_SECONDS: u64 = 99_999_999;

/// An object, and which of its fields have been read.
pub(super) struct Fields<'d> {
    cursor: Cursor<'d>,
    known: Vec<&'d str>,
}

impl<'d> Fields<'d> {
    /// Reads the fields of `cursor`'s object; none if it is not an object.
    pub(super) fn new(cursor: Cursor<'d>) -> Fields<'d> {
        Fields {
            cursor,
            known: Vec::new(),
        }
    }

    /// Reads the fields of a value that must be an object.
    pub(super) fn of_object(cursor: Cursor<'d>) -> Option<Fields<'d>> {
        if cursor.value().is_object() {
            return Some(Fields::new(cursor));
        }
        cursor.error("Expected value of type [OBJECT]");
        None
    }

    /// The object.
    pub(super) fn cursor(&self) -> &Cursor<'d> {
        &self.cursor
    }

    pub(super) fn language(&self) -> Language {
        self.cursor.language()
    }

    pub(super) fn set_language(&mut self, language: Language) {
        self.cursor.set_language(language);
    }

    /// Reports an error about the object as a whole.
    pub(super) fn error(&self, message: impl Into<String>) -> ReportedDiagnostic<'d> {
        self.cursor.error(message)
    }

    /// Reports an error about a field.
    pub(super) fn error_in(
        &self,
        name: &str,
        message: impl Into<String>,
    ) -> ReportedDiagnostic<'d> {
        self.cursor.error_in(name, message)
    }

    /// Reads a field of any type.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'d Value> {
        self.known.push(name);
        self.peek(name)
    }

    /// Reads a field of any type, with its location.
    pub(super) fn field(&mut self, name: &'static str) -> Option<Cursor<'d>> {
        self.known.push(name);
        self.cursor.field(name)
    }

    /// Looks at a field without reading it.
    pub(super) fn peek(&self, name: &str) -> Option<&'d Value> {
        self.cursor.value().get(name)
    }

    /// Reads the fields whose names are `predicate`.
    pub(super) fn matching(
        &mut self,
        predicate: impl Fn(&str) -> bool,
    ) -> Vec<(&'d str, &'d Value)> {
        let object = self.cursor.value().as_object().into_iter().flatten();
        let found: Vec<_> = object
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| predicate(name))
            .collect();
        self.known.extend(found.iter().map(|(name, _)| *name));
        found
    }

    pub(super) fn string(&mut self, name: &'static str) -> Option<&'d str> {
        self.typed(name, "STRING", Value::as_str)
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "BOOLEAN", Value::as_bool)
    }

    pub(super) fn array(&mut self, name: &'static str) -> Option<&'d [Value]> {
        self.typed(name, "ARRAY", |v| v.as_array().map(Vec::as_slice))
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<Fields<'d>> {
        self.typed(name, "OBJECT", Value::as_object)?;
        self.cursor.field(name).map(Fields::new)
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        type_name: &str,
        read: impl Fn(&'d Value) -> Option<T>,
    ) -> Option<T> {
        let typed = read(self.get(name)?);
        if typed.is_none() {
            self.error_in(name, format!("Expected value of type [{type_name}]"));
        }
        typed
    }

    /// Reads an array that must not be empty, as the elements with their locations.
    pub(super) fn elements(&mut self, name: &'static str) -> Vec<Cursor<'d>> {
        let empty = self.array(name).is_some_and(<[Value]>::is_empty);
        if empty {
            self.error_in(name, "Value cannot be empty");
        }
        self.cursor
            .field(name)
            .into_iter()
            .flat_map(|array| array.elements())
            .collect()
    }

    /// Reads a number in `range`.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Option<f64> {
        let number = self.typed(name, "NUMBER", Value::as_f64)?;
        let (min, max) = range.into_inner();
        if number < min {
            self.error_in(name, format!("Minimum value is {min:?}"));
        }
        if number > max {
            self.error_in(name, format!("Maximum value is {max:?}"));
        }
        Some(number)
    }

    /// Reads a whole number in `min..=max`.
    pub(super) fn integer(&mut self, name: &'static str, min: u64, max: u64) -> Option<u64> {
        let number = self.typed(name, "INTEGER", Value::as_i64)?;
        match u64::try_from(number) {
            Ok(number) if number > max => {
                self.error_in(name, format!("Maximum value is {max}"));
                None
            }
            Ok(number) if number >= min => Some(number),
            _ => {
                self.error_in(name, format!("Minimum value is {min}"));
                None
            }
        }
    }

    /// Reads `TimeoutSeconds` or a field like it.
    pub(super) fn seconds(&mut self, name: &'static str) -> Option<u64> {
        self.integer(name, 1, MAX_SECONDS)
    }

    /// Reads `Seconds` of a Wait, which may be 0.
    pub(super) fn wait_seconds(&mut self, name: &'static str) -> Option<u64> {
        self.integer(name, 0, MAX_SECONDS)
    }

    /// Reads a path: `InputPath`, `SecondsPath`, … A JSONata state has none.
    pub(super) fn path(&mut self, name: &'static str) -> Option<Path> {
        if self.language() == Language::Jsonata {
            return None;
        }
        let text = self.string(name)?;
        match Path::parse(text) {
            Ok(path) => {
                self.cursor.note_path(&path);
                Some(path)
            }
            Err(bad) => {
                self.error_in(name, "Value must be a valid JSONPath.")
                    .hint(bad.reason)
                    .offset(bad.position);
                None
            }
        }
    }

    /// Reads the expression in a field of a JSONata state; `None` if the field holds something
    /// else.
    pub(super) fn query(&mut self, name: &'static str) -> Option<Query> {
        let text = delimited(self.peek(name)?)?;
        if self.language() != Language::Jsonata {
            return None;
        }
        compile_expression(text, &self.field(name)?)
    }

    /// Reads a payload template.
    pub(super) fn template(&mut self, name: &'static str) -> Option<Template> {
        self.field(name).map(|value| Template::compile(&value))
    }

    /// Reads one of `allowed`.
    pub(super) fn choice(&mut self, name: &'static str, allowed: &[&str]) -> Option<&'d str> {
        let text = self.string(name)?;
        if allowed.contains(&text) {
            return Some(text);
        }
        let allowed = allowed.join(", ");
        let message = format!("Value should be one of the following: [{allowed}]");
        self.error_in(name, message);
        None
    }

    /// Reports the fields of `names` that are missing.
    pub(super) fn require(&self, names: &[&str]) {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.peek(name).is_none())
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            self.error(format!("These fields are required: [{missing}]"));
        }
    }

    /// Counts which of `names` exist, and reports it if more than one does.
    pub(super) fn exclusive(&self, names: &[&str]) -> usize {
        let present: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.peek(name).is_some())
            .collect();
        if let [_, second, ..] = present[..] {
            let names = names.join(", ");
            let message = format!("There should only be one of the following fields: [{names}]");
            self.error(message).focus(self.cursor.location_of(second));
        }
        present.len()
    }

    /// Reports it if not exactly one of `names` exists.
    pub(super) fn exactly_one(&self, names: &[&str]) {
        if self.exclusive(names) == 0 {
            self.missing_one(names);
        }
    }

    /// Reports that none of `names` exists.
    pub(super) fn missing_one(&self, names: &[&str]) {
        let names = names.join(", ");
        self.error(format!(
            "This object should have only one of the following fields: [{names}]"
        ));
    }

    /// Reports the fields that were not read.
    pub(super) fn finish(self) {
        let object = self.cursor.value().as_object().into_iter().flatten();
        for (name, _) in object.filter(|(name, _)| !self.known.contains(&name.as_str())) {
            self.error(self.language().unsupported_field(name))
                .focus(self.cursor.location_of(name));
        }
    }
}
