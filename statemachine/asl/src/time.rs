//! Timestamps, which the engine gets from its runner.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch. The engine has no clock: every [`crate::Event`] carries its
/// own time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time `seconds` later, saturating at the maximum.
    pub fn plus_seconds(self, seconds: f64) -> Timestamp {
        Timestamp(self.0.saturating_add((seconds * 1000.0) as i64))
    }

    /// Seconds since the Unix epoch, with milliseconds: what AWS's JSON protocols send for a
    /// timestamp.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// `2026-11-21T01:31:00.000Z`, as the context object has it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Times that jiff cannot name are thousands of years away.
        let time = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{time:.3}")
    }
}

/// Reads an ISO-8601 extended date-time with an offset: `2026-11-21T01:31:00Z`,
/// `2026-11-21T02:31:00.5+01:00`.
///
/// `jiff` takes more than AWS does (a space for the `T`, no seconds, a zone in brackets), so the
/// shape is checked first.
pub(crate) fn parse_date_time(text: &str) -> Option<jiff::Timestamp> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let shaped = separators.iter().all(|(at, c)| bytes.get(*at) == Some(c));
    let plain = |b: &u8| b.is_ascii_digit() || b"-:.TZ+".contains(b);
    (shaped && bytes.iter().all(plain))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, parse_date_time};

    #[test]
    fn prints_as_the_context_object_does() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp(1_700_000_000_123).to_string(),
            "2023-11-14T22:13:20.123Z"
        );
        assert_eq!(Timestamp(i64::MAX).to_string(), "9999-12-30T22:00:00.999Z");
    }

    #[test]
    fn adds_seconds_without_overflow() {
        assert_eq!(Timestamp(1).plus_seconds(1.5), Timestamp(1501));
        assert_eq!(
            Timestamp(1).plus_seconds(f64::INFINITY),
            Timestamp(i64::MAX)
        );
    }

    #[test]
    fn reads_what_aws_reads() {
        let check = |text: &str, expect: bool| {
            assert_eq!(parse_date_time(text).is_some(), expect, "{text}");
        };
        check("2016-12-05T21:29:29Z", true);
        check("2016-12-05T21:29:29.123456789Z", true);
        check("2016-12-05T21:29:29+01:00", true);
        check("2016-12-05 21:29:29Z", false);
        check("2016-13-05T21:29:29Z", false);
        check("2016-12-05T25:29:29Z", false);
        check("2016-12-05T21:29:29", false);
        check("2016-12-05", false);
        check("2016-12-05T21:29:29+01:00[Europe/Paris]", false);
        check("", false);
        check("é016-12-05T21:29:29Z", false);
    }
}
