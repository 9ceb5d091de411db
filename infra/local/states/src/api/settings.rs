//! The settings of a state machine in a request.

use asl::{MAX_DEFINITION_BYTES, StateMachine, WorkflowType};
use serde_json::Value;

use super::configuration;
use super::input::{ARN, Input};
use crate::error::ApiError;
use crate::store::machines::Settings;
use sam_template as template;

/// The fields of UpdateStateMachine that change something; CreateStateMachine has them too.
pub(super) struct SettingsRequest {
    pub(super) definition: Option<String>,
    pub(super) role_arn: Option<String>,
    logging: Option<Value>,
    tracing: Option<Value>,
    encryption: Option<Value>,
}

impl SettingsRequest {
    pub(super) fn read(input: &mut Input) -> Result<Self, ApiError> {
        Ok(SettingsRequest {
            definition: input.data("definition", MAX_DEFINITION_BYTES)?,
            role_arn: input.text("roleArn", ARN)?,
            logging: input.value("loggingConfiguration"),
            tracing: input.value("tracingConfiguration"),
            encryption: input.value("encryptionConfiguration"),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.definition.is_none()
            && self.role_arn.is_none()
            && self.logging.is_none()
            && self.tracing.is_none()
            && self.encryption.is_none()
    }

    /// Returns the resulting settings; members that the request omits are those of `old`.
    pub(super) fn apply_to(self, old: Settings, express: bool) -> Result<Settings, ApiError> {
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
            logging: self
                .logging
                .as_ref()
                .map_or(Ok(old.logging), configuration::logging)?,
            tracing: self
                .tracing
                .as_ref()
                .map_or(Ok(old.tracing), configuration::tracing)?,
            encryption: match &self.encryption {
                None => old.encryption,
                Some(encryption) => Some(configuration::encryption(encryption)?),
            },
        })
    }
}

/// The settings of a state machine in the template.
pub(crate) fn declared(machine: &template::StateMachine) -> Result<Settings, ApiError> {
    StateMachine::parse_for(&machine.definition, workflow(machine.express))?;
    Ok(Settings::from(machine))
}

fn workflow(express: bool) -> WorkflowType {
    if express {
        WorkflowType::Express
    } else {
        WorkflowType::Standard
    }
}
