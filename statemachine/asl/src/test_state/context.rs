//! The context object of a test: the one that is given, or one as an execution has it.

use serde_json::{Map, Value, json};

use super::machine::NAME;
use super::{TestEnvironment, TestRequest, TestStateError};
use crate::machine::State;
use crate::states::StateKind;
use crate::{Identity, Pattern, Resource};

/// The fields that may be given, and their types. `Input` is any JSON.
const FIELDS: [(&str, &[(&str, FieldType)]); 4] = [
    (
        "Execution",
        &[
            ("Id", FieldType::Text),
            ("Input", FieldType::Any),
            ("Name", FieldType::Text),
            ("RedriveCount", FieldType::Number),
            ("RedriveTime", FieldType::Text),
            ("RoleArn", FieldType::Text),
            ("StartTime", FieldType::Text),
        ],
    ),
    (
        "State",
        &[
            ("EnteredTime", FieldType::Text),
            ("Name", FieldType::Text),
            ("RetryCount", FieldType::Number),
        ],
    ),
    (
        "StateMachine",
        &[("Id", FieldType::Text), ("Name", FieldType::Text)],
    ),
    ("Task", &[("Token", FieldType::Text)]),
];

#[derive(Clone, Copy)]
enum FieldType {
    Any,
    Number,
    Text,
}

impl FieldType {
    fn type_error(self, value: &Value) -> Option<&'static str> {
        match self {
            FieldType::Number if !value.is_number() => Some("a number"),
            FieldType::Text if !value.is_string() => Some("a string"),
            _ => None,
        }
    }
}

pub(super) fn context_object(
    request: &TestRequest,
    state: &State,
    identity: &Identity,
    input: &Value,
    environment: &TestEnvironment,
) -> Result<Value, TestStateError> {
    match &request.context {
        Some(text) => parse_context(text, state),
        None => Ok(default_context(
            request,
            state,
            identity,
            input,
            environment,
        )),
    }
}

fn default_context(
    request: &TestRequest,
    state: &State,
    identity: &Identity,
    input: &Value,
    environment: &TestEnvironment,
) -> Value {
    let time = environment.at.to_string();
    let mut context = json!({
        "Execution": {
            "Id": identity.execution_arn,
            "Input": input,
            "Name": identity.execution_name,
            "RoleArn": request.role_arn,
            "StartTime": time,
        },
        "StateMachine": {
            "Id": identity.state_machine_arn,
            "Name": identity.state_machine_name,
        },
        // Also where the state has a name of its own.
        "State": {"Name": NAME, "EnteredTime": time},
    });
    if state.kind.retries() {
        let retries = request.configuration.retrier_retry_count.unwrap_or(0);
        context["State"]["RetryCount"] = retries.into();
    }
    if waits_for_completion(state) {
        context["Task"] = json!({"Token": identity.execution_name});
    }
    context
}

fn parse_context(text: &str, state: &State) -> Result<Value, TestStateError> {
    let refused = |message: String| {
        TestStateError::Validation(format!("Invalid Context object provided: {message}"))
    };
    let Ok(Value::Object(context)) = serde_json::from_str(text) else {
        return Err(refused("Context object must be a valid JSON object".into()));
    };
    check(&context).map_err(refused)?;
    if context.contains_key("Task") && !waits_for_completion(state) {
        return Err(refused(
            "Context object contains 'Task' when state is not a Task state with a \
                            '.sync' or '.waitForTaskToken' service integration pattern"
                .into(),
        ));
    }
    Ok(Value::Object(context))
}

fn check(context: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in context {
        if name == "Map" {
            return Err("'Map' field is not supported when mocking a Context object".into());
        }
        let known = FIELDS.iter().find(|(known, _)| known == name);
        let (_, fields) = known.ok_or_else(|| format!("Field '{name}' is not allowed"))?;
        let object = value
            .as_object()
            .ok_or_else(|| format!("{name} must be an object"))?;
        for (field, value) in object {
            let known = fields.iter().find(|(known, _)| known == field);
            let (_, form) = known.ok_or_else(|| format!("Field '{field}' is not allowed"))?;
            if let Some(wanted) = form.type_error(value) {
                return Err(format!("{name}.{field} must be {wanted}"));
            }
        }
    }
    Ok(())
}

/// Returns true if the state waits for a job or a callback.
fn waits_for_completion(state: &State) -> bool {
    let StateKind::Task(task) = &state.kind else {
        return false;
    };
    match &task.resource {
        Resource::Function { .. } => false,
        Resource::Activity { .. } => true,
        Resource::Service { pattern, .. } => *pattern != Pattern::RequestResponse,
    }
}
