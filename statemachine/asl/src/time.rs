//! Points in time, as the engine is told them.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch. The engine has no clock: every [`crate::Event`] carries its own time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time and `seconds` later; a time too far away is the latest there is.
    pub fn plus_seconds(self, seconds: f64) -> Timestamp {
        Timestamp(self.0.saturating_add((seconds * 1000.0) as i64))
    }

    /// Seconds since the Unix epoch, with milliseconds: what AWS's JSON protocols send for a timestamp.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}
