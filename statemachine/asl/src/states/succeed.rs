//! Succeed: ends its flow.
//!
//! | in        | does                        | then         |
//! |-----------|-----------------------------|--------------|
//! | (entered) | `InputPath`, `OutputPath`   | exit and end |

use crate::execution::{Run, ThreadId};
use crate::fault::Fault;

pub(crate) fn run(run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
    let shaping = run.shaping(thread);
    let output = run.with_scope(thread, None, |input, scope| {
        shaping.pass_through(input, scope)
    })?;
    run.exit(thread, output)
}
