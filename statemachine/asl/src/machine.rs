//! A state machine: parsed, validated, compiled, immutable.
//!
//! All states, also those inside Map and Parallel states, stand in one list; a [`StateId`] is an index into it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::retry::{Catcher, Retrier};
use crate::shaping::Shaping;
use crate::states::Kind;
use crate::variables::Assign;
use crate::{Diagnostic, Evaluate, InvalidDefinition, definition};

/// The largest definition, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 1_048_576;

/// The type of a state machine: how its executions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workflow {
    /// Durable, up to a year; every integration pattern.
    #[default]
    Standard,
    /// Up to five minutes; neither waits for jobs nor for callbacks.
    Express,
}

/// A definition that can be run. It does not change and can be shared (`Arc`) between executions.
#[derive(Debug)]
pub struct StateMachine {
    pub(crate) states: Vec<State>,
    pub(crate) start: StateId,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) comment: Option<String>,
    pub(crate) warnings: Vec<Diagnostic>,
    /// Whether a step may take long.
    pub(crate) costly: bool,
    pub(crate) evaluator: Option<Arc<dyn Evaluate>>,
}

/// A state's place in its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct StateId(pub(crate) u32);

/// Where a state leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    State(StateId),
    /// The end of the machine, the branch or the iteration.
    End,
}

/// A compiled state: what all types share, and what makes its type.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) shaping: Shaping,
    pub(crate) assign: Assign,
    pub(crate) next: Next,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
}

impl StateMachine {
    /// Reads and checks a definition: JSON text of at most 1 MiB, nested at most 127 levels deep.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(definition: &str) -> Result<StateMachine, InvalidDefinition> {
        StateMachine::parse_for(definition, Workflow::Standard)
    }

    /// The same for a type of state machine: EXPRESS ones can do less.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse_for(
        definition: &str,
        workflow: Workflow,
    ) -> Result<StateMachine, InvalidDefinition> {
        definition::compile(definition, workflow)
    }

    /// What is odd but not wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Has what may take long evaluated by someone else, who gets requests while a step is under way.
    #[must_use]
    pub fn with_evaluator(self, evaluator: Arc<dyn Evaluate>) -> StateMachine {
        StateMachine {
            evaluator: Some(evaluator),
            ..self
        }
    }

    /// Returns true if a step may take long: a runner should not have others wait for it.
    pub fn is_costly(&self) -> bool {
        self.costly
    }

    /// The definition's own `Comment`.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    pub(crate) fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }
}
