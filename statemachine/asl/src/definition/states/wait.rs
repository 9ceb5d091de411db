//! Reads a Wait state.

use crate::definition::fields::Fields;
use crate::states::Wait;
use crate::time::parse_date_time;

const FIELDS: [&str; 4] = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];

impl Wait {
    pub(in crate::definition) fn read(fields: &mut Fields<'_>) -> Wait {
        fields.exactly_one(&FIELDS);
        if let Some(query) = fields.query("Seconds") {
            return Wait::SecondsQuery(query);
        }
        if let Some(query) = fields.query("Timestamp") {
            return Wait::TimestampQuery(query);
        }
        let seconds = fields.wait_seconds("Seconds").map(Wait::Seconds);
        let seconds_path = fields.path("SecondsPath").map(Wait::SecondsPath);
        let timestamp = fields.string("Timestamp");
        let timestamp_path = fields.path("TimestampPath").map(Wait::TimestampPath);
        let timestamp = timestamp.map(|text| {
            let time = parse_date_time(text).unwrap_or_else(|| {
                fields
                    .error_in("Timestamp", "String does not match RFC3339 timestamp")
                    .hint("for example 2026-11-21T09:00:00Z");
                jiff::Timestamp::UNIX_EPOCH
            });
            Wait::until_time(time)
        });
        let wait = seconds.or(seconds_path).or(timestamp).or(timestamp_path);
        wait.unwrap_or(Wait::Seconds(0))
    }
}
