//! Runs the states. One file a type.
//!
//! A state is *entered* once; then its type's `run` does the work, and does it again after a back-off.

mod choice;
mod distributed;
mod fail;
mod map;
mod parallel;
mod pass;
mod succeed;
mod task;
pub(super) mod wait;

use super::{Run, ThreadId};
use crate::fault::Fault;
use crate::states::Kind;

impl Kind {
    /// Does the state's work, as far as it goes without waiting for anything.
    pub(super) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
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
