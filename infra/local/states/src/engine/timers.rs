//! The timers of executions.

use std::collections::BTreeSet;

use asl::{TimerId, Timestamp};

/// The timers of all running executions, by time. A canceled timer is removed immediately: a task's
/// default timeout is years, and it would be kept that long.
#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Timestamp, i64, TimerId)>);

impl Timers {
    pub(super) fn set(&mut self, at: Timestamp, execution: i64, timer: TimerId) {
        self.0.insert((at, execution, timer));
    }

    pub(super) fn cancel(&mut self, at: Timestamp, execution: i64, timer: TimerId) {
        self.0.remove(&(at, execution, timer));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the time of the next timer.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, ..)| *at)
    }

    /// Takes out the earliest timer, if it is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(i64, TimerId)> {
        let &(at, execution, timer) = self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first();
        Some((execution, timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fire_in_order_of_time_and_never_after_canceling() {
        let mut timers = Timers::default();
        for (at, execution, timer) in [(30, 1, 1), (10, 2, 1), (20, 1, 2)] {
            timers.set(Timestamp(at), execution, TimerId(timer));
        }
        assert_eq!(timers.next(), Some(Timestamp(10)));
        assert_eq!(timers.due(Timestamp(9)), None);
        assert_eq!(timers.due(Timestamp(10)), Some((2, TimerId(1))));
        timers.cancel(Timestamp(20), 1, TimerId(2));
        assert_eq!(timers.due(Timestamp(29)), None);
        assert_eq!(timers.due(Timestamp(99)), Some((1, TimerId(1))));
        assert_eq!(timers.next(), None);
    }
}
