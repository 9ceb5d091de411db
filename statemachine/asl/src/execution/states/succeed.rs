//! Runs a Succeed state: ends its flow.
//!
//! | in        | does                        | then         |
//! |-----------|-----------------------------|--------------|
//! | (entered) | `InputPath`, `OutputPath`   | exit and end |

use crate::execution::{Run, ThreadId};
use crate::fault::Fault;

pub(super) fn run(run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
    run.leave(thread, |shaping, input, scope| {
        shaping.selected_input(input, scope)
    })
}
