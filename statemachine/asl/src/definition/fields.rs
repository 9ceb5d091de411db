//! One JSON object of a definition: reads its fields with their types, and notices those that nobody read.

use serde_json::{Map, Value};

use super::Diagnostics;
use super::language::{Language, Place};
use crate::jsonpath::Path;

/// `TimeoutSeconds` and the like end here; so do waits.
const MAX_SECONDS: u64 = 99_999_999;

pub(crate) struct Fields<'d> {
    object: &'d Map<String, Value>,
    at: String,
    known: Vec<&'d str>,
    language: Language,
    /// Where in `at` the state's own part ends.
    state: usize,
}

impl<'d> Fields<'d> {
    /// `at` is the object's location, empty for the definition itself.
    pub(crate) fn new(object: &'d Map<String, Value>, at: String) -> Self {
        Fields {
            object,
            state: at.len(),
            at,
            known: Vec::new(),
            language: Language::JsonPath,
        }
    }

    /// An object inside this one.
    fn inside(&self, object: &'d Map<String, Value>, at: String) -> Self {
        Fields {
            state: self.state,
            language: self.language,
            ..Fields::new(object, at)
        }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// The location of the object.
    pub(crate) fn at(&self) -> &str {
        if self.at.is_empty() { "/" } else { &self.at }
    }

    /// The object itself, for who reads its names as data.
    pub(crate) fn into_object(self) -> &'d Map<String, Value> {
        self.object
    }

    /// The location of a field.
    pub(crate) fn location(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// The place of a field, for messages at run time.
    pub(super) fn place(&self, name: &str) -> Place {
        Place {
            location: self.location(name),
            field: self.state + 1,
        }
    }

    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'d Value> {
        self.known.push(name);
        self.object.get(name)
    }

