//! Runs a Fail state: ends its flow with an error.
//!
//! | in        | does                                  | then                        |
//! |-----------|---------------------------------------|-----------------------------|
//! | (entered) | finds `Error` and `Cause`             | fail; there is no exit event |

use crate::Failure;
use crate::execution::{ScopeInputs, Step, ThreadId};
use crate::fault::Fault;
use crate::inspector::Stage;
use crate::states::{Fail, TextField};

impl Fail {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        let failure = step.with_scope(thread, ScopeInputs::default(), |input, scope| {
            scope.record_stage(Stage::AfterInputPath, input);
            let evaluate = |text: &Option<TextField>| {
                text.as_ref().map(|text| text.evaluate(scope)).transpose()
            };
            Ok(Failure {
                error: evaluate(&self.error)?,
                cause: evaluate(&self.cause)?,
            })
        })?;
        Err(Fault::Failure(failure))
    }
}
