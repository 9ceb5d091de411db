//! The types of states, compiled: their fields, and what these evaluate to. One file a type.
//!
//! `definition::states` reads them from a definition; `execution::states` runs them.

mod choice;
mod condition;
mod distributed;
mod fail;
mod items;
mod map;
mod number;
mod task;
mod wait;

use crate::transition::StateId;
use crate::{Payload, StateType};

pub(crate) use choice::{Choice, ChoiceRule};
pub(crate) use condition::{Condition, DataTest, Operand, OperandType, Relation, TypeTest};
pub(crate) use distributed::{BatcherFields, Distributed, ReaderFields, WriterFields};
pub(crate) use fail::{Fail, TextField};
pub(crate) use items::ItemsField;
pub(crate) use map::Map;
pub(crate) use number::NumberField;
pub(crate) use task::Task;
pub(crate) use wait::Wait;

/// The type of a state, with the fields that only this type has.
#[derive(Debug)]
pub(crate) enum StateKind {
    Choice(Choice),
    Fail(Fail),
    Map(Box<Map>),
    Parallel(Parallel),
    Pass(Pass),
    Succeed,
    Task(Box<Task>),
    Wait(Wait),
}

impl StateKind {
    pub(crate) fn state_type(&self) -> StateType {
        match self {
            StateKind::Choice(_) => StateType::Choice,
            StateKind::Fail(_) => StateType::Fail,
            StateKind::Map(_) => StateType::Map,
            StateKind::Parallel(_) => StateType::Parallel,
            StateKind::Pass(_) => StateType::Pass,
            StateKind::Succeed => StateType::Succeed,
            StateKind::Task(_) => StateType::Task,
            StateKind::Wait(_) => StateType::Wait,
        }
    }

    /// Returns true if the state has `Retry` and `Catch`, and with them a retry count in the
    /// context object.
    pub(crate) fn retries(&self) -> bool {
        matches!(
            self,
            StateKind::Map(_) | StateKind::Parallel(_) | StateKind::Task(_)
        )
    }

    /// Returns the states that only this type leads to.
    pub(crate) fn targets(&self) -> Vec<StateId> {
        match self {
            StateKind::Choice(choice) => choice.targets(),
            _ => Vec::new(),
        }
    }
}

/// The fields of a Parallel state.
#[derive(Debug)]
pub(crate) struct Parallel {
    /// The first state of each branch.
    pub(crate) branches: Vec<StateId>,
}

/// The fields of a Pass state.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) result: Option<Payload>,
}
