//! Runs a Pass state: shapes its input, or gives a fixed result.
//!
//! | in        | does                                                                       | then |
//! |-----------|----------------------------------------------------------------------------|------|
//! | (entered) | `InputPath`, `Parameters`, or else `Result`; `ResultPath`, `OutputPath`      | exit |

use crate::execution::{Run, ThreadId};
use crate::fault::Fault;
use crate::probe::Stage;
use crate::states::Pass;

impl Pass {
    pub(super) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        run.leave(thread, |shaping, input, scope| match &self.result {
            Some(result) => {
                scope.saw(Stage::Result, result);
                Ok(result.clone())
            }
            None => shaping.effective_input(input, scope),
        })
    }
}
