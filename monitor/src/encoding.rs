//! Decodes `data` by its `encoding`, in captured data and in ground truth.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// The member `data`: text, or JSON.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Data<'a> {
    /// Borrowed if it has no escapes, as base64 has none.
    Text(#[serde(borrow)] Cow<'a, str>),
    Json(Value),
}

/// An error of decoding `data`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The encoding is not one of SageMaker's.
    #[error("the encoding {0:?} is none of BASE64, JSON, CSV and NONE")]
    Unknown(String),
    /// It is invalid base64.
    #[error("the data is not base64: {0}")]
    Base64(String),
    /// It does not match its encoding.
    #[error("the data of encoding {0} is not a text")]
    NotText(String),
}

/// Decodes `data`.
pub(crate) fn decode(data: Data<'_>, encoding: &str) -> Result<Vec<u8>, DecodeError> {
    match (encoding.to_ascii_uppercase().as_str(), data) {
        ("BASE64", Data::Text(text)) => STANDARD
            .decode(text.as_bytes())
            .map_err(|error| DecodeError::Base64(error.to_string())),
        ("JSON" | "CSV" | "NONE", Data::Text(text)) => Ok(text.into_owned().into_bytes()),
        ("JSON", Data::Json(value)) => Ok(value.to_string().into_bytes()),
        ("BASE64" | "CSV" | "NONE", Data::Json(_)) => {
            Err(DecodeError::NotText(encoding.to_owned()))
        }
        _ => Err(DecodeError::Unknown(encoding.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, encoding: &str, expected: &[u8]) {
        let data_read = serde_json::from_str(data).unwrap();
        assert_eq!(
            decode(data_read, encoding).unwrap(),
            expected,
            "{data} {encoding}"
        );
    }

    #[track_caller]
    fn check_error(data: &str, encoding: &str, text: &str) {
        let data_read = serde_json::from_str(data).unwrap();
        assert_eq!(decode(data_read, encoding).unwrap_err().to_string(), text);
    }

    #[test]
    fn every_encoding_gives_the_body_back() {
        check(r#""iVBORw==""#, "BASE64", b"\x89PNG");
        check(r#""[0.82, 0.18]""#, "JSON", b"[0.82, 0.18]");
        check(
            r#""{\"a\": \"\u00fc\"}""#,
            "JSON",
            "{\"a\": \"ü\"}".as_bytes(),
        );
        check("[0.82, 0.18]", "JSON", b"[0.82,0.18]");
        check(r#""0.82,0.18\n""#, "CSV", b"0.82,0.18\n");
        check(r#""bicycle""#, "NONE", b"bicycle");
        check(r#""W10=""#, "base64", b"[]");
    }

    #[test]
    fn what_is_not_what_its_encoding_says_is_told() {
        check_error(
            r#""ab!""#,
            "BASE64",
            "the data is not base64: Invalid symbol 33, offset 2.",
        );
        check_error("5", "CSV", "the data of encoding CSV is not a text");
        check_error(
            "null",
            "BASE64",
            "the data of encoding BASE64 is not a text",
        );
        check_error(
            r#""x""#,
            "GZIP",
            "the encoding \"GZIP\" is none of BASE64, JSON, CSV and NONE",
        );
    }
}
