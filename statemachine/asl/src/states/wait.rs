//! The fields of a Wait state.

use std::borrow::Cow;

use serde_json::Value;

use crate::Timestamp;
use crate::fault::Fault;
use crate::java_text::string_or_json;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;
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

impl Wait {
    /// Waits until a time of the definition.
    pub(crate) fn until_time(time: jiff::Timestamp) -> Wait {
        Wait::Timestamp(milliseconds(time))
    }

    /// Evaluates when the wait ends.
    pub(crate) fn until(&self, now: Timestamp, scope: &Scope<'_>) -> Result<Timestamp, Fault> {
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
                        "The {field} field cannot be parsed as an ISO-8601 extended offset \
                         date-time format string: {text}"
                    ))
                })
            }
        }
    }
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
    value
        .as_str()
        .and_then(parse_date_time)
        .map(milliseconds)
        .ok_or_else(|| {
            let text = string_or_json(&value);
            Fault::runtime(format!(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset \
             date-time format string: {} == {text}",
                path.text()
            ))
        })
}

fn find<'a>(field: &str, path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, Fault> {
    scope.find(path).map_err(|_| {
        Fault::runtime(format!(
            "The {field} parameter does not reference an input value: {}",
            path.text()
        ))
    })
}

/// Rounds up: a timer must not fire before its time.
fn milliseconds(time: jiff::Timestamp) -> Timestamp {
    let early = time.as_millisecond();
    let whole = time.subsec_nanosecond() % 1_000_000 == 0;
    Timestamp(if whole { early } else { early + 1 })
}
