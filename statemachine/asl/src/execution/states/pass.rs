//! Runs a Pass state: shapes its input, or gives a fixed result.
//!
//! | in        | does                                                                    | then |
//! | --------- | ----------------------------------------------------------------------- | ---- |
//! | (entered) | `InputPath`, `Parameters`, or else `Result`; `ResultPath`, `OutputPath` | exit |

use crate::execution::{Step, ThreadId};
use crate::fault::Fault;
use crate::probe::Stage;
use crate::states::Pass;

impl Pass {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        step.leave(thread, |shaping, input, scope| match &self.result {
            Some(result) => {
                scope.record_stage(Stage::Result, result);
                Ok(result.clone())
            }
            None => shaping.effective_input(input, scope),
        })
    }
}
