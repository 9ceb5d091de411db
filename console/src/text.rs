//! Times, durations, sizes and URLs as text.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that a query has unencoded: RFC 3986's unreserved ones, and those that ARNs and
/// keys are full of.
const UNESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':');

/// A value of a query.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, UNESCAPED).to_string()
}

/// A path with a query; values that are not there are left out.
pub(crate) fn url(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let mut url = path.to_owned();
    let parameters = query
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    for (at, (name, value)) in parameters.enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&encoded(value));
    }
    url
}

/// A moment of an API's answer: RFC 3339 text.
pub(crate) fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Formats a time to the second, in UTC, as the logs have it.
pub(crate) fn at(moment: Option<Timestamp>) -> Markup {
    let Some(moment) = moment else {
        return html! { span.faint { "–" } };
    };
    let zoned = moment.to_zoned(TimeZone::UTC);
    let (day, time) = (zoned.strftime("%Y-%m-%d"), zoned.strftime("%H:%M:%S"));
    html! {
        time datetime=(format!("{moment:.3}")) title=(format!("{moment:.3}")) { span.day { (day.to_string()) } " \
            " (time.to_string()) }
    }
}

/// The time of day alone, with milliseconds.
pub(crate) fn clock(moment: Option<Timestamp>) -> Markup {
    let Some(moment) = moment else {
        return html! {};
    };
    let time = moment.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.3f");
    html! { time datetime=(format!("{moment:.3}")) { (time.to_string()) } }
}

/// Returns the time between two moments: `84 ms`, `1.2 s`, `3 min 20 s`.
pub(crate) fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let Some((from, to)) = from.zip(to) else {
        return "–".to_owned();
    };
    duration(to.as_millisecond() - from.as_millisecond())
}

pub(crate) fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `2.9 KB`
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// `1 step`, `2 steps`
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// The last part of an ARN.
pub(crate) fn last_part(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_queries_are_encoded() {
        let arn = "arn:aws:states:us-east-1:1:execution:m:a b&c=<d>";
        let expected =
            "/execution?arn=arn:aws:states:us-east-1:1:execution:m:a%20b%26c%3D%3Cd%3E&step=2";
        let query = [("arn", Some(arn)), ("token", None), ("step", Some("2"))];
        assert_eq!(url("/execution", &query), expected);
    }

    #[test]
    fn durations_and_sizes_have_one_unit_that_fits() {
        for (milliseconds, expected) in [
            (84, "84 ms"),
            (1_240, "1.2 s"),
            (200_000, "3 min 20 s"),
            (3_720_000, "1 h 2 min"),
        ] {
            assert_eq!(duration(milliseconds), expected);
        }
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(2_940), "2.9 KB");
        assert_eq!(bytes(3_500_000), "3.5 MB");
    }

    #[test]
    fn what_is_no_time_is_no_error() {
        assert_eq!(moment(Some("yesterday")), None);
        assert_eq!(between(None, None), "–");
    }
}
