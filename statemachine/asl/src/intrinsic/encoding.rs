//! Base64, hashes, and JSON as text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::arguments::{Arguments, FunctionResult};

pub(super) fn base64_encode(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(BASE64_STANDARD.encode(arguments.short_text(0)?).into())
}

/// Replaces bytes that are not UTF-8, as Java does.
pub(super) fn base64_decode(arguments: &Arguments<'_>) -> FunctionResult {
    let bytes = BASE64_STANDARD
        .decode(arguments.short_text(0)?)
        .map_err(|_| "Argument 1 must be a Base64 encoded string".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into())
}

/// Encodes bytes as hexadecimal digits.
pub(super) fn hash(arguments: &Arguments<'_>) -> FunctionResult {
    let (data, algorithm) = (arguments.short_text(0)?, arguments.text(1)?);
    let digest = crate::hash::hexadecimal(algorithm, data);
    digest.map(Value::from).ok_or_else(|| {
        format!(
            "The hashing algorithm must be one of [MD5, SHA-1, SHA-256, SHA-384, SHA-512] but \
             was: {algorithm}"
        )
    })
}

/// Merges two objects, not recursively: AWS requires the third argument to say so, by `false`.
pub(super) fn json_merge(arguments: &Arguments<'_>) -> FunctionResult {
    let (left, right) = (arguments.object(0)?, arguments.object(1)?);
    match arguments.value(2) {
        Value::Bool(false) => {}
        Value::Bool(true) => {
            return Err("Deep merging is not supported: argument 3 must be false".to_owned());
        }
        _ => return Err("Argument 3 must be a boolean".to_owned()),
    }
    let mut merged = left.clone();
    merged.extend(
        right
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    Ok(Value::Object(merged))
}

pub(super) fn json_to_string(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(crate::java_text::json(arguments.value(0)).into())
}

/// Parses JSON; a blank text gives `null`.
pub(super) fn string_to_json(arguments: &Arguments<'_>) -> FunctionResult {
    let text = arguments.text(0)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    crate::java_text::parse(text)
        .map_err(|error| format!("Argument 1 must be a valid JSON string: {error}"))
}
