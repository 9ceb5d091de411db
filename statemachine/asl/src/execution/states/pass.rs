//! Runs a Pass state: shapes its input, or gives a fixed result.
//!
//! | in        | does                                                                    | then |
//! | --------- | ----------------------------------------------------------------------- | ---- |
//! | (entered) | `InputPath`, `Parameters`, or else `Result`; `ResultPath`, `OutputPath` | exit |

use crate::execution::{Step, ThreadId};
use crate::fault::Fault;
use crate::inspector::Stage;
use crate::states::Pass;

impl Pass {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        step.leave(thread, |data_flow, input, scope| match &self.result {
            Some(result) => {
                scope.record_stage(Stage::Result, result);
                Ok(result.clone())
            }
            None => data_flow.effective_input(input, scope),
        })
    }
}
