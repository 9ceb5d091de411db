//! Progress reports of long work, which can also stop it.

use std::ops::ControlFlow;

/// One progress report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Bytes of the archive that were read or received so far.
    pub bytes: u64,
    /// The size of the archive in bytes, if it is known.
    pub total: Option<u64>,
    /// Images that were written, uploaded or found in place so far.
    pub images: u64,
}

/// Called often while work goes on; `Break` stops it, and it cleans up after itself.
///
/// Pass [`quiet`] for none.
pub trait Progress: FnMut(Tick) -> ControlFlow<()> {}

impl<F: FnMut(Tick) -> ControlFlow<()>> Progress for F {}

/// Shows nothing and never stops.
pub fn quiet(_: Tick) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
