//! Reads a request's fields under the constraints of AWS's service model.
//!
//! AWS reports all broken constraints of a request at once: `2 validation errors detected: …; …`.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use service::protocol::{self, Violations};

use crate::error::ApiError;

/// The JSON object of a request, and the violations found so far.
pub(super) struct Input {
    fields: Map<String, Value>,
    violations: Violations,
}

type Read<T> = Result<T, ApiError>;

/// The length of an ARN.
pub(super) const ARN: RangeInclusive<usize> = 1..=256;
/// The length of a name.
pub(super) const NAME: RangeInclusive<usize> = 1..=80;

impl Input {
    pub(super) fn parse(body: &[u8]) -> Read<Self> {
        let fields = protocol::parse_object(body).map_err(ApiError::Serialization)?;
        Ok(Input::new(fields))
    }

    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Input {
            fields,
            violations: Violations::default(),
        }
    }

    /// A string that must be there. Empty where it is not: [`Input::finish`] reports that.
    pub(super) fn required(&mut self, field: &str, length: RangeInclusive<usize>) -> Read<String> {
        let text = self.text(field, length)?;
        if text.is_none() {
            self.missing(field);
        }
        Ok(text.unwrap_or_default())
    }

    /// A string.
    pub(super) fn text(
        &mut self,
        field: &str,
        length: RangeInclusive<usize>,
    ) -> Read<Option<String>> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let Value::String(text) = value else {
            return Err(wrong_type(field, "STRING"));
        };
        let count = text.chars().count();
        self.violations.check_length(field, &text, count, &length);
        Ok(Some(text))
    }

    /// Checks a text against a pattern of the service model.
    pub(super) fn pattern(
        &mut self,
        field: &str,
        text: &str,
        fits: impl FnOnce(&str) -> bool,
        pattern: &str,
    ) {
        let matches = text.is_empty() || fits(text);
        self.violations.check_pattern(field, text, matches, pattern);
    }

    /// A text that AWS treats as sensitive: its length counts in bytes, and errors do not show it.
    pub(super) fn data(&mut self, field: &str, max: usize) -> Read<Option<String>> {
        let text = self.text(field, 0..=usize::MAX)?;
        if text.as_ref().is_some_and(|text| text.len() > max) {
            let constraint = format!("Member must have length less than or equal to {max}");
            self.violations.add_sensitive(field, &constraint);
        }
        Ok(text)
    }

    /// Reads a string of a fixed set.
    pub(super) fn choice(
        &mut self,
        field: &str,
        allowed: &[&'static str],
    ) -> Read<Option<&'static str>> {
        let Some(text) = self.text(field, 0..=usize::MAX)? else {
            return Ok(None);
        };
        self.violations.check_choice(field, &text, allowed);
        Ok(allowed.iter().find(|allowed| **allowed == text).copied())
    }

    pub(super) fn flag(&mut self, field: &str) -> Read<Option<bool>> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        value
            .as_bool()
            .map(Some)
            .ok_or_else(|| wrong_type(field, "BOOLEAN"))
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&mut self, field: &str, max: i64) -> Read<Option<i64>> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let number = value.as_i64().ok_or_else(|| wrong_type(field, "NUMBER"))?;
        self.violations.check_range(field, number, &(0..=max));
        Ok(Some(number))
    }

    /// Returns a structure or a list, unmodified.
    pub(super) fn value(&mut self, field: &str) -> Option<Value> {
        self.take(field)
    }

    /// A nested structure, to be read as a request is.
    pub(super) fn object(&mut self, field: &str) -> Read<Option<Input>> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Input::new(fields))),
            Some(_) => Err(wrong_type(field, "STRUCTURE")),
        }
    }

    /// A list that must be there.
    pub(super) fn list(&mut self, field: &str) -> Read<Vec<Value>> {
        match self.take(field) {
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(wrong_type(field, "LIST")),
            None => {
                self.missing(field);
                Ok(Vec::new())
            }
        }
    }

    /// Returns the page size of a list operation: 100 if it is absent or 0.
    pub(super) fn page_size(&mut self) -> Read<usize> {
        let size = self.number("maxResults", 1000)?.unwrap_or(0);
        Ok(usize::try_from(size)
            .ok()
            .filter(|size| *size > 0)
            .unwrap_or(100))
    }

    /// Reports a field as missing that was read as optional.
    pub(super) fn require_present(&mut self, field: &str, is_present: bool) {
        if !is_present {
            self.missing(field);
        }
    }

    /// Fails if a constraint is broken. Call it before using any value.
    pub(super) fn finish(self) -> Read<()> {
        self.violations.finish().map_err(ApiError::Validation)
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn missing(&mut self, field: &str) {
        self.violations.missing(field);
    }

    /// Adds a broken constraint.
    pub(super) fn broken(&mut self, field: &str, value: &dyn std::fmt::Display, constraint: &str) {
        self.violations.add(field, value, constraint);
    }
}