    /// Looks at a field that someone else reads.
    pub(crate) fn peek(&self, name: &str) -> Option<&'d Value> {
        self.object.get(name)
    }

    /// The fields whose names are `wanted`.
    pub(crate) fn matching(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<(&'d str, &'d Value)> {
        let found: Vec<_> = self
            .object
            .iter()
            .map(|(n, v)| (n.as_str(), v))
            .filter(|(n, _)| wanted(n))
            .collect();
        self.known.extend(found.iter().map(|(name, _)| *name));
        found
    }

    pub(crate) fn string(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<&'d str> {
        self.typed(name, "STRING", Value::as_str, diagnostics)
    }

    pub(crate) fn boolean(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<bool> {
        self.typed(name, "BOOLEAN", Value::as_bool, diagnostics)
    }

    pub(crate) fn array(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<&'d [Value]> {
        self.typed(
            name,
            "ARRAY",
            |v| v.as_array().map(Vec::as_slice),
            diagnostics,
        )
    }

    pub(crate) fn object(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fields<'d>> {
        let object = self.typed(name, "OBJECT", Value::as_object, diagnostics)?;
        Some(self.inside(object, self.location(name)))
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        what: &str,
        read: impl Fn(&'d Value) -> Option<T>,
        diagnostics: &mut Diagnostics,
    ) -> Option<T> {
        let value = self.get(name)?;
        let typed = read(value);
        if typed.is_none() {
            diagnostics.error(
                &self.location(name),
                format!("Expected value of type [{what}]"),
            );
        }
        typed
    }

    /// A number in `range`.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<f64>,
        diagnostics: &mut Diagnostics,
    ) -> Option<f64> {
        let number = self.typed(name, "NUMBER", Value::as_f64, diagnostics)?;
        let (least, most) = range.into_inner();
        if number < least {
            diagnostics.error(&self.location(name), format!("Minimum value is {least:?}"));
        }
        if number > most {
            diagnostics.error(&self.location(name), format!("Maximum value is {most:?}"));
        }
        Some(number)
    }

    /// A whole number in `least..=most`.
    pub(crate) fn integer(
        &mut self,
        name: &'static str,
        least: u64,
        most: u64,
        diagnostics: &mut Diagnostics,
    ) -> Option<u64> {
        let number = self.typed(name, "INTEGER", Value::as_i64, diagnostics)?;
        match u64::try_from(number) {
            Ok(number) if number > most => {
                diagnostics.error(&self.location(name), format!("Maximum value is {most}"));
                None
            }
            Ok(number) if number >= least => Some(number),
            _ => {
                diagnostics.error(&self.location(name), format!("Minimum value is {least}"));
                None
            }
        }
    }

    /// `TimeoutSeconds` and its like.
    pub(crate) fn seconds(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<u64> {
        self.integer(name, 1, MAX_SECONDS, diagnostics)
    }

    /// `Seconds` of a Wait, which may be 0.
    pub(crate) fn pause(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<u64> {
        self.integer(name, 0, MAX_SECONDS, diagnostics)
    }

    /// A path: `InputPath`, `SecondsPath`, … A JSONata state has none.
    pub(crate) fn path(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Path> {
        if self.language == Language::Jsonata {
            return None;
        }
        let text = self.string(name, diagnostics)?;
        self.parse(name, text, diagnostics)
    }

    pub(crate) fn parse(
        &self,
        name: &str,
        text: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Path> {
        let parsed = Path::parse(text).map_err(|bad| {
            diagnostics
                .error(&self.location(name), "Value must be a valid JSONPath.")
                .hint(bad.reason)
                .offset(bad.position);
        });
        let path = parsed.ok()?;
        diagnostics.note_path(&path);
        Some(path)
    }

    /// Reports the fields of `names` that are not there.
    pub(crate) fn require(&self, names: &[&str], diagnostics: &mut Diagnostics) -> bool {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|n| !self.object.contains_key(*n))
            .collect();
        if !missing.is_empty() {
            diagnostics.error(
                self.at(),
                format!("These fields are required: [{}]", missing.join(", ")),
            );
        }
        missing.is_empty()
    }

    /// One of `allowed`.
    pub(crate) fn choice(
        &mut self,
        name: &'static str,
        allowed: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Option<&'d str> {
        let text = self.string(name, diagnostics)?;
        if allowed.contains(&text) {
            return Some(text);
        }
        let message = format!(
            "Value should be one of the following: [{}]",
            allowed.join(", ")
        );
        diagnostics.error(&self.location(name), message);
        None
    }

    /// An array that holds something.
    pub(crate) fn filled_array(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> &'d [Value] {
        let items = self.array(name, diagnostics);
        if items.is_some_and(<[Value]>::is_empty) {
            diagnostics.error(&self.location(name), "Value cannot be empty");
        }
        items.unwrap_or_default()
    }

    /// The object that an element of an array must be.
    pub(crate) fn element(
        &self,
        value: &'d Value,
        at: String,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fields<'d>> {
        match value.as_object() {
            Some(object) => Some(self.inside(object, at)),
            None => {
                diagnostics.error(&at, "Expected value of type [OBJECT]");
                None
            }
        }
    }

    /// How many of `names` are there. Reports more than one.
    pub(crate) fn exclusive(&self, names: &[&str], diagnostics: &mut Diagnostics) -> usize {
        let there: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.object.contains_key(*name))
            .collect();
        if let [_, second, ..] = there[..] {
            let message = format!(
                "There should only be one of the following fields: [{}]",
                names.join(", ")
            );
            diagnostics
                .error(self.at(), message)
                .focus(self.location(second));
        }
        there.len()
    }

    /// Reports it if not exactly one of `names` is there.
    pub(crate) fn exactly_one(&self, names: &[&str], diagnostics: &mut Diagnostics) {
        if self.exclusive(names, diagnostics) == 0 {
            let message = format!(
                "This object should have only one of the following fields: [{}]",
                names.join(", ")
            );
            diagnostics.error(self.at(), message);
        }
    }

    /// Reports the fields that nobody asked for.
    pub(crate) fn finish(self, diagnostics: &mut Diagnostics) {
        for name in self
            .object
            .keys()
            .map(String::as_str)
            .filter(|name| !self.known.contains(name))
        {
            diagnostics
                .error(self.at(), self.language.refusal(name))
                .focus(self.location(name));
        }
    }
}
