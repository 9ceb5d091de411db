//! Runs the states. One file a type.
//!
//! A state is *entered* once; then its type's `run` does the work, and does it again after a
//! back-off.

mod choice;
mod distributed;
mod fail;
mod map;
mod parallel;
mod pass;
mod succeed;
mod task;
pub(super) mod wait;

use super::{Step, ThreadId};
use crate::fault::Fault;
use crate::states::StateKind;

impl StateKind {
    /// Does the state's work, as far as it goes without waiting for anything.
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        match self {
            StateKind::Choice(choice) => choice.run(step, thread),
            StateKind::Fail(fail) => fail.run(step, thread),
            StateKind::Map(map) => map.run(step, thread),
            StateKind::Parallel(parallel) => parallel.run(step, thread),
            StateKind::Pass(pass) => pass.run(step, thread),
            StateKind::Succeed => succeed::run(step, thread),
            StateKind::Task(task) => task.run(step, thread),
            StateKind::Wait(wait) => wait.run(step, thread),
        }
    }
}
