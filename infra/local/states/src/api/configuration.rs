//! The logging, tracing and encryption configuration of a state machine or an activity.
//!
//! The configuration is validated and returned, but has no effect: nothing here writes to
//! CloudWatch Logs or X-Ray, and data is as safe as the data directory.

use serde_json::{Value, json};

use super::input::wrong_type;
use crate::error::ApiError;

/// `loggingConfiguration` where nothing is logged.
pub(crate) const NO_LOGGING: &str = r#"{"includeExecutionData":false,"level":"OFF"}"#;

/// `loggingConfiguration` as JSON text, with its defaults.
pub(super) fn logging(request: &Value) -> Result<String, ApiError> {
    let field = |name: &str| request.get(name).filter(|value| !value.is_null());
    let level = field("level").and_then(Value::as_str).unwrap_or("OFF");
    one_of(
        "loggingConfiguration.level",
        level,
        &["ALL", "ERROR", "FATAL", "OFF"],
    )?;
    let data = match field("includeExecutionData") {
        None => false,
        Some(data) => data
            .as_bool()
            .ok_or_else(|| wrong_type("includeExecutionData", "BOOLEAN"))?,
    };
    let destinations = match field("destinations") {
        None => None,
        Some(Value::Array(list)) => Some(list),
        Some(_) => return Err(wrong_type("destinations", "LIST")),
    };
    let count = destinations.map_or(0, Vec::len);
    if count > 1 || (level != "OFF" && count == 0) {
        let text = "Must specify exactly one Log Destination.";
        return Err(ApiError::InvalidLoggingConfiguration(text));
    }
    let mut written = json!({});
    if let Some(destinations) = destinations {
        written["destinations"] = json!(destinations);
    }
    written["includeExecutionData"] = json!(data);
    written["level"] = json!(level);
    Ok(written.to_string())
}

/// `tracingConfiguration.enabled`
pub(super) fn tracing(request: &Value) -> Result<bool, ApiError> {
    match request.get("enabled") {
        None | Some(Value::Null) => Ok(false),
        Some(enabled) => enabled
            .as_bool()
            .ok_or_else(|| wrong_type("enabled", "BOOLEAN")),
    }
}

/// `encryptionConfiguration` as JSON text.
pub(super) fn encryption(request: &Value) -> Result<String, ApiError> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let kind = text("type").ok_or_else(|| {
        broken(
            "Value null at 'encryptionConfiguration.type' failed to satisfy constraint: Member \
                must not be null",
        )
    })?;
    one_of(
        "encryptionConfiguration.type",
        kind,
        &["CUSTOMER_MANAGED_KMS_KEY", "AWS_OWNED_KEY"],
    )?;
    let period = request
        .get("kmsDataKeyReusePeriodSeconds")
        .and_then(Value::as_i64);
    if let Some(period) = period.filter(|period| !(60..=900).contains(period)) {
        let (bound, limit) = if period < 60 {
            ("greater", 60)
        } else {
            ("less", 900)
        };
        return Err(broken(&format!(
            "Value '{period}' at 'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to \
             satisfy constraint: Member must have value {bound} than or equal to {limit}"
        )));
    }
    match (kind, text("kmsKeyId")) {
        ("AWS_OWNED_KEY", Some(_)) => {
            let text = "kmsKeyId must not be set when type is AWS_OWNED_KEY";
            Err(ApiError::InvalidEncryptionConfiguration(text))
        }
        ("CUSTOMER_MANAGED_KMS_KEY", None) => {
            let text = "kmsKeyId must be set when type is CUSTOMER_MANAGED_KMS_KEY";
            Err(ApiError::InvalidEncryptionConfiguration(text))
        }
        _ => Ok(request.to_string()),
    }
}

/// Parses a value stored as JSON text, for a response.
pub(super) fn parse_stored(text: &str) -> Result<Value, ApiError> {
    serde_json::from_str(text)
        .map_err(|error| ApiError::Internal(format!("states.db: a configuration: {error}")))
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), ApiError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let set = allowed.join(", ");
    Err(broken(&format!(
        "Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy enum \
         value set: [{set}]"
    )))
}

fn broken(constraint: &str) -> ApiError {
    ApiError::Validation(format!("1 validation error detected: {constraint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: Result<String, ApiError>, expected: &str) {
        assert_eq!(got.unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn logging_configurations() {
        check(logging(&json!({})), NO_LOGGING);
        check(
            logging(&json!({ "destinations": [] })),
            r#"{"destinations":[],"includeExecutionData":false,"level":"OFF"}"#,
        );
        check(
            logging(
                &json!({ "level": "ALL", "includeExecutionData": true, "destinations": [{ "x": 1 }] }),
            ),
            r#"{"destinations":[{"x":1}],"includeExecutionData":true,"level":"ALL"}"#,
        );
        let one = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
        check(logging(&json!({ "level": "ERROR" })), one);
        check(logging(&json!({ "destinations": [{}, {}] })), one);
        check(
            logging(&json!({ "level": "LOUD" })),
            "1 validation error detected: Value 'LOUD' at 'loggingConfiguration.level' failed to \
             satisfy constraint: Member must satisfy enum value set: [ALL, ERROR, FATAL, OFF]",
        );
    }

    #[test]
    fn encryption_configurations() {
        let owned = json!({ "type": "AWS_OWNED_KEY" });
        check(encryption(&owned), &owned.to_string());
        let managed = json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 60 });
        check(encryption(&managed), &managed.to_string());
        check(
            encryption(&json!({ "type": "CUSTOMER_MANAGED_KMS_KEY" })),
            "Invalid Encryption Configuration: kmsKeyId must be set when type is \
             CUSTOMER_MANAGED_KMS_KEY",
        );
        check(
            encryption(&json!({ "type": "AWS_OWNED_KEY", "kmsDataKeyReusePeriodSeconds": 901 })),
            "1 validation error detected: Value '901' at \
             'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to satisfy constraint: \
             Member must have value less than or equal to 900",
        );
        check(
            encryption(&json!({})),
            "1 validation error detected: Value null at 'encryptionConfiguration.type' failed to \
             satisfy constraint: Member must not be null",
        );
    }
}
