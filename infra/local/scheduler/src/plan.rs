//! Validates a schedule's request into a plan: past this point nothing is checked again.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::error::ApiError;
use super::expression::Expression;
use super::target::Target;

/// The default and maximum age of an event in seconds, as on AWS: a day.
const MAX_AGE: i64 = 86_400;

/// The default and maximum number of retries, as on AWS.
const MAX_ATTEMPTS: i64 = 185;

/// A validated schedule: the times and the target.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    expression: Expression,
    zone: TimeZone,
    /// `StartDate`; where there is none, a rate counts from the schedule's creation.
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    is_enabled: bool,
    /// `ActionAfterCompletion: DELETE`
    pub(super) deletes_when_done: bool,
    pub(super) target: Target,
    /// The maximum age of an occurrence before it is given up.
    pub(super) max_age: SignedDuration,
    /// The maximum number of retries.
    pub(super) max_attempts: i64,
}

impl Plan {
    /// Reads the body of CreateSchedule.
    pub(super) fn read(request: &Value) -> Result<Self, ApiError> {
        let expression = text(request, "ScheduleExpression")?;
        let expression: Expression = expression
            .ok_or_else(|| missing("scheduleExpression"))?
            .parse()
            .map_err(|invalid: super::expression::ExpressionError| {
                ApiError::Validation(invalid.to_string())
            })?;
        one_of(&request["FlexibleTimeWindow"], "Mode", &["OFF", "FLEXIBLE"])?
            .ok_or_else(|| missing("flexibleTimeWindow.mode"))?;
        let retry = &request["Target"]["RetryPolicy"];
        Ok(Self {
            expression,
            zone: zone(text(request, "ScheduleExpressionTimezone")?)?,
            start: time(request, "StartDate")?,
            end: time(request, "EndDate")?,
            is_enabled: one_of(request, "State", &["ENABLED", "DISABLED"])? != Some("DISABLED"),
            deletes_when_done: one_of(request, "ActionAfterCompletion", &["NONE", "DELETE"])?
                == Some("DELETE"),
            target: Target::read(&request["Target"])?,
            max_age: SignedDuration::from_secs(within(
                retry,
                "MaximumEventAgeInSeconds",
                60,
                MAX_AGE,
            )?),
            max_attempts: within(retry, "MaximumRetryAttempts", 0, MAX_ATTEMPTS)?,
        })
    }

    /// The first occurrence of a schedule that was made at `created`.
    pub(super) fn first(&self, created: Timestamp) -> Option<Timestamp> {
        self.next(
            created,
            created.checked_sub(SignedDuration::from_nanos(1)).ok()?,
        )
    }

    /// The first occurrence after `after`; none where it is over or disabled.
    pub(super) fn next(&self, created: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let start = self.start.unwrap_or(created);
        // The moment of the start itself counts.
        let before_start = start.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        let next = self
            .expression
            .next(start, after.max(before_start), &self.zone)?;
        let in_time = self.end.is_none_or(|end| next <= end);
        (self.is_enabled && in_time).then_some(next)
    }

    /// Returns the newest of the occurrences from `pending` to `now`, unless it is too old: the one
    /// to deliver after a pause of the stack.
    pub(super) fn newest(
        &self,
        created: Timestamp,
        pending: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let oldest = now.checked_sub(self.max_age).ok()?;
        let mut newest = pending;
        let mut after = pending.max(oldest);
        while let Some(next) = self.next(created, after).filter(|next| *next <= now) {
            (newest, after) = (next, next);
        }
        (newest >= oldest).then_some(newest)
    }

    /// Returns true if it has a single occurrence.
    pub(super) fn is_one_time(&self) -> bool {
        self.expression.is_one_time()
    }
}

pub(super) fn missing(member: &str) -> ApiError {
    ApiError::invalid(member, "Member must not be null")
}

/// A text, if there is one.
pub(super) fn text<'a>(from: &'a Value, member: &str) -> Result<Option<&'a str>, ApiError> {
    match &from[member] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(ApiError::invalid(member, "Member must be a string")),
    }
}

fn one_of<'a>(
    from: &'a Value,
    member: &str,
    allowed: &[&str],
) -> Result<Option<&'a str>, ApiError> {
    match text(from, member)? {
        Some(text) if !allowed.contains(&text) => {
            let allowed = allowed.join(", ");
            Err(ApiError::invalid(
                member,
                &format!("Member must satisfy enum value set: [{allowed}]"),
            ))
        }
        text => Ok(text),
    }
}

