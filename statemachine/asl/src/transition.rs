//! The transitions between the states of a machine.

use serde::{Deserialize, Serialize};

/// The index of a state in its machine's list of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct StateId(pub(crate) u32);

/// A transition: the state that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    State(StateId),
    /// The end of the machine, the branch or the iteration.
    End,
}
