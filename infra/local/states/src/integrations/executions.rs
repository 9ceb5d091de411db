//! Executions of other state machines: `arn:aws:states:::states:startExecution`, `.sync`,
//! `.sync:2`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>
//!
//! If the definition does not name the execution, its name derives from the task, so a task that a
//! crash interrupted finds the execution it started.

use asl::Pattern;
use serde_json::{Map, Value, json};
use service::sdk::capitalize;
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::states_sdk::WeakStates;
use super::{TaskResult, Work, metadata};
use crate::api;
use crate::arn;
use crate::engine::Parent;
use crate::error::ApiError;
use crate::handle::{StartExecution, StartedExecution, States};

pub(super) struct Executions(WeakStates);

impl Executions {
    pub(super) fn new(states: WeakStates) -> Self {
        Executions(states)
    }

    /// Starts an execution; one that the state waits for ends with the state.
    pub(super) async fn start(&self, work: &Work, pattern: Pattern) -> TaskResult {
        let states = self.0.states().await;
        let parameters = work.request.arguments.value();
        let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
        let parent = waits.then_some(Parent {
            execution: work.execution,
            task: work.task,
        });
        let start = StartExecution {
            state_machine_arn: machine_arn(work)?,
            name: Some(name(work)),
            input: input(parameters),
        };
        let named = parameters["Name"].is_string();
        let started = match states.start_for(start, parent).await {
            Err(ApiError::ExecutionAlreadyExists(arn)) => {
                let ours = !named || states.is_child(&arn, parent).await.map_err(to_failure)?;
                if ours {
                    already(&states, &arn).await
                } else {
                    Err(ApiError::ExecutionAlreadyExists(arn))
                }
            }
            other => other,
        };
        Ok(response(&started.map_err(to_failure)?))
    }

    /// Waits for the execution's end. Its description is the result, or the cause of the failure.
    pub(super) async fn wait(&self, work: &Work, pattern: Pattern) -> TaskResult {
        let states = self.0.states().await;
        let machine = machine_arn(work)?;
        let arn = arn::execution_of(&machine, &name(work)).map_err(to_failure)?;
        let ended = states.wait(&arn).await.map_err(to_failure)?;
        let request = Map::from_iter([("executionArn".to_owned(), json!(arn))]);
        let described = api::call(&states, "DescribeExecution", request).await;
        let mut described = format_response(described.map_err(to_failure)?);
        if ended.status != "SUCCEEDED" {
            return Err(Failure {
                error: "States.TaskFailed".into(),
                cause: described.to_string(),
            });
        }
        if pattern == Pattern::Sync2 {
            for data in ["Input", "Output"] {
                parse(&mut described[data]);
            }
        }
        Ok(described)
    }
}

async fn already(states: &States, arn: &str) -> Result<StartedExecution, ApiError> {
    let there = states.describe(arn).await?;
    Ok(StartedExecution {
        execution_arn: there.execution_arn,
        started: there.started,
    })
}

fn machine_arn(work: &Work) -> Result<String, Failure> {
    let parameters = &work.request.arguments;
    let arn = parameters.value()["StateMachineArn"].as_str();
    let missing = "The field \"StateMachineArn\" is required but was missing";
    arn.map(str::to_owned)
        .ok_or_else(|| Failure::parameters(parameters.text(), missing))
}

fn name(work: &Work) -> String {
    if let Some(name) = work.request.arguments.value()["Name"].as_str() {
        return name.to_owned();
    }
    let task = format!("{} {}", work.execution_arn, work.task.0);
    let hash: [u8; 32] = Sha256::digest(task).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// Text is taken for JSON; everything else is made JSON text.
fn input(parameters: &Value) -> Option<String> {
    match &parameters["Input"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn to_failure(error: ApiError) -> Failure {
    Failure::optimized(
        "StepFunctions",
        "AWSStepFunctions",
        error.code(),
        error.status().as_u16(),
        &error.to_string(),
    )
}

/// StartExecution's response as Step Functions shows it, with the headers that come with it.
fn response(started: &StartedExecution) -> Value {
    let request = uuid::Uuid::new_v4().to_string();
    let date = metadata::date();
    let length =
        started.execution_arn.len() + r#"{"executionArn":"","startDate":1.763723121E9}"#.len();
    let headers = [
        ("x-amzn-RequestId", &*request),
        ("connection", "keep-alive"),
        ("Content-Length", &length.to_string()),
        ("Date", &date),
        ("Content-Type", "application/x-amz-json-1.0"),
    ];
    let mut response = json!({ "ExecutionArn": started.execution_arn });
    metadata::add(&mut response, 200, &request, &headers);
    response["StartDate"] = started.started.0.into();
    response
}

/// DescribeExecution's response: members in alphabetical order, times in milliseconds, nothing of
/// redrives.
fn format_response(described: Value) -> Value {
    let Value::Object(members) = described else {
        return described;
    };
    let mut format_response: Vec<(String, Value)> = members
        .into_iter()
        .filter(|(name, _)| !name.starts_with("redrive"))
        .map(|(name, value)| {
            let value = match value.as_f64() {
                Some(seconds) if name.ends_with("Date") => json!((seconds * 1000.0).round() as i64),
                _ if name.ends_with("Details") => json!({ "Included": true }),
                _ => value,
            };
            (capitalize(&name), value)
        })
        .collect();
    format_response.sort_by(|a, b| a.0.cmp(&b.0));
    format_response.into_iter().collect()
}

fn parse(text: &mut Value) {
    if let Some(value) = text
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
    {
        *text = value;
    }
}
