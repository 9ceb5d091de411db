//! `QueryLanguage`: of the machine, and of a state; and the fields that only one of the languages has.

use serde_json::Value;

use super::{Compiler, Diagnostics, Fields};
use crate::jsonata::Expression;
use crate::query::Query;

/// How a state's fields are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    JsonPath,
    Jsonata,
}

impl Language {
    /// As on AWS, what is no language's name counts as JSONata.
    pub(crate) fn named(name: &str) -> Language {
        match name {
            "JSONPath" => Language::JsonPath,
            _ => Language::Jsonata,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Language::JsonPath => "JSONPath",
            Language::Jsonata => "JSONata",
        }
    }

    /// The language that a field is of, if it is of one only.
    fn of_field(name: &str) -> Option<Language> {
        match name {
            "Arguments" | "Condition" | "Items" | "Output" => Some(Language::Jsonata),
            "And" | "Not" | "Or" | "Parameters" | "Result" | "ResultSelector" | "Variable" => {
                Some(Language::JsonPath)
            }
            name if name.ends_with("Path") => Some(Language::JsonPath),
            _ => None,
        }
    }

    /// What is wrong with a field that this language does not have.
    pub(super) fn refusal(self, field: &str) -> String {
        match Language::of_field(field) {
            Some(other) if other != self => format!(
                "The QueryLanguage is set to '{}', but field '{field}' is only supported for the '{}' QueryLanguage",
                self.name(),
                other.name()
            ),
            _ => format!("Field '{field}' is not supported"),
        }
    }
}

impl Compiler {
    /// The `QueryLanguage` of the machine or of a state.
    pub(super) fn language(&mut self, fields: &mut Fields<'_>) -> Option<Language> {
        const NAME: &str = "QueryLanguage";
        let value = fields.peek(NAME)?;
        fields.choice(NAME, &["JSONPath", "JSONata"], &mut self.diagnostics);
        Some(Language::named(value.as_str().unwrap_or_default()))
    }

    /// The language of one state: its own, or else the machine's.
    pub(super) fn state_language(&mut self, fields: &mut Fields<'_>) -> Language {
        let own = self.language(fields);
        if own == Some(Language::JsonPath) && self.language == Language::Jsonata {
            let message =
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.diagnostics
                .error(fields.at(), message)
                .focus(fields.location("QueryLanguage"));
        }
        own.unwrap_or(self.language)
    }
}

impl Fields<'_> {
    /// The expression in a field of a JSONata state. Nothing if the field holds something else.
    pub(crate) fn query(
        &mut self,
        name: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Query> {
        let text = delimited(self.peek(name)?)?;
        if self.language() != Language::Jsonata {
            return None;
        }
        self.get(name);
        expression(text, &self.place(name), diagnostics)
    }
}

/// A place in a definition, and how messages about its state's fields call it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(super) location: String,
    /// Where in `location` the part after the state begins.
    pub(super) field: usize,
}

impl Place {
    pub(super) fn below(&self, step: std::fmt::Arguments<'_>) -> Place {
        Place {
            location: format!("{}{step}", self.location),
            field: self.field,
        }
    }

    /// `Output/result`
    fn field(&self) -> &str {
        self.location.get(self.field..).unwrap_or_default()
    }
}

/// What stands between `{%` and `%}`, if the string begins and ends with them.
pub(crate) fn delimited(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix("{%")?.strip_suffix("%}")
}

/// Compiles what stands between the delimiters. What does not compile is reported, and stands for `null`.
pub(super) fn expression(
    text: &str,
    place: &Place,
    diagnostics: &mut Diagnostics,
) -> Option<Query> {
    let parsed = Expression::parse(text).or_else(|error| {
        diagnostics.push(
            "INVALID_JSONATA_EXPRESSION",
            &place.location,
            without_code(&error.message),
        );
        Expression::parse("null")
    });
    if let Some(operator) = parsed.as_ref().ok().and_then(Expression::newer_operator) {
        let message = format!(
            "Step Functions evaluates JSONata 2.0.6, which does not have the operator {operator}"
        );
        diagnostics.warning("NEWER_JSONATA_OPERATOR", &place.location, message);
    }
    let parsed = parsed.ok()?;
    diagnostics.costly |= !parsed.is_cheap();
    for name in parsed.top_level_names() {
        let message = format!("Reference to '{name}' at the top level is not supported.");
        diagnostics
            .push("UNSUPPORTED_JSONATA_EXPRESSION", &place.location, message)
            .hint(format!(
                "the state's input is $states.input, for example $states.input.{name}"
            ));
    }
    if parsed.names_root() {
        let message = "Reference to '$$' at the top level is not supported.";
        diagnostics
            .push("UNSUPPORTED_JSONATA_EXPRESSION", &place.location, message)
            .hint("an expression has no context: the state's input is $states.input");
    }
    if parsed.names_error_output() && !place.field().starts_with("Catch[") {
        let message = "Reference to '$states.errorOutput' is only supported in a catcher.";
        diagnostics
            .push("UNSUPPORTED_JSONATA_EXPRESSION", &place.location, message)
            .hint("read it in Output or Assign of the catcher, and what comes after it there");
    }
    Some(Query::new(parsed, place.field()))
}

/// `S0202: Expected …` -> `Expected …`: AWS leaves JSONata's code out.
fn without_code(message: &str) -> &str {
    let rest = message.split_once(": ");
    rest.filter(|(code, _)| code.len() == 5 && code[1..].bytes().all(|b| b.is_ascii_digit()))
        .map_or(message, |(_, text)| text)
}
