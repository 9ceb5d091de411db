//! A JSON value that flows between states, with its text.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// AWS: the longest payload, as UTF-8 JSON text.
pub const MAX_PAYLOAD_BYTES: usize = 262_144;

/// The deepest nesting of a payload. Deeper values are refused, because `serde_json` does not read
/// more: nothing may be written that cannot be read again.
pub const MAX_PAYLOAD_DEPTH: usize = 127;

/// A JSON value and its text, shared by everything that refers to it: states, history events,
/// tasks.
///
/// The text is written once, when the value is made, or kept where the value came as text: it is
/// what a history records, and its length is what the payload quota counts. Serializes as that text
/// (a JSON string), so nesting does not add up in what embeds it.
#[derive(Clone, Debug)]
pub struct Payload(Arc<Content>);

#[derive(Debug)]
struct Content {
    value: Value,
    text: Box<str>,
}

impl Payload {
    /// Parses a text, which stays as it is, spaces and all: AWS hands it on so, in histories and
    /// from state to state, until a state makes something new of it.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Payload, serde_json::Error> {
        let text = text.into();
        let value = crate::java_text::parse(&text)?;
        Ok(Payload(Arc::new(Content { value, text })))
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The value as JSON text: compact, unless it was parsed from another.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// `null`
    pub(crate) fn null() -> Payload {
        Value::Null.into()
    }

    /// An array of these values. Their texts are used again.
    pub(crate) fn array(items: &[Payload]) -> Payload {
        let length: usize = items.iter().map(|item| item.text().len() + 1).sum();
        let mut text = String::with_capacity(length + 2);
        text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(item.text());
        }
        text.push(']');
        let value = items.iter().map(|item| item.value().clone()).collect();
        Payload(Arc::new(Content {
            value,
            text: text.into_boxed_str(),
        }))
    }

    /// Returns true if it is within the payload quota (262,144 bytes) and nested at most 127 levels
    /// deep.
    pub fn is_acceptable(&self) -> bool {
        let text = self.text();
        // A value of that depth has that many brackets twice.
        text.len() <= MAX_PAYLOAD_BYTES
            && (text.len() <= 2 * MAX_PAYLOAD_DEPTH || depth(text) <= MAX_PAYLOAD_DEPTH)
    }

    /// The value, without copying it where nothing else holds it.
    pub fn into_value(self) -> Value {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.value.clone(), |data| data.value)
    }
}

/// Returns how deep the brackets of a JSON text nest.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        let text = crate::java_text::json(&value).into_boxed_str();
        Payload(Arc::new(Content { value, text }))
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<str>::deserialize(deserializer)?;
        Payload::parse(text).map_err(serde::de::Error::custom)
    }
}

/// Reads a payload, also from where journals had the value itself, before they kept its text.
pub(crate) fn of_text_or_value<'de, D: Deserializer<'de>>(from: D) -> Result<Payload, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => {
            Payload::parse(&*text).unwrap_or_else(|_| Value::String(text).into())
        }
        value => value.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Payload, depth};

    fn nested(levels: usize) -> Payload {
        let value = (1..levels).fold(json!([]), |inner, _| json!([inner]));
        value.into()
    }

    #[test]
    fn the_quota_counts_bytes_of_utf8() {
        let of = |text: String| Payload::from(Value::String(text)).is_acceptable();
        assert!(of("a".repeat(262_142)));
        assert!(!of("a".repeat(262_143)));
        assert!(of("é".repeat(131_071)));
        assert!(!of("é".repeat(131_072)));
    }

    #[test]
    fn nesting_ends_where_serde_json_stops_reading() {
        for levels in [126, 127, 128, 129] {
            let payload = nested(levels);
            let readable = serde_json::from_str::<Value>(payload.text()).is_ok();
            assert_eq!(payload.is_acceptable(), readable, "{levels}");
        }
    }

    #[test]
    fn text_that_was_parsed_stays_as_it_was() {
        let payload = Payload::parse(" [1, 1e0] ").unwrap();
        assert_eq!(payload.text(), " [1, 1e0] ");
        assert_eq!(payload, Payload::from(json!([1, 1.0])));
        assert!(Payload::parse("[1").is_err());
    }

    #[test]
    fn brackets_in_texts_do_not_nest() {
        assert_eq!(depth(r#"{"[[[":"]\"{{{\\"}"#), 1);
    }

    #[test]
    fn arrays_are_what_they_would_be_as_values() {
        let items = [json!(1), json!({"a": "é\n"}), json!([])].map(Payload::from);
        let array = Payload::array(&items);
        assert_eq!(array, Payload::from(json!([1, {"a": "é\n"}, []])));
        assert_eq!(array.text(), array.value().to_string());
        assert_eq!(Payload::array(&[]).text(), "[]");
    }

    proptest! {
        #[test]
        fn comes_back_from_its_serialized_form(
            text in "\\PC*",
            number: i64,
            real in prop::num::f64::NORMAL,
        ) {
            let payload = Payload::from(json!({"text": text, "list": [number, real, null]}));
            let stored = serde_json::to_string(&payload).unwrap();
            let again: Payload = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(again.text(), payload.text());
        }
    }
}
