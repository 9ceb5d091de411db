//! Wait: lets time pass.
//!
//! | in        | on           | does                                       | then    |
//! |-----------|--------------|--------------------------------------------|---------|
//! | (entered) |              | finds the time; sets a timer if it is ahead | waiting |
//! | (entered) |              | the time has passed                        | exit    |
//! | waiting   | timer fired  | `OutputPath`                               | exit    |

use serde_json::Value;

use crate::Timestamp;
use crate::definition::{Diagnostics, Fields};
use crate::execution::{Run, ThreadId, View};
use crate::fault::Fault;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::template::Scope;
use crate::time::parse_date_time;

#[derive(Debug)]
pub(crate) enum Wait {
    Seconds(u64),
    SecondsPath(Path),
    Timestamp(Timestamp),
    TimestampPath(Path),
    /// JSONata in `Seconds`
    SecondsQuery(Query),
    /// JSONata in `Timestamp`
    TimestampQuery(Query),
}

/// AWS: a wait lasts no longer than 2³¹ - 1 seconds.
const LONGEST_MILLISECONDS: i64 = i32::MAX as i64 * 1000;

const FIELDS: [&str; 4] = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];

impl Wait {
    pub(crate) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Wait {
        fields.exactly_one(&FIELDS, diagnostics);
        if let Some(query) = fields.query("Seconds", diagnostics) {
            return Wait::SecondsQuery(query);
        }
        if let Some(query) = fields.query("Timestamp", diagnostics) {
            return Wait::TimestampQuery(query);
        }
        let seconds = fields.pause("Seconds", diagnostics).map(Wait::Seconds);
        let seconds_path = fields
            .path("SecondsPath", diagnostics)
            .map(Wait::SecondsPath);
        let timestamp = fields.string("Timestamp", diagnostics);
        let timestamp_path = fields
            .path("TimestampPath", diagnostics)
            .map(Wait::TimestampPath);
        let timestamp = timestamp.map(|text| {
            let time = parse_date_time(text).unwrap_or_else(|| {
                diagnostics
                    .error(
                        &fields.location("Timestamp"),
                        "String does not match RFC3339 timestamp",
                    )
                    .hint("for example 2026-11-21T09:00:00Z");
                jiff::Timestamp::UNIX_EPOCH
            });
            Wait::Timestamp(milliseconds(time))
        });
        let wait = seconds.or(seconds_path).or(timestamp).or(timestamp_path);
        wait.unwrap_or(Wait::Seconds(0))
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let (shaping, now) = (run.shaping(thread), run.now);
        let until = run.with_scope(thread, View::default(), |input, scope| {
            let input = shaping.selected_input(input, scope)?;
            self.until(now, &scope.over(input.value()))
        })?;
        if until.0.saturating_sub(now.0) > LONGEST_MILLISECONDS {
            return Err(Fault::runtime("Wait state delay is too long."));
        }
        if until > now {
            run.wait(thread, until);
            return Ok(());
        }
        resume(run, thread)
    }

    fn until(&self, now: Timestamp, scope: &Scope<'_>) -> Result<Timestamp, Fault> {
        match self {
            Wait::Seconds(seconds) => Ok(now.plus_seconds(*seconds as f64)),
            Wait::Timestamp(at) => Ok(*at),
            Wait::SecondsPath(path) => {
                seconds(path, scope).map(|seconds| now.plus_seconds(seconds as f64))
            }
            Wait::TimestampPath(path) => timestamp(path, scope),
            Wait::SecondsQuery(query) => {
                let seconds = query.integer(scope)?;
                Ok(now.plus_seconds(seconds as f64))
            }
            Wait::TimestampQuery(query) => {
                let text = query.string(scope)?;
                parse_date_time(&text).map(milliseconds).ok_or_else(|| {
                    let field = query.field();
                    query.refuse(format!(
                        "The {field} field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"
                    ))
                })
            }
        }
    }
}

/// The time has come.
pub(crate) fn resume(run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
    run.leave(thread, |shaping, input, scope| {
        shaping.selected_input(input, scope)
    })
}

fn seconds(path: &Path, scope: &Scope<'_>) -> Result<u64, Fault> {
    let value = find("SecondsPath", path, scope)?;
    if value.as_i64().is_some_and(|seconds| seconds < 0) {
        let message = format!(
            "The SecondsPath parameter references a negative value: {} == {value}",
            path.text()
        );
        return Err(Fault::runtime(message));
    }
    value.as_u64().ok_or_else(|| {
        Fault::runtime(format!(
            "The SecondsPath parameter cannot be parsed as a long value: {} == {value}",
            path.text()
        ))
    })
}

fn timestamp(path: &Path, scope: &Scope<'_>) -> Result<Timestamp, Fault> {
    let value = find("TimestampPath", path, scope)?;
    value.as_str().and_then(parse_date_time).map(milliseconds).ok_or_else(|| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Fault::runtime(format!(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {text}",
            path.text()
        ))
    })
}

fn find<'a>(
    field: &str,
    path: &Path,
    scope: &Scope<'a>,
) -> Result<std::borrow::Cow<'a, Value>, Fault> {
    scope.find(path).map_err(|_| {
        Fault::runtime(format!(
            "The {field} parameter does not reference an input value: {}",
            path.text()
        ))
    })
}

/// Rounded up: a timer must not fire before its time.
fn milliseconds(time: jiff::Timestamp) -> Timestamp {
    let early = time.as_millisecond();
    let whole = time.subsec_nanosecond() % 1_000_000 == 0;
    Timestamp(if whole { early } else { early + 1 })
}
