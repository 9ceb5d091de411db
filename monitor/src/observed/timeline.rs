//! Counts of a window over time, in equal time buckets.

use jiff::{SignedDuration, Timestamp};

use crate::window::Window;

/// The number of confidence bins from 0 to 1.
pub const CONFIDENCE_BINS: usize = 50;

/// The maximum number of time buckets: as many as a plot can resolve.
const MAX_BUCKETS: usize = 60;

/// The preferred lengths of time buckets in seconds, from 5 s to a week.
const LENGTHS: [i64; 12] = [
    5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800,
];

/// Counts of one time bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeBucket {
    /// The start of the bucket.
    pub start: Timestamp,
    /// The number of predictions.
    pub answers: u64,
    /// The number of predictions that pass the gate.
    pub passed: u64,
    /// The count of each predicted class.
    pub predicted: Vec<u64>,
    /// The histogram of confidences.
    pub confidence: [u64; CONFIDENCE_BINS],
    /// The number of predictions whose true class is known.
    pub labeled: u64,
    /// The number of labeled predictions that are right.
    pub correct: u64,
}

impl TimeBucket {
    /// Returns the quantile of the confidences at `part`, to half a bin; `None` without
    /// predictions.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let below = part * self.answers as f64;
        let mut cumulated = 0;
        let bin = self.confidence.iter().position(|count| {
            cumulated += count;
            cumulated > 0 && cumulated as f64 >= below
        });
        bin.map(|bin| (bin as f64 + 0.5) / CONFIDENCE_BINS as f64)
    }
}

/// The time buckets of a window, the empty ones included.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    from: Timestamp,
    length: SignedDuration,
    buckets: Vec<TimeBucket>,
}

impl Timeline {
    pub(super) fn new(window: Window, classes: usize) -> Self {
        // A window of less than a second has one too.
        let seconds = window.duration().as_secs().max(1);
        let fits = |length: &&i64| seconds <= **length * MAX_BUCKETS as i64;
        // A window of more than a year has buckets of its own length.
        let even = || (seconds + MAX_BUCKETS as i64 - 1) / MAX_BUCKETS as i64;
        let length = LENGTHS.iter().find(fits).copied().unwrap_or_else(even);
        let count = (seconds + length - 1) / length;
        let length = SignedDuration::from_secs(length);
        let bucket = |index: i64| TimeBucket {
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
            buckets: (0..count).map(bucket).collect(),
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
        let index = time.duration_since(self.from).as_secs() / self.length.as_secs();
        let Some(bucket) = usize::try_from(index)
            .ok()
            .and_then(|index| self.buckets.get_mut(index))
        else {
            return;
        };
        bucket.answers += 1;
        bucket.passed += u64::from(passes);
        bucket.predicted[predicted] += 1;
        bucket.confidence
            [((confidence * CONFIDENCE_BINS as f32) as usize).min(CONFIDENCE_BINS - 1)] += 1;
        bucket.labeled += u64::from(is_correct.is_some());
        bucket.correct += u64::from(is_correct == Some(true));
    }

    /// Returns the buckets from first to last.
    pub fn buckets(&self) -> &[TimeBucket] {
        &self.buckets
    }

    /// Returns the length of each bucket.
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
    fn check(to: &str, buckets: usize, seconds: i64) {
        let timeline = timeline(to);
        let expected = (buckets, SignedDuration::from_secs(seconds));
        assert_eq!((timeline.buckets.len(), timeline.length), expected);
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
        let bucket = &timeline.buckets[1];
        assert_eq!(
            (bucket.answers, bucket.correct, bucket.predicted.as_slice()),
            (2, 2, &[0, 2][..])
        );
        assert_eq!((bucket.confidence[48], bucket.confidence[49]), (1, 1));
        assert_eq!(
            timeline
                .buckets
                .iter()
                .map(|bucket| bucket.answers)
                .sum::<u64>(),
            2
        );
        assert_eq!(
            (bucket.quantile(0.5), bucket.quantile(1.0)),
            (Some(0.97), Some(0.99))
        );
        assert_eq!(timeline.buckets[0].quantile(0.5), None);
    }
}
