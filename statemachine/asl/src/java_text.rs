//! Writes values as text like AWS.
//!
//! AWS's engine is Java with Jackson: a number with a fraction or an exponent is a `double`, and is
//! written as `Double.toString` does (`1.0`, `1.0E10`, `1.0E-5`). Whole numbers stay whole (`1`).
//! A value that becomes text without being JSON (`States.Format`, some messages) is formatted by
//! Java's `toString`.

use std::fmt::Write;
use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

/// Writes `value` as compact JSON.
pub(crate) fn json(value: &Value) -> String {
    let mut text = Vec::with_capacity(128);
    let mut serializer = Serializer::with_formatter(&mut text, Jackson);
    // Neither a `Value` nor a `Vec` can fail to be written.
    if value.serialize(&mut serializer).is_err() {
        return value.to_string();
    }
    String::from_utf8(text).unwrap_or_else(|_| value.to_string())
}

/// Parses a JSON text, with the numbers of Java: `-0` is the whole number 0, where `-0.0` is a
/// double.
///
/// # Errors
/// It is not JSON.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    if text.contains("-0") {
        serde_json::from_str(&without_negative_zero(text))
    } else {
        serde_json::from_str(text)
    }
}

fn without_negative_zero(text: &str) -> String {
    let (mut written, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let zero = rest.strip_prefix('0').is_some_and(|rest| {
            !rest.starts_with(|next: char| matches!(next, '.' | 'e' | 'E' | '0'..='9'))
        });
        // `1e-0` is no whole number.
        let begins = !written.ends_with(['e', 'E']);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '-' if !quoted && zero && begins => continue,
            _ => {}
        }
        written.push(c);
    }
    written
}

/// Compact JSON, with doubles and control characters as Jackson writes them.
struct Jackson;

impl Formatter for Jackson {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(double(value).as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04X}"),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

/// Writes a number like `Double.toString`: the shortest digits that read back as `value`; plain
/// from 0.001 up to 10,000,000, and with an exponent outside.
pub(crate) fn double(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// Writes a value like Java's `toString`: `{name=Ann, tags=[a, b]}`.
pub(crate) fn java(value: &Value) -> String {
    let mut text = String::new();
    write_java(&mut text, value);
    text
}

/// Returns a string as it is, and any other value as JSON.
pub(crate) fn string_or_json(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

// The recursion ends with the value's nesting, which is limited wherever values come in.
fn write_java(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(text, index);
                write_java(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                separate(text, index);
                let _ = write!(text, "{name}=");
                write_java(text, field);
            }
            text.push('}');
        }
        Value::Number(number) if number.is_f64() => {
            text.push_str(&number.as_f64().map(double).unwrap_or_default());
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{double, java, json};

    #[test]
    fn doubles_are_written_as_java_does() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (-12_345_678.9, "-1.23456789E7"),
            (1e-5, "1.0E-5"),
            (1e100, "1.0E100"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
        ] {
            assert_eq!(double(value), text);
        }
    }

    #[test]
    fn json_keeps_whole_numbers_whole() {
        let value = json!({"a": [1, 1.0, 1e10, -3, u64::MAX]});
        assert_eq!(
            json(&value),
            r#"{"a":[1,1.0,1.0E10,-3,18446744073709551615]}"#
        );
    }

    #[test]
    fn json_escapes_what_it_must() {
        let value = json!({"é\n": "\u{1b}\u{7f}\u{2028}🦀\"\\/\t"});
        let text = "{\"é\\n\":\"\\u001B\u{7f}\u{2028}🦀\\\"\\\\/\\t\"}";
        assert_eq!(json(&value), text);
    }

    #[test]
    fn java_text_has_no_quotes() {
        let value = json!({"a": [1, "x", null, true, 1.1], "b": {}, "c": []});
        assert_eq!(java(&value), "{a=[1, x, null, true, 1.1], b={}, c=[]}");
        assert_eq!(java(&json!("x\"y")), "x\"y");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            number in any::<f64>().prop_filter("finite", |n| n.is_finite()),
            text in ".*",
        ) {
            let value = json!({"number": number, "text": text});
            prop_assert_eq!(serde_json::from_str::<Value>(&json(&value)).unwrap(), value);
        }
    }
}
