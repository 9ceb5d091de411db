//! `QueryLanguage`, of the machine and of its states, and the fields that only one of the languages
//! has.

use super::Compiler;
use super::fields::Fields;

/// The query language that a state's fields are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    JsonPath,
    Jsonata,
}

impl Language {
    /// Reads a name; like AWS, takes every unknown one as JSONata.
    pub(crate) fn from_name(name: &str) -> Language {
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

    /// The only language that has a field of this name, if there is only one.
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

    /// The message for a field that states of this language do not have.
    pub(super) fn unsupported_field(self, field: &str) -> String {
        match Language::of_field(field) {
            Some(other) if other != self => format!(
                "The QueryLanguage is set to '{}', but field '{field}' is only supported for the \
                 '{}' QueryLanguage",
                self.name(),
                other.name()
            ),
            _ => format!("Field '{field}' is not supported"),
        }
    }
}

impl Fields<'_> {
    /// Reads the `QueryLanguage` of the machine or of a state.
    pub(super) fn query_language(&mut self) -> Option<Language> {
        const NAME: &str = "QueryLanguage";
        let value = self.peek(NAME)?;
        self.choice(NAME, &["JSONPath", "JSONata"]);
        Some(Language::from_name(value.as_str().unwrap_or_default()))
    }
}

impl Compiler<'_> {
    /// Reads the language of one state, which is the machine's unless the state has its own.
    pub(super) fn state_language(&self, fields: &mut Fields<'_>) -> Language {
        let own = fields.query_language();
        if own == Some(Language::JsonPath) && self.language == Language::Jsonata {
            let message =
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            fields
                .error(message)
                .focus(fields.cursor().location_of("QueryLanguage"));
        }
        own.unwrap_or(self.language)
    }
}
