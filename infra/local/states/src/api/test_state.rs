//! TestState: runs a single state. Its tasks are performed for real, unless they are mocked.

use std::time::Duration;

use asl::{
    Configuration, EventKind, Failure, FieldValidation, InspectionLevel, MAX_DEFINITION_BYTES,
    MAX_PAYLOAD_BYTES, Mock, TestEnvironment, TestRequest, TestState, TestStateError, Timestamp,
};
use futures::future::BoxFuture;
use serde_json::Value;

use super::input::{ARN, Input, NAME};
use crate::error::ApiError;
use crate::handle::{States, now};

/// The time limit of a test, as on AWS.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// The largest numbers that AWS's model allows for counts.
const COUNT: i64 = i32::MAX as i64;

/// Boxed, because a tested task may call the API that this is part of.
pub(super) fn test(states: &States, input: Input) -> BoxFuture<'_, Result<Value, ApiError>> {
    Box::pin(run(states, input))
}

async fn run(states: &States, mut input: Input) -> Result<Value, ApiError> {
    let request = read(&mut input)?;
    input.finish()?;
    let identity = states.identity();
    let setting = TestEnvironment {
        region: identity.region.clone(),
        account: identity.account.clone(),
        at: Timestamp(now()),
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
        evaluator: states.evaluator(),
    };
    let mut test = elsewhere(move || TestState::start(&request, &setting)).await??;
    if let Some((task, request)) = test.task() {
        let request = request.clone();
        let performed = states.integrations().response(task, request);
        let result = tokio::time::timeout(TIME_LIMIT, performed).await;
        let result = result.unwrap_or_else(|_| EventKind::TaskFailed {
            task,
            stage: asl::FailureStage::Run,
            error: Some("States.Timeout".into()),
            cause: None,
        });
        test = elsewhere(move || {
            test.resume(result);
            test
        })
        .await?;
    }
    Ok(test.finish())
}

/// Does what may take long on a thread that serves nobody else.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::Internal(format!("the state can't be tested: {error}")))
}

fn read(input: &mut Input) -> Result<TestRequest, ApiError> {
    let definition = input.data("definition", MAX_DEFINITION_BYTES)?;
    input.require_present("definition", definition.is_some());
    let level = input.choice("inspectionLevel", &["INFO", "DEBUG", "TRACE"])?;
    let inspection_level = match level {
        Some("DEBUG") => InspectionLevel::Debug,
        Some("TRACE") => InspectionLevel::Trace,
        _ => InspectionLevel::Info,
    };
    Ok(TestRequest {
        definition: definition.unwrap_or_default(),
        state_name: input.text("stateName", NAME)?,
        role_arn: input.text("roleArn", ARN)?,
        input: input.data("input", MAX_PAYLOAD_BYTES)?,
        inspection_level,
        reveal_secrets: input.flag("revealSecrets")?.unwrap_or(false),
        variables: input.data("variables", MAX_PAYLOAD_BYTES)?,
        context: input.data("context", MAX_PAYLOAD_BYTES)?,
        mock: input.object("mock")?.map(mock).transpose()?,
        configuration: input
            .object("stateConfiguration")?
            .map(configuration)
            .transpose()?
            .unwrap_or_default(),
    })
}

fn mock(mut input: Input) -> Result<Mock, ApiError> {
    let validation = input.choice("fieldValidationMode", &["STRICT", "PRESENT", "NONE"])?;
    let mock = Mock {
        result: input.data("result", MAX_PAYLOAD_BYTES)?,
        error_output: input.object("errorOutput")?.map(failure).transpose()?,
        field_validation: match validation {
            Some("PRESENT") => FieldValidation::Present,
            Some("NONE") => FieldValidation::None,
            _ => FieldValidation::Strict,
        },
    };
    input.finish()?;
    Ok(mock)
}

fn failure(mut input: Input) -> Result<Failure, ApiError> {
    let failure = Failure {
        error: input.text("error", 0..=256)?,
        cause: input.text("cause", 0..=32_768)?,
    };
    input.finish()?;
    Ok(failure)
}

fn configuration(mut input: Input) -> Result<Configuration, ApiError> {
    let retries = input.number("retrierRetryCount", COUNT)?;
    let failed = input.number("mapIterationFailureCount", COUNT)?;
    let configuration = Configuration {
        retrier_retry_count: retries.and_then(|count| u32::try_from(count).ok()),
        error_caused_by_state: input.text("errorCausedByState", NAME)?,
        map_iteration_failure_count: failed.and_then(|count| u64::try_from(count).ok()),
        map_item_reader_data: input.data("mapItemReaderData", MAX_PAYLOAD_BYTES)?,
    };
    input.finish()?;
    Ok(configuration)
}

impl From<TestStateError> for ApiError {
    fn from(error: TestStateError) -> ApiError {
        match error {
            TestStateError::Definition(invalid) => ApiError::InvalidDefinition(invalid),
            TestStateError::Unsupported(text) => ApiError::NotTested(text),
            TestStateError::Input(text) => ApiError::InvalidExecutionInput(text),
            TestStateError::Validation(text) => ApiError::Validation(text),
        }
    }
}
