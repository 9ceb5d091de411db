//! The state types: what a definition says of each, and what each does. One file a type.
//!
//! A state is *entered* once; then its type's `run` does the work, and does it again after a back-off.

pub(crate) mod choice;
pub(crate) mod distributed;
pub(crate) mod fail;
mod items;
pub(crate) mod map;
mod number;
pub(crate) mod parallel;
pub(crate) mod pass;
mod rule;
pub(crate) mod succeed;
pub(crate) mod task;
pub(crate) mod wait;

use crate::StateType;
use crate::execution::{Run, ThreadId};
use crate::fault::Fault;
use crate::machine::StateId;

/// What makes a state's type.
#[derive(Debug)]
pub(crate) enum Kind {
    Choice(choice::Choice),
    Fail(fail::Fail),
    Map(Box<map::Map>),
    Parallel(parallel::Parallel),
    Pass(pass::Pass),
    Succeed,
    Task(Box<task::Task>),
    Wait(wait::Wait),
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

    /// Whether the state has `Retry` and `Catch`, and with them a retry count in the context object.
    pub(crate) fn retries(&self) -> bool {
        matches!(self, Kind::Map(_) | Kind::Parallel(_) | Kind::Task(_))
    }

    /// The states that only this type leads to.
    pub(crate) fn targets(&self) -> Vec<StateId> {
        match self {
            Kind::Choice(choice) => choice.targets(),
            _ => Vec::new(),
        }
    }

    /// Does the state's work, as far as it goes without waiting for anything.
    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        match self {
            Kind::Choice(choice) => choice.run(run, thread),
            Kind::Fail(fail) => fail.run(run, thread),
            Kind::Map(map) => map.run(run, thread),
            Kind::Parallel(parallel) => parallel.run(run, thread),
            Kind::Pass(pass) => pass.run(run, thread),
            Kind::Succeed => succeed::run(run, thread),
            Kind::Task(task) => task.run(run, thread),
            Kind::Wait(wait) => wait.run(run, thread),
        }
    }
}