pub(super) fn wrong_type(field: &str, expected: &str) -> ApiError {
    ApiError::Serialization(format!("{field} can not be converted to {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let read = || {
            let mut input = Input::parse(body.as_bytes())?;
            let arn = input.required("stateMachineArn", ARN)?;
            let status = input.choice("statusFilter", &["RUNNING", "FAILED"])?;
            let token = input.text("nextToken", 1..=8)?;
            let size = input.page_size()?;
            let flag = input.flag("reverseOrder")?;
            input.finish()?;
            Ok(format!("{arn} {status:?} {token:?} {size} {flag:?}"))
        };
        let got = read().unwrap_or_else(|error: ApiError| format!("{}: {error}", error.code()));
        assert_eq!(got, expected, "{body}");
    }

    #[test]
    fn fields() {
        check(
            r#"{"stateMachineArn":"a","statusFilter":"FAILED","maxResults":7}"#,
            r#"a Some("FAILED") None 7 None"#,
        );
        check(
            r#"{"stateMachineArn":"a","maxResults":0,"reverseOrder":true}"#,
            "a None None 100 Some(true)",
        );
        check(
            r#"{"stateMachineArn":"a","nextToken":null}"#,
            "a None None 100 None",
        );
    }

    #[test]
    fn broken_constraints_are_reported_together() {
        check(
            r#"{"maxResults":1001,"statusFilter":"DONE"}"#,
            "ValidationException: 3 validation errors detected: Value null at 'stateMachineArn' \
             failed to satisfy constraint: Member must not be null; Value 'DONE' at \
             'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: \
             [RUNNING, FAILED]; Value '1001' at 'maxResults' failed to satisfy constraint: Member \
             must have value less than or equal to 1000",
        );
        check(
            r#"{"stateMachineArn":"a","nextToken":"123456789"}"#,
            "ValidationException: 1 validation error detected: Value '123456789' at 'nextToken' \
             failed to satisfy constraint: Member must have length less than or equal to 8",
        );
    }

    #[test]
    fn sensitive_text_is_not_shown() {
        let mut input = Input::parse(r#"{"input":"äöü"}"#.as_bytes()).unwrap();
        assert_eq!(input.data("input", 5), Ok(Some("äöü".into())));
        assert_eq!(
            input.finish().unwrap_err().to_string(),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: \
             Member must have length less than or equal to 5"
        );
    }

    #[test]
    fn wrong_types() {
        check(
            r#"{"stateMachineArn":7}"#,
            "SerializationException: stateMachineArn can not be converted to STRING",
        );
        check(
            r#"{"stateMachineArn":"a","maxResults":"7"}"#,
            "SerializationException: maxResults can not be converted to NUMBER",
        );
        assert!(Input::parse(b"[]").is_err());
        assert!(Input::parse(b"{").is_err());
    }
}
