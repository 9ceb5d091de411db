//! Time windows, and SageMaker's hourly prefixes (`yyyy/mm/dd/hh/`).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit};

/// A half-open time interval: `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Timestamp,
    to: Timestamp,
}

/// A window that ends before it begins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the window ends at {to}, which is not after its beginning, {from}: give --from before --to"
)]
pub struct EmptyWindow {
    from: Timestamp,
    to: Timestamp,
}

impl Window {
    /// # Errors
    /// `to` is not after `from`.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, EmptyWindow> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(EmptyWindow { from, to })
        }
    }

    /// Returns the start, inclusive.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// Returns the end, exclusive.
    pub fn to(&self) -> Timestamp {
        self.to
    }

    /// Returns its length.
    pub fn duration(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// Returns true if the window contains a time.
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.from <= moment && moment < self.to
    }

    /// Returns the window extended by the hour before it.
    pub(crate) fn with_hour_before(&self) -> Self {
        Self {
            from: self
                .from
                .saturating_sub(SignedDuration::from_hours(1))
                .unwrap_or(Timestamp::MIN),
            to: self.to,
        }
    }

    /// Returns the fewest key prefixes that cover its hours: `2025/10/04/08/` for an hour,
    /// `2025/10/` for a whole month.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = String> + use<> {
        let hour = |moment: Timestamp| {
            let civil = TimeZone::UTC.to_datetime(moment);
            civil.date().at(civil.hour(), 0, 0, 0)
        };
        let mut next = hour(self.from);
        // `to` itself is not in the window.
        let last = hour(self.to - 1.nanosecond());
        std::iter::from_fn(move || {
            if next > last {
                return None;
            }
            let (prefix, after) = largest(next, last);
            next = after;
            Some(prefix)
        })
    }
}

/// Returns the largest prefix that begins with the hour `first` and ends by `last`, and the hour
/// after it.
fn largest(first: DateTime, last: DateTime) -> (String, DateTime) {
    let folders = [
        (Unit::Year, "%Y/"),
        (Unit::Month, "%Y/%m/"),
        (Unit::Day, "%Y/%m/%d/"),
        (Unit::Hour, "%Y/%m/%d/%H/"),
    ];
    let fits = |unit: Unit| {
        let after = after(first, unit);
        begins(first, unit) && after.saturating_sub(1.hour()) <= last
    };
    let whole = folders.into_iter().find(|(unit, _)| fits(*unit));
    let (unit, format) = whole.unwrap_or((Unit::Hour, "%Y/%m/%d/%H/"));
    (first.strftime(format).to_string(), after(first, unit))
}

fn begins(hour: DateTime, unit: Unit) -> bool {
    let date = hour.date();
    match unit {
        Unit::Year => date.first_of_year() == date && hour.hour() == 0,
        Unit::Month => date.first_of_month() == date && hour.hour() == 0,
        Unit::Day => hour.hour() == 0,
        _ => true,
    }
}

fn after(hour: DateTime, unit: Unit) -> DateTime {
    hour.saturating_add(match unit {
        Unit::Year => 1.year(),
        Unit::Month => 1.month(),
        Unit::Day => 1.day(),
        _ => 1.hour(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Window {
        Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        let found: Vec<String> = window(from, to).prefixes().collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_hour_is_one_folder() {
        check(
            "2025-10-04T08:00:00Z",
            "2025-10-04T09:00:00Z",
            &["2025/10/04/08/"],
        );
        check(
            "2025-10-04T08:59:59Z",
            "2025-10-04T09:00:01Z",
            &["2025/10/04/08/", "2025/10/04/09/"],
        );
    }

    #[test]
    fn whole_days_months_and_years_are_one_each() {
        check(
            "2025-10-04T00:00:00Z",
            "2025-10-05T00:00:00Z",
            &["2025/10/04/"],
        );
        check(
            "2024-11-29T22:30:00Z",
            "2026-02-02T01:00:00Z",
            &[
                "2024/11/29/22/",
                "2024/11/29/23/",
                "2024/11/30/",
                "2024/12/",
                "2025/",
                "2026/01/",
                "2026/02/01/",
                "2026/02/02/00/",
            ],
        );
    }

    #[test]
    fn a_year_is_at_most_some_dozens_of_folders() {
        let long = window("2024-03-05T13:00:00Z", "2025-03-04T12:00:00Z");
        assert!(long.prefixes().count() < 100);
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let error =
            Window::new(at("2025-10-04T09:00:00Z"), at("2025-10-04T08:00:00Z")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the window ends at 2025-10-04T08:00:00Z, which is not after its beginning, \
             2025-10-04T09:00:00Z: give --from before --to"
        );
        assert!(Window::new(at("2025-10-04T09:00:00Z"), at("2025-10-04T09:00:00Z")).is_err());
    }
}
