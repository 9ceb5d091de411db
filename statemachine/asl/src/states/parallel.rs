//! Parallel: runs its branches side by side on the same input.
//!
//! | in        | on                | does                                                        | then               |
//! |-----------|-------------------|-------------------------------------------------------------|--------------------|
//! | (entered) |                   | `InputPath`, `Parameters`; `ParallelStateStarted`; all branches begin | branching |
//! | branching | a branch ended    | keeps its output                                            | branching          |
//! | branching | the last ended    | `ParallelStateSucceeded`; the outputs as an array            | exit               |
//! | branching | a branch failed   | gives the others up                                         | retry, catch or fail |

use crate::HistoryDetails;
use crate::definition::{Compiler, Fields};
use crate::execution::{Branches, Run, ThreadId, View};
use crate::fault::Fault;
use crate::machine::StateId;

#[derive(Debug)]
pub(crate) struct Parallel {
    /// The first state of each branch.
    branches: Vec<StateId>,
}

impl Parallel {
    pub(crate) fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Parallel {
        fields.require(&["Branches"], &mut compiler.diagnostics);
        let location = fields.location("Branches");
        let branches = fields.filled_array("Branches", &mut compiler.diagnostics);
        let mut starts = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            let at = format!("{location}[{index}]");
            let Some(mut branch) = fields.element(branch, at, &mut compiler.diagnostics) else {
                continue;
            };
            branch.string("Comment", &mut compiler.diagnostics);
            starts.extend(compiler.flow(&mut branch));
            branch.finish(&mut compiler.diagnostics);
        }
        Parallel { branches: starts }
    }

    /// How many.
    pub(crate) fn branches(&self) -> usize {
        self.branches.len()
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
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
