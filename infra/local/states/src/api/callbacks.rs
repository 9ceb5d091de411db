//! What workers and callers say of a task by its token.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>

use serde_json::Value;

use super::executions::DATA;
use super::input::Input;
use crate::engine::Word;
use crate::error::ApiError;
use crate::handle::States;
use crate::json;

type Answer = Result<Value, ApiError>;

pub(super) async fn success(states: &States, mut input: Input) -> Answer {
    let token = token(&mut input)?;
    let output = input.data("output", DATA)?;
    input.require_given("output", output.is_some());
    input.finish()?;
    check(&token)?; // of the two, AWS looks at the token first
    let output = json::parse(&output.unwrap_or_default()).map_err(ApiError::InvalidOutput)?;
    say(states, token, Word::Success { output }).await
}

pub(super) async fn failure(states: &States, mut input: Input) -> Answer {
    let token = token(&mut input)?;
    let error = input.data("error", 256)?;
    let cause = input.data("cause", 32_768)?;
    input.finish()?;
    check(&token)?;
    say(states, token, Word::Failure { error, cause }).await
}

pub(super) async fn heartbeat(states: &States, mut input: Input) -> Answer {
    let token = token(&mut input)?;
    input.finish()?;
    check(&token)?;
    say(states, token, Word::Heartbeat).await
}

fn token(input: &mut Input) -> Result<String, ApiError> {
    input.required("taskToken", 1..=2048)
}

/// Whether it is a token at all; whether a task waits for it is the engine's to know.
fn check(token: &str) -> Result<(), ApiError> {
    if asl::is_task_token(token) {
        Ok(())
    } else {
        Err(ApiError::InvalidToken)
    }
}

async fn say(states: &States, token: String, word: Word) -> Answer {
    states.engine().say(token, word).await?;
    Ok(serde_json::json!({}))
}
