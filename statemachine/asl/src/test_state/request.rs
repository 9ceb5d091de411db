//! The request of a test, and the checks that AWS makes.

use serde_json::Value;

use super::TestStateError;
use crate::inspector::MockOutcome;
use crate::machine::State;
use crate::states::StateKind;
use crate::variables::Assigned;
use crate::{Failure, Pattern, Payload, Resource, StateMachine};

/// The API's request. All texts are JSON.
#[derive(Clone, Debug, Default)]
pub struct TestRequest {
    /// One state, or a whole state machine where `state_name` says which of its states.
    pub definition: String,
    /// The state of the state machine.
    pub state_name: Option<String>,
    /// The role; tasks that really run need one.
    pub role_arn: Option<String>,
    /// The state's input; `{}` where it is left out.
    pub input: Option<String>,
    /// The level of detail of the response.
    pub inspection_level: InspectionLevel,
    /// Set to reveal the secrets of HTTP tasks.
    pub reveal_secrets: bool,
    /// The workflow variables that the state sees: an object.
    pub variables: Option<String>,
    /// The context object that it sees.
    pub context: Option<String>,
    /// The mock of the state's task, branches or iterations.
    pub mock: Option<Mock>,
    /// The history before the test.
    pub configuration: Configuration,
}

/// The level of detail of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectionLevel {
    /// Status, output and error.
    #[default]
    Info,
    /// And what the data was at each stage.
    Debug,
    /// And the requests and responses of HTTP tasks.
    Trace,
}

/// The mock of a state's task, branches or iterations.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    /// The result.
    pub result: Option<String>,
    /// The failure.
    pub error_output: Option<Failure>,
    /// The validation of the result against the API that the task calls.
    pub field_validation: FieldValidation,
}

/// The validation of a mocked result against the API that a task calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Checks required fields, and the types of all.
    #[default]
    Strict,
    /// Checks the types of the fields that exist.
    Present,
    /// No validation.
    None,
}

/// The history before the state is tested.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// The number of retries so far.
    pub retrier_retry_count: Option<u32>,
    /// The state inside a Map or Parallel that the error comes from.
    pub error_caused_by_state: Option<String>,
    /// The number of failed iterations of a Map.
    pub map_iteration_failure_count: Option<u64>,
    /// The data that the ItemReader of a Map read, as it is in its source. Nothing is told of it,
    /// and nothing is run with it: the iterations are mocked.
    pub map_item_reader_data: Option<String>,
}

impl TestRequest {
    /// Refuses what AWS does not test.
    pub(super) fn check(
        &self,
        state: &State,
        machine: &StateMachine,
    ) -> Result<(), TestStateError> {
        if let Some(name) = &self.configuration.error_caused_by_state
            && machine.states.iter().all(|state| *state.name != **name)
        {
            return Err(TestStateError::validation("State not found in definition"));
        }
        match &self.mock {
            Some(mock) => self.check_mocked(mock, state),
            None => self.check_real(state),
        }
    }

    fn check_mocked(&self, mock: &Mock, state: &State) -> Result<(), TestStateError> {
        let kind = state.kind.state_type();
        if !state.kind.is_mockable() {
            let message =
                format!("State type '{kind:?}' is not supported when a mock is specified");
            return Err(TestStateError::Validation(message));
        }
        if self.reveal_secrets {
            let message = "TestState does not support RevealSecrets when a mock is specified.";
            return Err(TestStateError::validation(message));
        }
        if mock.result.is_some() == mock.error_output.is_some() {
            let message =
                "A test mock should have only one of the following fields: [result, errorOutput].";
            return Err(TestStateError::validation(message));
        }
        Ok(())
    }

