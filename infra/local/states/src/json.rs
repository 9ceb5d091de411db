//! JSON that callers send inside strings: inputs and outputs.

use asl::Payload;
use serde_json::Value;

/// Parses a value; the error has AWS's text.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    payload(text).map(Payload::into_value)
}

/// Parses a value and keeps its text as it was sent.
pub(super) fn payload(text: &str) -> Result<Payload, String> {
    Payload::parse(text)
        .map_err(|error| asl::json_syntax_error(text).unwrap_or_else(|| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = parse(text).map_or_else(|fault| fault, |value| value.to_string());
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn faults_are_told_as_aws_tells_them() {
        check(r#" {"a": [1.0, null]} "#, r#"{"a":[1.0,null]}"#);
        check(
            "not json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token \
             'null', 'true' or 'false')",
        );
        check(
            "{'a': 1}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        );
    }
}
