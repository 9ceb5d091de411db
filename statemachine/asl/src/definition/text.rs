//! The text of a definition: is it JSON, an object, and within its limits?

use serde_json::Value;

use super::Compiler;
use crate::machine::MAX_DEFINITION_BYTES;
use crate::source::{Duplicate, Source};

impl Compiler {
    pub(super) fn json<'t>(&mut self, definition: &'t str) -> Option<(Source<'t>, Value)> {
        if definition.len() > MAX_DEFINITION_BYTES {
            let message = format!("The definition is larger than {MAX_DEFINITION_BYTES} bytes");
            self.diagnostics.error("", message);
            return None;
        }
        if definition.trim().is_empty() {
            self.not_an_object();
            return None;
        }
        let source = match Source::read(definition) {
            Ok(source) => source,
            Err(error) => {
                self.diagnostics
                    .push(error.code, &error.location, error.message)
                    .span(error.span);
                return None;
            }
        };
        match serde_json::from_str(definition) {
            Ok(value @ Value::Object(_)) => return Some((source, value)),
            Ok(_) => self.not_an_object(),
            Err(error) => {
                self.diagnostics
                    .push("INVALID_JSON_DESCRIPTION", "", error.to_string());
            }
        }
        None
    }

    fn not_an_object(&mut self) {
        self.diagnostics
            .error("", "Definition must be a valid JSON object");
    }

    /// Two states of one name are an error; of other fields that come again, the last counts.
    pub(super) fn check_duplicates(&mut self, source: &Source<'_>) {
        for Duplicate { object, name, at } in source.duplicates() {
            let location = format!("{object}/{name}");
            let finding = if self.flows.contains(&object) {
                self.duplicate_state(&name, &location)
            } else {
                let message =
                    format!("Field '{name}' is given more than once: only the last one counts");
                self.diagnostics
                    .warning("DUPLICATE_FIELD", &location, message)
            };
            finding.span(at);
        }
    }
}
