//! The object that flows through the workflow, and how a function finds it in its event.
//!
//! It is the event of the course's notebooks, so that their payloads and consumers work unchanged;
//! our own fields only add to it:
//!
//! ```json
//! { "inferences": [], "s3_key": "", "s3_bucket": "", "image_data": "" }
//! ```

use evaluation::json_type;
use s3_uri::S3Uri;
use serde::Serialize;
use serde_json::{Map, Value};

/// The object that flows from state to state. Fields that it doesn't know pass through.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Object {
    /// The model's scores, one a class. What a caller sent is kept as it is: [`evaluation::Scores`]
    /// judges it.
    pub inferences: Value,
    /// The key of the image in S3, as S3 has it (not URL-encoded).
    pub s3_key: String,
    /// The bucket of the image.
    pub s3_bucket: String,
    /// The image, fitted to the model's input, as base64 of a PNG file. Left out where there is
    /// none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image_data: String,
    /// The class with the best score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The best score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The score that this execution asks for, instead of `CONFIDENCE_THRESHOLD`. Kept as it came:
    /// the gate judges it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Value>,
    /// The prediction's id in SageMaker's data capture; ground truth is joined by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_id: Option<String>,
    /// Everything else that the caller sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Object {
    /// Returns the URI of the image. Bucket and key are empty where the caller sent none.
    pub fn uri(&self) -> S3Uri {
        S3Uri::new(&self.s3_bucket, &self.s3_key)
    }

    /// Returns the image's name for errors.
    pub fn name(&self) -> String {
        if self.s3_bucket.is_empty() && self.s3_key.is_empty() {
            "an image without s3_bucket and s3_key".to_owned()
        } else {
            self.uri().to_string()
        }
    }
}

/// An event of the workflow's functions: the object, and the execution that calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Invocation {
    /// The ARN of the execution, where a state machine calls.
    pub execution: Option<String>,
    /// The object.
    pub object: Object,
}

/// The event is not the workflow's object.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// It is not a JSON object.
    #[error(
        "the event is {0}, not a JSON object like {{\"s3_bucket\": \"...\", \"s3_key\": \"...\"}}"
    )]
    NotAnObject(&'static str),
    /// A field has another type than it should have.
    #[error("the event's {field} is {found}, not {expected}")]
    Field {
        /// Its name.
        field: &'static str,
        /// The type it has.
        found: &'static str,
        /// The type it should have.
        expected: &'static str,
    },
    /// A field that this function needs is missing or empty.
    #[error("the event has no {0}")]
    Missing(&'static str),
}

impl Invocation {
    /// Reads an event, which is either the object itself, or has it under `body`.
    ///
    /// The state machine sends `{"execution": ARN, "body": object}`. The notebooks' handlers answer
    /// `{"statusCode": 200, "body": object}`, some with the body as JSON text, some more than once
    /// and with `inferences` beside the body; what stands beside a body is newer than what is in
    /// it.
    pub fn parse(event: Value) -> Result<Self, InvalidEvent> {
        let mut execution = None;
        let mut layer = into_map(event)?;
        while let Some(body) = take_body(&mut layer) {
            layer.remove("statusCode");
            execution = execution.or_else(|| as_text(layer.remove("execution")));
            let newer = std::mem::replace(&mut layer, body);
            layer.extend(newer);
        }
        let object = Object::from_map(layer)?;
        Ok(Self { execution, object })
    }
}

impl Object {
    fn from_map(mut map: Map<String, Value>) -> Result<Self, InvalidEvent> {
        Ok(Self {
            inferences: map.remove("inferences").unwrap_or_default(),
            s3_key: text(&mut map, "s3_key")?.unwrap_or_default(),
            s3_bucket: text(&mut map, "s3_bucket")?.unwrap_or_default(),
            image_data: text(&mut map, "image_data")?.unwrap_or_default(),
            label: text(&mut map, "label")?,
            confidence: number(&mut map, "confidence")?,
            threshold: map.remove("threshold"),
            inference_id: text(&mut map, "inference_id")?,
            rest: map,
        })
    }
}

/// The object inside a wrapper. A map with an `s3_key` is the object itself: a `body` there is a
/// field of the caller's.
fn take_body(layer: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    if layer.contains_key("s3_key") {
        return None;
    }
    let body = match layer.get("body")? {
        Value::Object(_) => layer.remove("body")?,
        Value::String(text) => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    layer.remove("body");
    into_map(body).ok()
}

fn into_map(value: Value) -> Result<Map<String, Value>, InvalidEvent> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(InvalidEvent::NotAnObject(json_type(&other))),
    }
}

