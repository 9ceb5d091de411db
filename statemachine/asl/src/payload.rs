//! A JSON value that flows between states, with its text.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON value and its compact text, shared by everything that refers to it: states, history events, tasks.
///
/// The text is written once, when the value is made: it is what a history records, and its length is what the
/// payload quota counts. Serialises as that text (a JSON string), so nesting does not add up in what embeds it.
#[derive(Clone, Debug)]
pub struct Payload(Arc<Data>);

#[derive(Debug)]
struct Data {
    value: Value,
    text: Box<str>,
}

impl Payload {
    /// The value.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The value as compact JSON text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The value, without copying it where nothing else holds it.
    pub fn into_value(self) -> Value {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.value.clone(), |data| data.value)
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        let text = value.to_string().into_boxed_str();
        Payload(Arc::new(Data { value, text }))
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
        let value = serde_json::from_str(&text).map_err(serde::de::Error::custom)?;
        Ok(Payload(Arc::new(Data { value, text })))
    }
}
