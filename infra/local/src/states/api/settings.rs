//! What a caller gives of a state machine: definition, role, logging, tracing.

use asl::{MAX_DEFINITION_BYTES, StateMachine, Workflow};
use serde_json::{Value, json};

use super::input::{ARN, Input, wrong_type};
use crate::states::error::ApiError;
use crate::states::store::machines::Settings;
use crate::template;

/// `loggingConfiguration` where nothing is logged.
pub(in super::super) const NO_LOGGING: &str = r#"{"includeExecutionData":false,"level":"OFF"}"#;

/// The fields of UpdateStateMachine that change something; CreateStateMachine has them too.
pub(super) struct Given {
    pub(super) definition: Option<String>,
    pub(super) role_arn: Option<String>,
    logging: Option<Value>,
    tracing: Option<Value>,
}

impl Given {
    pub(super) fn read(input: &mut Input) -> Result<Self, ApiError> {
        Ok(Given {
            definition: input.data("definition", MAX_DEFINITION_BYTES)?,
            role_arn: input.text("roleArn", ARN)?,
            logging: input.value("loggingConfiguration"),
            tracing: input.value("tracingConfiguration"),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.definition.is_none()
            && self.role_arn.is_none()
            && self.logging.is_none()
            && self.tracing.is_none()
    }

    /// The settings that result, where `old` has what was not given.
    pub(super) fn over(self, old: Settings, express: bool) -> Result<Settings, ApiError> {
        if let Some(definition) = &self.definition {
            StateMachine::parse_for(definition, workflow(express))?;
        }
        if let Some(role) = self
            .role_arn
            .as_deref()
            .filter(|role| !role.starts_with("arn:"))
        {
            return Err(ApiError::InvalidArn(format!("Invalid ARN prefix: {role}")));
        }
        Ok(Settings {
            definition: self.definition.unwrap_or(old.definition),
            role_arn: self.role_arn.unwrap_or(old.role_arn),
            logging: self.logging.as_ref().map_or(Ok(old.logging), logging)?,
            tracing: self.tracing.as_ref().map_or(Ok(old.tracing), tracing)?,
        })
    }
}

/// The settings of a state machine in the template.
pub(in super::super) fn declared(machine: &template::StateMachine) -> Result<Settings, ApiError> {
    StateMachine::parse_for(&machine.definition, workflow(machine.express))?;
    Ok(Settings::from(machine))
}

fn workflow(express: bool) -> Workflow {
    if express {
        Workflow::Express
    } else {
        Workflow::Standard
    }
}

fn logging(given: &Value) -> Result<String, ApiError> {
    let level = given.get("level").and_then(Value::as_str).unwrap_or("OFF");
    let data = given
        .get("includeExecutionData")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let destinations = given
        .get("destinations")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if destinations.len() > 1 || (level != "OFF" && destinations.is_empty()) {
        let text = "Must specify exactly one Log Destination.";
        return Err(ApiError::InvalidLoggingConfiguration(text));
    }
    let mut written = json!({});
    if !destinations.is_empty() {
        written["destinations"] = json!(destinations);
    }
    written["includeExecutionData"] = json!(data);
    written["level"] = json!(level);
    Ok(written.to_string())
}

fn tracing(given: &Value) -> Result<bool, ApiError> {
    match given.get("enabled") {
        None | Some(Value::Null) => Ok(false),
        Some(enabled) => enabled
            .as_bool()
            .ok_or_else(|| wrong_type("enabled", "BOOLEAN")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_logging(given: &Value, expected: &str) {
        let got = logging(given).unwrap_or_else(|error| error.to_string());
        assert_eq!(got, expected, "{given}");
    }

    #[test]
    fn logging_configurations() {
        check_logging(&json!({}), NO_LOGGING);
        check_logging(&json!({ "destinations": [] }), NO_LOGGING);
        check_logging(
            &json!({ "level": "ALL", "includeExecutionData": true, "destinations": [{ "x": 1 }] }),
            r#"{"destinations":[{"x":1}],"includeExecutionData":true,"level":"ALL"}"#,
        );
        let one = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
        check_logging(&json!({ "level": "ERROR" }), one);
        check_logging(&json!({ "destinations": [{}, {}] }), one);
    }
}
