//! The headers of a request.

use axum::http::{HeaderMap, header};
use sagemaker_container::media_type;
use tables::{Format, Header, OnError};

use super::{Refusal, ResponseFormat};
use crate::predictor::Input;

/// The variable of the model's environment that decides the format where no Accept header does.
const ACCEPT: &str = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT";

/// The variable of the model's environment that decides what happens to rows without a prediction.
const ON_ERROR: &str = "SCONES_ON_ERROR";

/// Defaults of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// The format of the response.
    pub accept: ResponseFormat,
    /// The treatment of rows without a prediction.
    pub on_error: OnError,
}

/// A variable of the environment with a value that it can't have.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value}; expected {expected}")]
pub struct InvalidDefault {
    name: &'static str,
    value: String,
    expected: &'static str,
}

impl Default for Defaults {
    /// CSV, and an error for the request.
    fn default() -> Self {
        Self {
            accept: ResponseFormat::Csv,
            on_error: OnError::Fail,
        }
    }
}

impl Defaults {
    /// Reads the environment of the model.
    ///
    /// # Errors
    /// A variable has a value that it can't have.
    pub fn from_environment() -> Result<Self, InvalidDefault> {
        Self::new(std::env::var(ACCEPT).ok(), std::env::var(ON_ERROR).ok())
    }

    fn new(accept: Option<String>, on_error: Option<String>) -> Result<Self, InvalidDefault> {
        let mut defaults = Self::default();
        if let Some(value) = accept.filter(|value| !value.is_empty()) {
            defaults.accept =
                ResponseFormat::of_media_type(&value.to_lowercase()).ok_or(InvalidDefault {
                    name: ACCEPT,
                    value,
                    expected: "text/csv, application/json or application/jsonlines",
                })?;
        }
        if let Some(value) = on_error.filter(|value| !value.is_empty()) {
            defaults.on_error = parse_on_error(&value).ok_or(InvalidDefault {
                name: ON_ERROR,
                value,
                expected: EXPECTED_ON_ERROR,
            })?;
        }
        Ok(defaults)
    }
}

const EXPECTED_ON_ERROR: &str = "fail or report";

fn parse_on_error(text: &str) -> Option<OnError> {
    match text {
        "fail" => Some(OnError::Fail),
        "report" => Some(OnError::Report),
        _ => None,
    }
}

/// Returns how the body is read: by the content type, with the parameters `charset`, `header`
/// (`present` or `absent`, RFC 4180) and `on_error` (`fail` or `report`). Without one it is CSV.
pub(super) fn input(headers: &HeaderMap, defaults: &Defaults) -> Result<Input, Refusal> {
    let mut input = Input {
        format: Format::Csv,
        header: Header::Detect,
        on_error: defaults.on_error,
    };
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return Ok(input);
    };
    let content_type = String::from_utf8_lossy(content_type.as_bytes());
    input.format = Format::from_content_type(&content_type)?;
    let parameters = content_type.split(';').skip(1);
    for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        match &*name.trim().to_ascii_lowercase() {
            "header" => {
                input.header = match &*value {
                    "present" => Header::Present,
                    "absent" => Header::Absent,
                    _ => return Err(Refusal::Parameter("header", value, "present or absent")),
                }
            }
            "on_error" => {
                input.on_error = parse_on_error(&value).ok_or(Refusal::Parameter(
                    "on_error",
                    value,
                    EXPECTED_ON_ERROR,
                ))?;
            }
            _ => {}
        }
    }
    Ok(input)
}

/// Returns the first format that the client accepts.
pub(super) fn response_format(
    headers: &HeaderMap,
    defaults: &Defaults,
) -> Result<ResponseFormat, Refusal> {
    if !headers.contains_key(header::ACCEPT) {
        return Ok(defaults.accept);
    }
    let accept = media_type::essences(headers, &header::ACCEPT);
    let format = accept.iter().find_map(|kind| {
        if kind == "*/*" {
            Some(defaults.accept)
        } else {
            ResponseFormat::of_media_type(kind)
        }
    });
    match format {
        Some(format) => Ok(format),
        None if accept.is_empty() => Ok(defaults.accept),
        None => Err(Refusal::Accept(accept.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_checked() {
        let new = |accept: &str, on_error: &str| {
            let defaults = Defaults::new(Some(accept.into()), Some(on_error.into()));
            defaults.map_err(|error| error.to_string())
        };
        let expected = Defaults {
            accept: ResponseFormat::JsonLines,
            on_error: OnError::Report,
        };
        assert_eq!(new("application/jsonlines", "report"), Ok(expected));
        assert_eq!(new("", ""), Ok(Defaults::default()));
        assert_eq!(
            new("", "skip").unwrap_err(),
            "SCONES_ON_ERROR is skip; expected fail or report"
        );
    }
}
