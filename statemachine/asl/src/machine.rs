//! A state machine: parsed, validated, compiled, immutable.

use crate::{Diagnostic, InvalidDefinition, Severity};

/// A definition that can be run. It does not change and can be shared (`Arc`) between executions.
#[derive(Debug)]
pub struct StateMachine {
    _later: (),
}

impl StateMachine {
    /// Reads and checks a definition (JSON text of at most 1 MiB).
    pub fn parse(definition: &str) -> Result<StateMachine, InvalidDefinition> {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(definition);
        parsed
            .map(|_| StateMachine { _later: () })
            .map_err(|e| InvalidDefinition {
                diagnostics: vec![Diagnostic {
                    severity: Severity::Error,
                    code: "INVALID_JSON_DESCRIPTION",
                    message: e.to_string(),
                    location: String::new(),
                }],
            })
    }
}
