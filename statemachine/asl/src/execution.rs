//! One run of a state machine, as a plain value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Effect, Event, Outcome, Payload, StateMachine, Timestamp};

/// Who an execution is: what the context object (`$$`) tells its states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// `arn:aws:states:us-east-1:123456789012:execution:MACHINE:NAME`
    pub execution_arn: String,
    /// The last part of the ARN.
    pub execution_name: String,
    /// The role of the state machine.
    pub role_arn: String,
    /// `arn:aws:states:us-east-1:123456789012:stateMachine:MACHINE`
    pub state_machine_arn: String,
    /// The last part of the ARN.
    pub state_machine_name: String,
    /// `us-east-1`: what TaskScheduled events carry.
    pub region: String,
    /// The version that the execution was started through, for ExecutionStarted.
    pub state_machine_version_arn: Option<String>,
    /// The alias that the execution was started through, for ExecutionStarted.
    pub state_machine_alias_arn: Option<String>,
}

/// One run of a state machine. Serialise it after any step; the copy goes on exactly as the original would.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Execution {
    identity: Identity,
    input: Payload,
    outcome: Option<Outcome>,
}

impl Execution {
    /// Begins a run. `seed` feeds everything random: jitter, task tokens, `States.UUID`.
    pub fn start(
        _machine: &StateMachine,
        identity: Identity,
        input: Value,
        _at: Timestamp,
        _seed: u64,
    ) -> (Execution, Vec<Effect>) {
        let execution = Execution {
            identity,
            input: input.into(),
            outcome: None,
        };
        (execution, Vec::new())
    }

    /// Takes in what happened and says what to do. Never panics; events about what is over do nothing.
    pub fn step(&mut self, _machine: &StateMachine, _event: Event) -> Vec<Effect> {
        Vec::new()
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What it was started with.
    pub fn input(&self) -> &Payload {
        &self.input
    }

    /// The tasks and timers to take up again after a restart, as [`Effect::StartTask`] and [`Effect::SetTimer`].
    pub fn outstanding(&self) -> Vec<Effect> {
        Vec::new()
    }
}
