//! A state machine: parsed, validated, compiled, immutable.
//!
//! All states, also those inside Map and Parallel states, are in one list; a [`StateId`] is an
//! index into it.

use std::sync::Arc;

use crate::assign::Assign;
use crate::data_flow::DataFlow;
use crate::retry::{Catcher, Retrier};
use crate::states::StateKind;
use crate::transition::{StateId, Transition};
use crate::{Diagnostic, Evaluate};

/// The largest definition, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 1_048_576;

/// The type of a state machine: how its executions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkflowType {
    /// Durable, up to a year; every integration pattern.
    #[default]
    Standard,
    /// Short, up to five minutes; neither waits for jobs nor for callbacks.
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
    /// Set if a step may take long.
    pub(crate) costly: bool,
    pub(crate) evaluator: Option<Arc<dyn Evaluate>>,
}

/// A compiled state: the fields that all types share, and those of its type.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: Arc<str>,
    pub(crate) kind: StateKind,
    pub(crate) data_flow: DataFlow,
    pub(crate) assign: Assign,
    pub(crate) next: Transition,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
}

impl StateMachine {
    /// The warnings: what is odd but not wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Sets who evaluates what may take long, and gets its requests while a step is under way.
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

    /// Returns a state of this machine.
    pub(crate) fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }
}

impl State {
    /// Creates a Succeed state, to be given the fields of its definition.
    pub(crate) fn new(name: &str) -> State {
        State {
            name: name.into(),
            kind: StateKind::Succeed,
            data_flow: DataFlow::default(),
            assign: Assign::default(),
            next: Transition::End,
            retry: Vec::new(),
            catch: Vec::new(),
        }
    }
}
