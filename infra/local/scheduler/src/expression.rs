//! Schedule expressions: `rate(…)`, `cron(…)` and `at(…)`.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// A schedule expression: determines when a schedule is due.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Seconds between two occurrences.
    Rate(i64),
    /// A cron expression in the schedule's time zone.
    Cron(Box<Cron>),
    /// A single time in the schedule's time zone.
    At(DateTime),
}

/// An invalid schedule expression; the text says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid Schedule Expression {text}: {problem}")]
pub(super) struct ExpressionError {
    text: String,
    problem: String,
}

impl Expression {
    /// Returns the first occurrence after `after`, of a schedule that began at `start`.
    ///
    /// Occurrences in the hour that a time zone skips in spring are dropped, and those in the hour
    /// that it repeats in autumn occur once, as on AWS.
    pub(super) fn next(
        &self,
        start: Timestamp,
        after: Timestamp,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        match &self.kind {
            Kind::Rate(seconds) => rate(*seconds, start, after),
            Kind::Cron(cron) => occurrence(cron, after, zone),
            Kind::At(time) => {
                let at = zone.to_ambiguous_timestamp(*time).compatible().ok()?;
                (at > after).then_some(at)
            }
        }
    }

    /// Returns true for a one-time schedule.
    pub(super) fn is_one_time(&self) -> bool {
        matches!(self.kind, Kind::At(_))
    }
}

/// The first occurrence is the start itself.
fn rate(seconds: i64, start: Timestamp, after: Timestamp) -> Option<Timestamp> {
    if after < start {
        return Some(start);
    }
    let passed = after.duration_since(start).as_secs() / seconds;
    let since = passed.checked_add(1)?.checked_mul(seconds)?;
    start.checked_add(SignedDuration::from_secs(since)).ok()
}

/// Finds the next occurrence in wall-clock time, and converts only that to the time zone.
fn occurrence(cron: &Cron, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let mut wall = zone.to_datetime(after);
    loop {
        wall = cron.find_next_occurrence(&wall, false).ok()?;
        let found = zone.to_ambiguous_timestamp(wall);
        if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
            continue;
        }
        let found = found.earlier().ok()?;
        if found > after {
            return Some(found);
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let inner = |name: &str| {
            text.strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let kind = if let Some(rate) = inner("rate") {
            parse_rate(rate).map(Kind::Rate)
        } else if let Some(cron) = inner("cron") {
            parse_cron(cron).map(|cron| Kind::Cron(Box::new(cron)))
        } else if let Some(at) = inner("at") {
            parse_at(at).map(Kind::At)
        } else {
            Err("it must be rate(...), cron(...) or at(...)".to_owned())
        };
        match kind {
            Ok(kind) => Ok(Self {
                text: text.to_owned(),
                kind,
            }),
            Err(problem) => Err(ExpressionError {
                text: text.to_owned(),
                problem,
            }),
        }
    }
}

fn parse_rate(text: &str) -> Result<i64, String> {
    let wrong = || {
        "a rate is a positive number and minutes, hours or days, for example rate(5 minutes)"
            .to_owned()
    };
    let (value, unit) = text.split_once(' ').ok_or_else(wrong)?;
    let value: i64 = value
        .parse()
        .ok()
        .filter(|value| *value > 0)
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 60 * 60,
        "day" | "days" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    value.checked_mul(seconds).ok_or_else(wrong)
}

fn parse_cron(text: &str) -> Result<Cron, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day_of_month, month, day_of_week, year] = fields[..] else {
        return Err(format!(
            "cron has six fields, minutes, hours, day of month, month, day of week and year, and \
             here are {}",
            fields.len()
        ));
    };
    if (day_of_month == "?") == (day_of_week == "?") {
        return Err("one of day of month and day of week must be ?, and only one".to_owned());
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        // AWS has steps from a number: 0/15 is every quarter of an hour.
        .sloppy_ranges(true)
        .build();
    let pattern = format!("0 {minutes} {hours} {day_of_month} {month} {day_of_week} {year}");
    parser.parse(&pattern).map_err(|error| error.to_string())
}

