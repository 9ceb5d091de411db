//! A window in equal slots, with what happened in each.

use jiff::{SignedDuration, Timestamp};

use crate::window::Window;

/// Bins of confidence from 0 to 1.
pub const CONFIDENCE_BINS: usize = 50;

/// The most slots: as many as a plot shows apart.
const SLOTS: usize = 60;

/// Lengths of slots that people think in, in seconds.
const LENGTHS: [i64; 12] = [
    5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800,
];

/// Counts of one slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The slot's first moment.
    pub start: Timestamp,
    /// Answers.
    pub answers: u64,
    /// Those that pass the gate.
    pub passed: u64,
    /// The count of each predicted class.
    pub predicted: Vec<u64>,
    /// Answers by confidence.
    pub confidence: [u64; CONFIDENCE_BINS],
    /// Answers whose true class is known.
    pub labeled: u64,
    /// Those that were right.
    pub correct: u64,
}

impl Slot {
    /// The confidence below which that part of the answers lies, to half a bin; `None` without
    /// answers.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let below = part * self.answers as f64;
        let mut seen = 0;
        let bin = self.confidence.iter().position(|count| {
            seen += count;
            seen > 0 && seen as f64 >= below
        });
        bin.map(|bin| (bin as f64 + 0.5) / CONFIDENCE_BINS as f64)
    }
}

/// The slots of a window. Those in which nothing happened are there too.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    from: Timestamp,
    length: SignedDuration,
    slots: Vec<Slot>,
}

impl Timeline {
    pub(super) fn new(window: Window, classes: usize) -> Self {
        // A window of less than a second has one too.
        let seconds = window.duration().as_secs().max(1);
        let fits = |length: &&i64| seconds <= **length * SLOTS as i64;
        // A window of more than a year has slots of its own length.
        let own = || (seconds + SLOTS as i64 - 1) / SLOTS as i64;
        let length = LENGTHS.iter().find(fits).copied().unwrap_or_else(own);
        let count = (seconds + length - 1) / length;
        let length = SignedDuration::from_secs(length);
        let slot = |index: i64| Slot {
            start: window
                .from()
                .saturating_add(length * index as i32)
                .unwrap_or(Timestamp::MAX),
            answers: 0,
            passed: 0,
            predicted: vec![0; classes],
            confidence: [0; CONFIDENCE_BINS],
            labeled: 0,
            correct: 0,
        };
        Self {
            from: window.from(),
            length,
            slots: (0..count).map(slot).collect(),
        }
    }

    pub(super) fn add(
        &mut self,
        time: Timestamp,
        predicted: usize,
        confidence: f32,
        passes: bool,
        is_correct: Option<bool>,
    ) {
        let place = time.duration_since(self.from).as_secs() / self.length.as_secs();
        let Some(slot) = usize::try_from(place)
            .ok()
            .and_then(|place| self.slots.get_mut(place))
        else {
            return;
        };
        slot.answers += 1;
        slot.passed += u64::from(passes);
        slot.predicted[predicted] += 1;
        slot.confidence
            [((confidence * CONFIDENCE_BINS as f32) as usize).min(CONFIDENCE_BINS - 1)] += 1;
        slot.labeled += u64::from(is_correct.is_some());
        slot.correct += u64::from(is_correct == Some(true));
    }

    /// From the first to the last.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the length of each.
    pub fn length(&self) -> SignedDuration {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn timeline(to: &str) -> Timeline {
        Timeline::new(Window::new(at("2025-10-04T08:00:00Z"), at(to)).unwrap(), 2)
    }

    #[track_caller]
    fn check(to: &str, slots: usize, seconds: i64) {
        let timeline = timeline(to);
        let expected = (slots, SignedDuration::from_secs(seconds));
        assert_eq!((timeline.slots.len(), timeline.length), expected);
    }

    #[test]
    fn slots_are_lengths_that_people_think_in() {
        check("2025-10-04T08:00:01Z", 1, 5);
        check("2025-10-04T09:00:00Z", 60, 60);
        check("2025-10-04T09:01:00Z", 13, 300);
        check("2025-10-05T08:00:00Z", 48, 1800);
        check("2025-10-11T08:00:00Z", 56, 10_800);
        check("2026-10-04T08:00:00Z", 53, 604_800);
        check("2035-10-04T08:00:00Z", 60, 5_258_880);
    }

    #[test]
    fn an_answer_is_in_the_slot_of_its_time() {
        let mut timeline = timeline("2025-10-04T09:00:00Z");
        for (time, confidence) in [
            ("2025-10-04T08:01:59Z", 0.97),
            ("2025-10-04T08:01:00Z", 1.0),
            ("2025-10-04T09:00:00Z", 0.5),
        ] {
            timeline.add(at(time), 1, confidence, true, Some(true));
        }
        let slot = &timeline.slots[1];
        assert_eq!(
            (slot.answers, slot.correct, slot.predicted.as_slice()),
            (2, 2, &[0, 2][..])
        );
        assert_eq!((slot.confidence[48], slot.confidence[49]), (1, 1));
        assert_eq!(
            timeline.slots.iter().map(|slot| slot.answers).sum::<u64>(),
            2
        );
        assert_eq!(
            (slot.quantile(0.5), slot.quantile(1.0)),
            (Some(0.97), Some(0.99))
        );
        assert_eq!(timeline.slots[0].quantile(0.5), None);
    }
}
