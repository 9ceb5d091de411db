//! Callbacks: workers and callers report on a task by its token.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>

use serde_json::Value;

use super::executions::DATA;
use super::input::Input;
use crate::engine::TaskReport;
use crate::error::ApiError;
use crate::handle::States;
use crate::json;

type ApiResult = Result<Value, ApiError>;

pub(super) async fn success(states: &States, mut input: Input) -> ApiResult {
    let token = token(&mut input)?;
    let output = input.data("output", DATA)?;
    input.require_present("output", output.is_some());
    input.finish()?;
    check(&token)?; // of the two, AWS looks at the token first
    let output = json::parse(&output.unwrap_or_default()).map_err(ApiError::InvalidOutput)?;
    report_task(states, token, TaskReport::Success { output }).await
}

pub(super) async fn failure(states: &States, mut input: Input) -> ApiResult {
    let token = token(&mut input)?;
    let error = input.data("error", 256)?;
    let cause = input.data("cause", 32_768)?;
    input.finish()?;
    check(&token)?;
    report_task(states, token, TaskReport::Failure { error, cause }).await
}

pub(super) async fn heartbeat(states: &States, mut input: Input) -> ApiResult {
    let token = token(&mut input)?;
    input.finish()?;
    check(&token)?;
    report_task(states, token, TaskReport::Heartbeat).await
}

fn token(input: &mut Input) -> Result<String, ApiError> {
    input.required("taskToken", 1..=2048)
}

/// Checks the format of a token. Only the engine knows whether a task waits for it.
fn check(token: &str) -> Result<(), ApiError> {
    if asl::is_task_token(token) {
        Ok(())
    } else {
        Err(ApiError::InvalidToken)
    }
}

async fn report_task(states: &States, token: String, task_report: TaskReport) -> ApiResult {
    states.engine().report_task(token, task_report).await?;
    Ok(serde_json::json!({}))
}