    fn check_real(&self, state: &State) -> Result<(), TestStateError> {
        if self.configuration.map_iteration_failure_count.is_some() {
            let message =
                "TestState does not support MapIterationFailureCount when a mock is not specified.";
            return Err(TestStateError::validation(message));
        }
        match &state.kind {
            StateKind::Map(_) | StateKind::Parallel(_) => Err(TestStateError::Unsupported(
                "TestState API does not support Map or Parallel states. Supported state types \
                 include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            )),
            StateKind::Task(task) => {
                check_resource(&task.resource)?;
                if self.role_arn.is_none() {
                    let message = "RoleArn must be specified when testing a Task state";
                    return Err(TestStateError::validation(message));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The input, with its text.
    pub(super) fn input_payload(&self) -> Result<Payload, TestStateError> {
        let text = self.input.as_deref().unwrap_or("{}");
        Payload::parse(text).map_err(|error| {
            TestStateError::Input(format!("Invalid State Machine Execution Input: '{error}'"))
        })
    }

    pub(super) fn assigned(&self) -> Result<Assigned, TestStateError> {
        let Some(text) = &self.variables else {
            return Ok(Assigned::new());
        };
        let Ok(Value::Object(variables)) = serde_json::from_str(text) else {
            return Err(TestStateError::validation(
                "Variables must be a valid JSON object",
            ));
        };
        let pair = |(name, value): (String, Value)| (name.as_str().into(), Payload::from(value));
        Ok(variables.into_iter().map(pair).collect())
    }

    /// The mock, of the form that the state's type asks for.
    pub(super) fn mock_outcome(
        &self,
        state: &State,
    ) -> Result<Option<MockOutcome>, TestStateError> {
        let Some(mock) = &self.mock else {
            return Ok(None);
        };
        if let Some(failure) = &mock.error_output {
            return Ok(Some(MockOutcome::Failure(failure.clone())));
        }
        let text = mock.result.as_deref().unwrap_or_default();
        let result = Payload::parse(text)
            .map_err(|_| TestStateError::validation("Mocked result must be valid JSON"))?;
        self.check_result(result.value(), state)?;
        if let StateKind::Task(task) = &state.kind {
            super::shapes::check(result.value(), &task.resource, mock.field_validation)
                .map_err(TestStateError::Validation)?;
        }
        Ok(Some(MockOutcome::Result(result)))
    }

    fn check_result(&self, result: &Value, state: &State) -> Result<(), TestStateError> {
        let refused = |message: &str| Err(TestStateError::validation(message));
        let array = match &state.kind {
            StateKind::Map(map) if map.writes_results() => {
                if result.is_object() {
                    return Ok(());
                }
                return refused("Mocked result must be a JSON object.");
            }
            StateKind::Map(_) | StateKind::Parallel(_) => match result.as_array() {
                Some(array) => array,
                None => return refused("Mocked result must be an array."),
            },
            _ => return Ok(()),
        };
        if let StateKind::Parallel(parallel) = &state.kind
            && parallel.branches.len() != array.len()
        {
            return refused(
                "Mocked result must contain the same number of items as number of Parallel \
                 branches.",
            );
        }
        let failed = self.configuration.map_iteration_failure_count.unwrap_or(0);
        if failed > array.len() as u64 {
            return refused(
                "Map iteration failure count must be less than or equal to the number of Map \
                 iterations",
            );
        }
        Ok(())
    }
}

/// A job or a callback would outlast the test, so it needs a mock.
fn check_resource(resource: &Resource) -> Result<(), TestStateError> {
    match resource {
        Resource::Activity { .. } => Err(TestStateError::Unsupported(
            "TestState API does not support Activity tasks unless a mock is specified",
        )),
        Resource::Service { pattern, .. } if *pattern != Pattern::RequestResponse => {
            Err(TestStateError::Unsupported(
                "TestState API does not support '.sync' or '.waitForTaskToken' service integration \
                 patterns unless a mock is specified",
            ))
        }
        _ => Ok(()),
    }
}

impl StateKind {
    fn is_mockable(&self) -> bool {
        matches!(
            self,
            StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)
        )
    }
}
