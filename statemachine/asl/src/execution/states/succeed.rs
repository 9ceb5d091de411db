//! Runs a Succeed state: ends its flow.
//!
//! | in        | does                        | then         |
//! |-----------|-----------------------------|--------------|
//! | (entered) | `InputPath`, `OutputPath`   | exit and end |

use crate::execution::{Step, ThreadId};
use crate::fault::Fault;

pub(super) fn run(step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
    step.leave(thread, |data_flow, input, scope| {
        data_flow.selected_input(input, scope)
    })
}
