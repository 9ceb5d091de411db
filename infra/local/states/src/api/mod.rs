//! The wire: AWS JSON 1.0.
//!
//! A request is a POST whose `X-Amz-Target` names the operation; request and response bodies are
//! JSON objects. <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>

mod activities;
mod aliases;
mod callbacks;
mod configuration;
mod executions;
mod histories;
mod input;
mod machines;
mod map_runs;
mod routing;
mod settings;
mod tags;
mod test_state;
mod token;
mod validation;
mod versions;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use service::protocol::{self, JSON_1_0};

use super::error::ApiError;
use super::handle::States;
use input::Input;

pub(super) use configuration::NO_LOGGING;
pub(super) use settings::declared as declared_settings;

/// The maximum size of a request in bytes: a definition of 1 MiB with every character escaped.
const MAX_REQUEST: usize = 8 * 1024 * 1024;

pub(super) async fn handle(states: &States, request: Request<Body>) -> Response<Body> {
    match handle_request(states, request).await {
        Ok(body) => protocol::respond(StatusCode::OK, JSON_1_0, body.to_string()),
        Err(error) => {
            if let ApiError::Internal(text) = &error {
                tracing::error!("{text}");
            }
            let body = json!({ "__type": error.code(), "message": error.to_string() });
            protocol::respond(error.status(), JSON_1_0, body.to_string())
        }
    }
}

async fn handle_request(states: &States, request: Request<Body>) -> Result<Value, ApiError> {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("AWSStepFunctions."));
    let operation = operation
        .ok_or_else(|| {
            ApiError::UnknownOperation(target.unwrap_or("(no X-Amz-Target)").to_owned())
        })?
        .to_owned();
    let body = protocol::read_body(request.into_body(), MAX_REQUEST).await;
    let body = body.map_err(ApiError::Serialization)?;
    dispatch(states, &operation, Input::parse(&body)?).await
}

/// Performs an operation for a state machine that calls this service.
pub(super) async fn call(
    states: &States,
    operation: &str,
    fields: serde_json::Map<String, Value>,
) -> Result<Value, ApiError> {
    dispatch(states, operation, Input::new(fields)).await
}

async fn dispatch(states: &States, operation: &str, input: Input) -> Result<Value, ApiError> {
    match operation {
        "CreateStateMachine" => machines::create(states, input).await,
        "UpdateStateMachine" => machines::update(states, input).await,
        "DeleteStateMachine" => machines::delete(states, input).await,
        "DescribeStateMachine" => machines::describe(states, input).await,
        "DescribeStateMachineForExecution" => machines::describe_for_execution(states, input).await,
        "ListStateMachines" => machines::list(states, input).await,
        "ValidateStateMachineDefinition" => validation::validate(input),
        "PublishStateMachineVersion" => versions::publish(states, input).await,
        "DeleteStateMachineVersion" => versions::delete(states, input).await,
        "ListStateMachineVersions" => versions::list(states, input).await,
        "CreateStateMachineAlias" => aliases::create(states, input).await,
        "UpdateStateMachineAlias" => aliases::update(states, input).await,
        "DeleteStateMachineAlias" => aliases::delete(states, input).await,
        "DescribeStateMachineAlias" => aliases::describe(states, input).await,
        "ListStateMachineAliases" => aliases::list(states, input).await,
        "CreateActivity" => activities::create(states, input).await,
        "DeleteActivity" => activities::delete(states, input).await,
        "DescribeActivity" => activities::describe(states, input).await,
        "ListActivities" => activities::list(states, input).await,
        "GetActivityTask" => activities::task(states, input).await,
        "SendTaskSuccess" => callbacks::success(states, input).await,
        "SendTaskFailure" => callbacks::failure(states, input).await,
        "SendTaskHeartbeat" => callbacks::heartbeat(states, input).await,
        "TestState" => test_state::test(states, input).await,
        "StartExecution" => executions::start(states, input).await,
        "StartSyncExecution" => executions::start_sync(states, input).await,
        "RedriveExecution" => executions::redrive(states, input).await,
        "StopExecution" => executions::stop(states, input).await,
        "DescribeExecution" => executions::describe(states, input).await,
        "ListExecutions" => executions::list(states, input).await,
        "DescribeMapRun" => map_runs::describe(states, input).await,
        "ListMapRuns" => map_runs::list(states, input).await,
        "UpdateMapRun" => map_runs::update(states, input).await,
        "GetExecutionHistory" => histories::get(states, input).await,
        "TagResource" => tags::tag(states, input).await,
        "UntagResource" => tags::untag(states, input).await,
        "ListTagsForResource" => tags::list(states, input).await,
        other => Err(ApiError::UnknownOperation(other.to_owned())),
    }
}

/// A timestamp as the protocol has it: seconds since the Unix epoch, with milliseconds.
fn seconds(milliseconds: i64) -> Value {
    json!(asl::Timestamp(milliseconds).epoch_seconds())
}

/// Adds a field, if there is a value.
fn put(object: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object[field] = value.into();
    }
}
