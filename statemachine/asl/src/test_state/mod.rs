//! TestState: runs one state on its own, and inspects its data.
//!
//! [`TestState::start`] checks a request as AWS does and enters the state, under a [`Inspector`]. A
//! state that is mocked, or that calls nobody, is done at once; a task that is really to run is
//! handed out ([`TestState::task`]), and what came of it is fed back. [`TestState::finish`]
//! responds as the API does. The pipeline is the executions' own.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>

mod context;
mod error;
mod machine;
mod request;
mod response;
mod shapes;

use std::sync::Arc;

use serde_json::Value;

pub use error::TestStateError;
pub use request::{Configuration, FieldValidation, InspectionLevel, Mock, TestRequest};

use crate::execution::TestInput;
use crate::inspector::{Inspector, MockOutcome};
use crate::random::Random;
use crate::{
    Effect, Evaluate, Event, EventKind, Execution, FailureStage, Identity, StateMachine, TaskId,
    Timestamp,
};

/// The environment of a test: the region and account that it is said to run in, its time and
/// randomness.
#[derive(Clone, Debug)]
pub struct TestEnvironment {
    /// `us-east-1`
    pub region: String,
    /// `123456789012`
    pub account: String,
    /// Now.
    pub at: Timestamp,
    /// Feeds everything random.
    pub seed: u64,
    /// The evaluator of what may take long, if the engine itself does not.
    pub evaluator: Option<Arc<dyn Evaluate>>,
}

/// A state that is being tested.
#[derive(Debug)]
pub struct TestState {
    machine: StateMachine,
    execution: Execution,
    inspector: Inspector,
    level: InspectionLevel,
    task: Option<(TaskId, crate::TaskRequest)>,
    at: Timestamp,
}

impl TestState {
    /// Checks a request and enters the state.
    ///
    /// # Errors
    /// The request is one that AWS refuses: an invalid definition, mock, context or combination.
    pub fn start(
        request: &TestRequest,
        environment: &TestEnvironment,
    ) -> Result<TestState, TestStateError> {
        let mut machine = machine::compile(&request.definition, request.state_name.as_deref())?;
        machine.evaluator.clone_from(&environment.evaluator);
        let state = machine.state(machine.start);
        request.check(state, &machine)?;
        let input = request.input_payload()?;
        let variables = request.assigned()?;
        let mut random = Random::new(environment.seed);
        let identity = identity(environment, request, &mut random);
        let context =
            context::context_object(request, state, &identity, input.value(), environment)?;
        let inspector = Inspector::new(
            context,
            request.mock_outcome(state)?,
            request.configuration.retrier_retry_count,
            request.configuration.map_iteration_failure_count,
        );
        let tested = TestInput {
            identity,
            input,
            variables,
            at: environment.at,
            seed: random.next(),
        };
        let (execution, effects) = Execution::test(&machine, tested, &inspector);
        let mut test = TestState {
            machine,
            execution,
            inspector,
            level: request.inspection_level,
            task: None,
            at: environment.at,
        };
        test.take(effects);
        Ok(test)
    }

    /// The task that is to run before the test can go on; nothing where it is mocked, or over.
    pub fn task(&self) -> Option<(TaskId, &crate::TaskRequest)> {
        self.task.as_ref().map(|(task, request)| (*task, request))
    }

    /// Takes in what came of the task.
    pub fn resume(&mut self, kind: EventKind) {
        self.task = None;
        let event = Event { at: self.at, kind };
        let effects = self
            .execution
            .test_step(&self.machine, event, &self.inspector);
        self.take(effects);
    }

    /// The API's response.
    pub fn finish(self) -> Value {
        let kind = self.machine.state(self.machine.start);
        response::response(
            kind,
            self.execution.outcome(),
            &self.inspector.into_inspection(),
            self.level,
        )
    }

    /// Performs effects: timers fire at once, mocked tasks complete, and others are kept.
    fn take(&mut self, effects: Vec<Effect>) {
        let mut started = None;
        let mut due = None;
        for effect in effects {
            match effect {
                Effect::StartTask { task, request } => started = Some((task, request)),
                Effect::SetTimer { timer, at } => due = Some((timer, at)),
                _ => {}
            }
        }
        match (started, &self.inspector.mock) {
            (Some((task, _)), Some(mock)) => {
                let kind = mocked(task, mock);
                self.resume(kind);
            }
            (Some(started), None) => self.task = Some(started),
            (None, _) => {
                if let Some((timer, at)) = due {
                    self.at = at;
                    self.resume(EventKind::TimerFired { timer });
                }
            }
        }
    }
}

fn mocked(task: TaskId, mock: &MockOutcome) -> EventKind {
    match mock {
        MockOutcome::Result(output) => EventKind::TaskSucceeded {
            task,
            output: output.clone(),
        },
        MockOutcome::Failure(failure) => EventKind::TaskFailed {
            task,
            stage: FailureStage::Run,
            error: failure.error.clone(),
            cause: failure.cause.clone(),
        },
    }
}

/// A test is told that it is an express execution of a state machine with a name of its own.
fn identity(environment: &TestEnvironment, request: &TestRequest, random: &mut Random) -> Identity {
    let (machine, execution) = (random.uuid(), random.uuid());
    let location = format!(
        "arn:aws:states:{}:{}",
        environment.region, environment.account
    );
    Identity {
        execution_arn: format!("{location}:express:{machine}:{execution}"),
        execution_name: execution,
        role_arn: request.role_arn.clone().unwrap_or_default(),
        state_machine_arn: format!("{location}:stateMachine:{machine}"),
        state_machine_name: machine,
        region: environment.region.clone(),
        ..Identity::default()
    }
}