fn parse_at(text: &str) -> Result<DateTime, String> {
    let is_plain = text.len() == "yyyy-mm-ddThh:mm:ss".len();
    let time = is_plain.then(|| DateTime::from_str(text).ok()).flatten();
    time.ok_or_else(|| {
        "a time is yyyy-mm-ddThh:mm:ss, for example at(2026-03-01T06:00:00)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The first `expected.len()` occurrences after 2026-03-27 00:00 UTC, a Friday.
    #[track_caller]
    fn check(expression: &str, zone: &str, expected: &[&str]) {
        let start = at("2026-03-27T00:00:00Z");
        let zone = TimeZone::get(zone).unwrap();
        let expression: Expression = expression.parse().unwrap();
        let mut last = start;
        for next in expected {
            last = expression.next(start, last, &zone).unwrap();
            assert_eq!(last, at(next), "{expression}");
        }
    }

    #[test]
    fn rates_count_from_the_start() {
        check(
            "rate(12 hours)",
            "UTC",
            &["2026-03-27T12:00:00Z", "2026-03-28T00:00:00Z"],
        );
        check("rate(1 minute)", "Europe/Berlin", &["2026-03-27T00:01:00Z"]);
        check("rate(7 days)", "UTC", &["2026-04-03T00:00:00Z"]);
        let start = at("2026-03-27T00:00:00Z");
        let rate: Expression = "rate(1 day)".parse().unwrap();
        let before = at("2026-03-20T00:00:00Z");
        assert_eq!(rate.next(start, before, &TimeZone::UTC), Some(start));
    }

    #[test]
    fn cron_has_awss_fields() {
        check(
            "cron(0 6 * * ? *)",
            "UTC",
            &["2026-03-27T06:00:00Z", "2026-03-28T06:00:00Z"],
        );
        check(
            "cron(15 10 ? * 6L 2026-2028)",
            "UTC",
            &["2026-03-27T10:15:00Z", "2026-04-24T10:15:00Z"],
        );
        check(
            "cron(0 18 ? * MON-FRI *)",
            "UTC",
            &["2026-03-27T18:00:00Z", "2026-03-30T18:00:00Z"],
        );
        check(
            "cron(0/30 8 1 * ? *)",
            "UTC",
            &["2026-04-01T08:00:00Z", "2026-04-01T08:30:00Z"],
        );
        // In AWS's week Sunday is 1: 3#2 is the second Tuesday.
        check("cron(0 12 ? * 3#2 *)", "UTC", &["2026-04-14T12:00:00Z"]);
        check(
            "cron(0 12 3W * ? *)",
            "UTC",
            &["2026-04-03T12:00:00Z", "2026-05-04T12:00:00Z"],
        );
        check(
            "cron(0 0 L FEB ? *)",
            "UTC",
            &["2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z"],
        );
    }

    #[test]
    fn the_clock_on_the_wall_decides_across_daylight_saving() {
        // Summer time begins on 29 March 2026: 02:30 is not there, and does not occur.
        let utc = [
            "2026-03-27T01:30:00Z",
            "2026-03-28T01:30:00Z",
            "2026-03-30T00:30:00Z",
        ];
        check("cron(30 2 * * ? *)", "Europe/Berlin", &utc);
        // It ends on 25 October: 02:30 is there twice, and occurs once.
        let utc = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
        check("cron(30 2 25-26 10 ? *)", "Europe/Berlin", &utc);
    }

    #[test]
    fn a_time_occurs_once() {
        check(
            "at(2026-04-01T06:00:00)",
            "America/New_York",
            &["2026-04-01T10:00:00Z"],
        );
        let once: Expression = "at(2026-04-01T06:00:00)".parse().unwrap();
        let then = at("2026-04-01T06:00:00Z");
        assert!(once.is_one_time());
        assert_eq!(once.next(then, then, &TimeZone::UTC), None);
        let past: Expression = "cron(0 0 1 1 ? 2020)".parse().unwrap();
        assert_eq!(past.next(then, then, &TimeZone::UTC), None);
    }

    #[test]
    fn what_is_no_expression_is_told_so() {
        for (text, problem) in [
            ("daily", "it must be rate(...), cron(...) or at(...)"),
            ("rate(0 days)", "a rate is a positive number"),
            ("rate(5 fortnights)", "a rate is a positive number"),
            ("rate(5)", "a rate is a positive number"),
            (
                "rate(9223372036854775807 days)",
                "a rate is a positive number",
            ),
            (
                "cron(0 6 * * *)",
                "cron has six fields, minutes, hours, day of month, month, day of week and year, \
                 and here are 5",
            ),
            (
                "cron(0 6 * * * *)",
                "one of day of month and day of week must be ?",
            ),
            (
                "cron(0 6 ? * ? *)",
                "one of day of month and day of week must be ?",
            ),
            ("cron(61 6 * * ? *)", "out of bounds"),
            ("at(tomorrow)", "a time is yyyy-mm-ddThh:mm:ss"),
            ("at(2026-02-30T06:00:00)", "a time is yyyy-mm-ddThh:mm:ss"),
        ] {
            let error = text.parse::<Expression>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("Invalid Schedule Expression {text}: ")),
                "{error}"
            );
            assert!(error.contains(problem), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_next_is_later(seconds in 0i64..4_000_000_000, minute in 0u8..60, rate in 1i64..100_000) {
            let after = Timestamp::from_second(seconds).unwrap();
            for text in [format!("cron({minute} * * * ? *)"), format!("rate({rate} minutes)")] {
                let expression: Expression = text.parse().unwrap();
                for zone in ["UTC", "Australia/Lord_Howe"] {
                    let next = expression.next(Timestamp::UNIX_EPOCH, after, &TimeZone::get(zone).unwrap());
                    prop_assert!(next.unwrap() > after, "{text}");
                }
            }
        }

        #[test]
        fn any_text_is_an_expression_or_an_error(text in "(rate|cron|at)\\([0-9*?/,LW#A-Z \
                                                          -]{0,24}\\)") {
            if let Ok(expression) = text.parse::<Expression>() {
                expression.next(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
            }
        }
    }
}
