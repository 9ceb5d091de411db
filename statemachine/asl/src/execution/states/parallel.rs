//! Runs a Parallel state: runs its branches side by side on the same input.
//!
//! | in        | on                | does                                                        | then               |
//! |-----------|-------------------|-------------------------------------------------------------|--------------------|
//! | (entered) |                   | `InputPath`, `Parameters`; `ParallelStateStarted`; all branches begin | branching |
//! | branching | a branch ended    | keeps its output                                            | branching          |
//! | branching | the last ended    | `ParallelStateSucceeded`; the outputs as an array            | exit               |
//! | branching | a branch failed   | gives the others up                                         | retry, catch or fail |

use crate::HistoryDetails;
use crate::execution::{Branches, Run, ThreadId, View};
use crate::fault::Fault;
use crate::states::Parallel;

impl Parallel {
    pub(super) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let shaping = run.shaping(thread);
        let input = run.with_scope(thread, View::default(), |input, scope| {
            shaping.effective_input(input, scope)
        })?;
        let input = run.accept(thread, input)?;
        if let Some(instead) = run.instead_of_branches(thread) {
            return instead;
        }
        let started = run.note(thread, HistoryDetails::ParallelStateStarted);
        run.branch_out(thread, Branches::new(self.branches.len(), None));
        for (index, start) in self.branches.iter().enumerate() {
            run.spawn(thread, index, *start, input.clone(), started);
        }
        Ok(())
    }
}
