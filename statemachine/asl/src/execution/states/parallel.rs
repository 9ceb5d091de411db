//! Runs a Parallel state: runs its branches side by side on the same input.
//!
//! | in | on | does | then |
//! | --- | --- | --- | --- |
//! | (entered) |  | `Parameters`; `ParallelStateStarted`; all branches begin | branching |
//! | branching | a branch ended | keeps its output | branching |
//! | branching | the last ended | `ParallelStateSucceeded`; the outputs as an array | exit |
//! | branching | a branch failed | aborts the others | retry, catch or fail |

use crate::HistoryDetails;
use crate::execution::{Branches, ScopeInputs, Step, ThreadId};
use crate::fault::Fault;
use crate::states::Parallel;

impl Parallel {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        let data_flow = step.data_flow(thread);
        let input = step.with_scope(thread, ScopeInputs::default(), |input, scope| {
            data_flow.effective_input(input, scope)
        })?;
        let input = step.accept(thread, input)?;
        if let Some(instead) = step.mocked_branches(thread) {
            return instead;
        }
        let started = step.note(thread, HistoryDetails::ParallelStateStarted);
        step.start_branches(thread, Branches::new(self.branches.len(), None));
        for (index, start) in self.branches.iter().enumerate() {
            step.spawn(thread, index, *start, input.clone(), started);
        }
        Ok(())
    }
}