/// A whole number; the most where there is none.
fn within(from: &Value, member: &str, min: i64, max: i64) -> Result<i64, ApiError> {
    match &from[member] {
        Value::Null => Ok(max),
        value => value
            .as_i64()
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| {
                ApiError::invalid(
                    member,
                    &format!("Member must be a number from {min} to {max}"),
                )
            }),
    }
}

/// Seconds since 1970 as in requests, or a text as in templates.
fn time(from: &Value, member: &str) -> Result<Option<Timestamp>, ApiError> {
    let read = match &from[member] {
        Value::Null => return Ok(None),
        Value::Number(seconds) => seconds.as_f64().and_then(|seconds| {
            Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    read.map(Some).ok_or_else(|| {
        ApiError::invalid(
            member,
            "Member must be a time, for example 2026-03-01T06:00:00Z",
        )
    })
}

fn zone(name: Option<&str>) -> Result<TimeZone, ApiError> {
    match name {
        None | Some("UTC") => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| {
            ApiError::Validation(format!(
                "Provided ScheduleExpressionTimezone {name} is not a name of the IANA time zone \
                 database, for example Europe/Berlin"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Value {
        json!({
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
                "RoleArn": "arn:aws:iam::123456789012:role/r",
            },
        })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn with(changes: &Value) -> Plan {
        let mut request = request();
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        Plan::read(&request).unwrap()
    }

    #[test]
    fn a_rate_begins_at_once_and_a_cron_in_its_time() {
        let created = at("2026-03-01T10:20:30Z");
        assert_eq!(with(&json!({})).first(created), Some(created));
        let cron = with(&json!({"ScheduleExpression": "cron(0 6 * * ? *)"}));
        assert_eq!(cron.first(created), Some(at("2026-03-02T06:00:00Z")));
    }

    #[test]
    fn nothing_occurs_before_the_start_after_the_end_or_while_disabled() {
        let created = at("2026-03-01T10:20:30Z");
        let start = at("2026-03-05T00:00:00Z");
        let bounded = with(&json!({"StartDate": "2026-03-05T00:00:00Z", "EndDate": 1_772_673_000}));
        assert_eq!(bounded.first(created), Some(start));
        let last = at("2026-03-05T01:00:00Z");
        assert_eq!(bounded.next(created, start), Some(last));
        assert_eq!(bounded.next(created, last), None);
        assert_eq!(with(&json!({"State": "DISABLED"})).first(created), None);
    }

    #[test]
    fn of_what_was_missed_the_newest_is_owed_for_a_day() {
        let created = at("2026-03-01T00:00:00Z");
        let hourly = with(&json!({}));
        let now = at("2026-03-04T10:20:00Z");
        let newest = hourly.newest(created, at("2026-03-01T05:00:00Z"), now);
        assert_eq!(newest, Some(at("2026-03-04T10:00:00Z")));
        let weekly = with(&json!({"ScheduleExpression": "rate(7 days)"}));
        assert_eq!(weekly.newest(created, created, now), None);
        let yesterday = at("2026-03-03T11:00:00Z");
        let once = with(&json!({"ScheduleExpression": "at(2026-03-03T11:00:00)"}));
        assert_eq!(once.newest(created, yesterday, now), Some(yesterday));
    }

    #[track_caller]
    fn check_error(change: impl FnOnce(&mut Value), text: &str) {
        let mut request = request();
        change(&mut request);
        let error = Plan::read(&request).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check_error(
            |r| r["ScheduleExpression"] = Value::Null,
            "'scheduleExpression' failed to satisfy constraint: Member must not be null",
        );
        check_error(
            |r| r["ScheduleExpression"] = json!("hourly"),
            "Invalid Schedule Expression hourly: it must be",
        );
        check_error(
            |r| r["FlexibleTimeWindow"] = Value::Null,
            "'flexibleTimeWindow.mode'",
        );
        check_error(
            |r| r["State"] = json!("ON"),
            "enum value set: [ENABLED, DISABLED]",
        );
        check_error(
            |r| r["StartDate"] = json!("tomorrow"),
            "Member must be a time",
        );
        check_error(
            |r| r["ScheduleExpressionTimezone"] = json!("Europe/Atlantis"),
            "Europe/Atlantis is not a name",
        );
        check_error(
            |r| r["Target"]["RetryPolicy"] = json!({"MaximumRetryAttempts": 186}),
            "a number from 0 to 185",
        );
    }
}
