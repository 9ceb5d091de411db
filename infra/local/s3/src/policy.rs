//! The policy of a form upload: the allowed values of its fields.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>. The
//! errors and the treatment of malformed conditions are AWS's (recorded by LocalStack's tests of
//! S3).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::dto::{Timestamp, TimestampFormat};
use serde::Deserialize;
use serde_json::Value;

use super::error::Error;

/// The allowed length of a file in bytes: minimum and maximum, inclusive.
pub(super) type LengthRange = (u64, u64);

/// The fields that go with each of the two kinds of signatures.
const SIGNATURES: [&[&str]; 2] = [
    &[
        "X-Amz-Signature",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
    ],
    &["Signature", "AWSAccessKeyId"],
];

#[derive(Deserialize)]
struct Policy {
    expiration: String,
    conditions: Vec<Value>,
}

#[derive(Debug)]
enum Condition {
    /// The field is this, or begins with it.
    Field {
        name: String,
        value: String,
        is_prefix: bool,
    },
    Length(LengthRange),
}

/// Checks that a form with a policy has all fields of a signature.
pub(super) fn check_signature(fields: &[(String, &str)]) -> Result<(), Error> {
    let has = |wanted: &str| {
        fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    for of_signature in SIGNATURES {
        let missing = of_signature.iter().find(|name| !has(name));
        match missing {
            None => return Ok(()),
            Some(name) if of_signature.iter().any(|name| has(name)) => {
                return Err(missing_field(name));
            }
            Some(_) => {}
        }
    }
    Err(Error::AccessDenied("Access Denied".into()))
}

/// Returns the error for a field that the form lacks, or has after its file.
pub(super) fn missing_field(name: &str) -> Error {
    let text = format!(
        "Bucket POST must contain a field named '{name}'.  If it is specified, please check the \
         order of the fields."
    );
    Error::argument(text, name, "")
}

/// Checks the fields of a form against its policy; returns the allowed length of the file.
pub(super) fn check(
    policy: &str,
    bucket: &str,
    fields: &[(String, &str)],
) -> Result<Option<LengthRange>, Error> {
    let policy = decode(policy)?;
    let expiration =
        Timestamp::parse(TimestampFormat::DateTime, &policy.expiration).map_err(|_| {
            invalid(format!(
                "Invalid 'expiration' value: '{}'",
                policy.expiration
            ))
        })?;
    if expiration <= Timestamp::from(SystemTime::now()) {
        return Err(failed("Policy expired."));
    }
    let value = |wanted: &str| match wanted {
        "bucket" => Some(bucket),
        wanted => fields
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| *value),
    };
    let mut conditions = Vec::new();
    for condition in &policy.conditions {
        let parsed = parse(condition)?.filter(|condition| holds(condition, value));
        conditions.push(parsed.ok_or_else(|| condition_failed(condition))?);
    }
    let extra = fields
        .iter()
        .find(|(name, _)| !is_covered(&conditions, name));
    if let Some((name, _)) = extra {
        return Err(failed(&format!("Extra input fields: {name}")));
    }
    Ok(conditions.iter().find_map(|condition| match condition {
        Condition::Length(length) => Some(*length),
        Condition::Field { .. } => None,
    }))
}

fn decode(policy: &str) -> Result<Policy, Error> {
    let decoded = STANDARD.decode(policy.trim());
    let decoded = decoded.map_err(|error| invalid(error.to_string()))?;
    serde_json::from_slice(&decoded).map_err(|error| invalid(error.to_string()))
}

/// Returns `None` for a condition that no form meets: a field without `$`, or a length that is not
/// a number.
fn parse(condition: &Value) -> Result<Option<Condition>, Error> {
    if let Value::Object(members) = condition {
        let member = members.iter().next().filter(|_| members.len() == 1);
        let (name, value) = member.ok_or_else(|| {
            invalid(
                "Invalid Simple-Condition: Simple-Conditions must have exactly one property \
                     specified",
            )
        })?;
        return Ok(value.as_str().map(|value| Condition::Field {
            name: name.to_ascii_lowercase(),
            value: value.to_owned(),
            is_prefix: false,
        }));
    }
    let parts = condition.as_array().map(Vec::as_slice);
    let Some([Value::String(operator), first, second]) = parts else {
        return Err(invalid(format!("Invalid Condition: {condition}")));
    };
    let operator = operator.to_ascii_lowercase();
    match operator.as_str() {
        "content-length-range" => {
            let length = number(first).zip(number(second));
            Ok(length.map(Condition::Length))
        }
        "eq" | "starts-with" => {
            let name = first.as_str().and_then(|name| name.strip_prefix('$'));
            let field = name.zip(second.as_str());
            Ok(field.map(|(name, value)| Condition::Field {
                name: name.to_ascii_lowercase(),
                value: value.to_owned(),
                is_prefix: operator == "starts-with",
            }))
        }
        _ => Err(invalid(format!("Invalid Condition: {condition}"))),
    }
}

/// A number, which may be a text.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}

/// Returns true if the form meets the condition, apart from the file's length, which is not known
/// yet.
fn holds<'a>(condition: &Condition, field: impl Fn(&str) -> Option<&'a str>) -> bool {
    match condition {
        Condition::Field {
            name,
            value,
            is_prefix: true,
        } => field(name).unwrap_or_default().starts_with(value),
        Condition::Field { name, value, .. } => field(name) == Some(value),
        Condition::Length(_) => true,
    }
}

/// Returns true if the policy mentions the field, or need not.
fn is_covered(conditions: &[Condition], name: &str) -> bool {
    let needs_none = matches!(
        name,
        "x-amz-signature" | "signature" | "awsaccesskeyid" | "file" | "submit" | "policy"
    );
    needs_none
        || name.starts_with("x-ignore-")
        || conditions.iter().any(
            |condition| matches!(condition, Condition::Field { name: field, .. } if field == name),
        )
}

/// Says which condition failed, as a list.
fn condition_failed(condition: &Value) -> Error {
    let list = match condition {
        Value::Object(members) => members
            .iter()
            .next()
            .map_or_else(Vec::new, |(name, value)| {
                vec!["eq".into(), format!("${name}").into(), value.clone()]
            }),
        condition => condition.as_array().cloned().unwrap_or_default(),
    };
    let parts: Vec<String> = list.iter().map(Value::to_string).collect();
    failed(&format!("Policy Condition failed: [{}]", parts.join(", ")))
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::InvalidPolicy(format!("Invalid Policy: {why}."))
}

fn failed(why: &str) -> Error {
    Error::AccessDenied(format!("Invalid according to Policy: {why}"))
}

/// Refuses a file that is longer or shorter than the policy allows.
pub(super) fn check_length(allowed: Option<LengthRange>, size: u64) -> Result<(), Error> {
    match allowed {
        Some((_, max)) if size > max => Err(Error::EntityTooLarge
            .with("ProposedSize", size.to_string())
            .with("MaxSizeAllowed", max.to_string())),
        Some((min, _)) if size < min => Err(Error::EntityTooSmall
            .with("ProposedSize", size.to_string())
            .with("MinSizeAllowed", min.to_string())),
        _ => Ok(()),
    }
}
