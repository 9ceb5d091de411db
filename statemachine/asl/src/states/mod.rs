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
pub(crate) use distributed::{Batcher, Distributed, ItemReader, ResultWriter};
pub(crate) use fail::{Fail, TextField};
pub(crate) use items::ItemsField;
pub(crate) use map::Map;
pub(crate) use number::NumberField;
pub(crate) use task::Task;
pub(crate) use wait::Wait;

/// The type of a state, with the fields that only this type has.
#[derive(Debug)]
pub(crate) enum Kind {
    Choice(Choice),
    Fail(Fail),
    Map(Box<Map>),
    Parallel(Parallel),
    Pass(Pass),
    Succeed,
    Task(Box<Task>),
    Wait(Wait),
}

impl Kind {
    pub(crate) fn state_type(&self) -> StateType {
        match self {
            Kind::Choice(_) => StateType::Choice,
            Kind::Fail(_) => StateType::Fail,
            Kind::Map(_) => StateType::Map,
            Kind::Parallel(_) => StateType::Parallel,
            Kind::Pass(_) => StateType::Pass,
            Kind::Succeed => StateType::Succeed,
            Kind::Task(_) => StateType::Task,
            Kind::Wait(_) => StateType::Wait,
        }
    }

    /// Returns true if the state has `Retry` and `Catch`, and with them a retry count in the context object.
    pub(crate) fn retries(&self) -> bool {
        matches!(self, Kind::Map(_) | Kind::Parallel(_) | Kind::Task(_))
    }

    /// Returns the states that only this type leads to.
    pub(crate) fn targets(&self) -> Vec<StateId> {
        match self {
            Kind::Choice(choice) => choice.targets(),
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
