//! Runs a Wait state: lets time pass.
//!
//! | in        | on           | does                                       | then    |
//! |-----------|--------------|--------------------------------------------|---------|
//! | (entered) |              | finds the time; sets a timer if it is ahead | waiting |
//! | (entered) |              | the time has passed                        | exit    |
//! | waiting   | timer fired  | `OutputPath`                               | exit    |

use crate::execution::{ScopeInputs, Step, ThreadId};
use crate::fault::Fault;
use crate::states::Wait;

/// AWS: the longest wait, 2³¹ - 1 seconds.
const MAX_MILLISECONDS: i64 = i32::MAX as i64 * 1000;

impl Wait {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        let (data_flow, now) = (step.data_flow(thread), step.now);
        let until = step.with_scope(thread, ScopeInputs::default(), |input, scope| {
            let input = data_flow.selected_input(input, scope)?;
            self.until(now, &scope.over(input.value()))
        })?;
        if until.0.saturating_sub(now.0) > MAX_MILLISECONDS {
            return Err(Fault::runtime("Wait state delay is too long."));
        }
        if until > now {
            step.wait(thread, until);
            return Ok(());
        }
        resume(step, thread)
    }
}

/// Leaves the state once the time has come.
pub(crate) fn resume(step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
    step.leave(thread, |data_flow, input, scope| {
        data_flow.selected_input(input, scope)
    })
}