fn as_text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn text(map: &mut Map<String, Value>, field: &'static str) -> Result<Option<String>, InvalidEvent> {
    match map.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(field, &other, "a string")),
    }
}

fn number(map: &mut Map<String, Value>, field: &'static str) -> Result<Option<f64>, InvalidEvent> {
    match map.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or_else(|| wrong(field, &value, "a number")),
    }
}

fn wrong(field: &'static str, value: &Value, expected: &'static str) -> InvalidEvent {
    InvalidEvent::Field {
        field,
        found: json_type(value),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(event: Value) -> Invocation {
        Invocation::parse(event).expect("a valid event")
    }

    #[track_caller]
    fn check_error(event: Value, text: &str) {
        assert_eq!(Invocation::parse(event).unwrap_err().to_string(), text);
    }

    #[test]
    fn the_notebooks_payload_is_the_object() {
        let invocation =
            parse(json!({"image_data": "", "s3_bucket": "b", "s3_key": "test/a b+c%20.png"}));
        assert_eq!(invocation.execution, None);
        assert_eq!(invocation.object.name(), "s3://b/test/a b+c%20.png");
    }

    #[test]
    fn unknown_fields_and_the_threshold_pass_through() {
        let event = json!({
            "inferences": [], "s3_key": "k", "s3_bucket": "b", "image_data": "aGk=", "threshold": "high",
            "customer": {"id": 7}, "body": "a caller's own",
        });
        let object = parse(event.clone()).object;
        assert_eq!(serde_json::to_value(object).unwrap(), event);
    }

    #[test]
    fn the_state_machine_wraps_the_object_and_says_who_calls() {
        let invocation =
            parse(json!({"execution": "arn:x", "body": {"s3_key": "k", "execution": "theirs"}}));
        assert_eq!(invocation.execution.as_deref(), Some("arn:x"));
        assert_eq!(invocation.object.s3_key, "k");
        assert_eq!(invocation.object.rest["execution"], "theirs");
    }

    #[test]
    fn the_notebooks_wrappers_are_opened() {
        let object = json!({"s3_key": "k", "inferences": [0.9, 0.1]});
        let as_text = json!({"statusCode": 200, "body": object.to_string()});
        let twice = json!({"statusCode": 200, "body": json!({"statusCode": 200, "body": object}).to_string()});
        let sibling = json!({"statusCode": 200, "body": {"s3_key": "k", "inferences": []}, "inferences": [0.9, 0.1]});
        for event in [
            json!({"statusCode": 200, "body": object}),
            as_text,
            twice,
            sibling,
        ] {
            let found = parse(event.clone()).object;
            assert_eq!(found, parse(object.clone()).object, "{event}");
        }
    }

    #[test]
    fn a_wrong_type_is_named() {
        check_error(
            json!([1]),
            "the event is an array, not a JSON object like {\"s3_bucket\": \"...\", \"s3_key\": \
             \"...\"}",
        );
        check_error(
            json!({"s3_key": 5}),
            "the event's s3_key is a number, not a string",
        );
        check_error(
            json!({"s3_key": "k", "confidence": "0.9"}),
            "the event's confidence is a string, not a number",
        );
    }

    #[test]
    fn an_image_without_an_address_says_so() {
        assert_eq!(
            parse(json!({})).object.name(),
            "an image without s3_bucket and s3_key"
        );
    }
}
