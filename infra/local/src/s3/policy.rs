//! The policy of a form upload: what its fields may say.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>. `s3s` parses it; its
//! conditions are judged here, for AWS's errors.

use std::time::SystemTime;

use s3s::dto::Timestamp;
use s3s::post_policy::{PostPolicy, PostPolicyCondition};

use super::error::Error;

/// How many bytes a file may have, from and to.
pub(super) type Length = (u64, u64);

/// Holds the fields of a form, names and values, against its policy; gives the length that it allows the file.
pub(super) fn check(
    policy: &str,
    bucket: &str,
    fields: &[(String, &str)],
) -> Result<Option<Length>, Error> {
    let policy = PostPolicy::from_base64(policy.trim())
        .map_err(|error| Error::InvalidPolicy(format!("Invalid Policy: {error}.")))?;
    if policy.expiration <= Timestamp::from(SystemTime::now()) {
        return Err(failed("Policy expired."));
    }
    let value = |wanted: &str| match wanted {
        "bucket" => Some(bucket),
        wanted => fields
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| *value),
    };
    for condition in &policy.conditions {
        match condition {
            PostPolicyCondition::Eq {
                field,
                value: wanted,
            } if value(field) != Some(wanted) => {
                return Err(condition_failed("eq", field, wanted));
            }
            PostPolicyCondition::StartsWith { field, prefix }
                if !value(field).unwrap_or_default().starts_with(prefix) =>
            {
                return Err(condition_failed("starts-with", field, prefix));
            }
            _ => {}
        }
    }
    let extra = fields.iter().find(|(name, _)| !is_covered(&policy, name));
    match extra {
        Some((name, _)) => Err(failed(&format!("Extra input fields: {name}"))),
        None => Ok(policy.content_length_range()),
    }
}

/// Whether the policy says something of the field, or need not.
fn is_covered(policy: &PostPolicy, name: &str) -> bool {
    let needs_none = matches!(
        name,
        "x-amz-signature" | "signature" | "awsaccesskeyid" | "file" | "submit" | "policy"
    );
    needs_none
        || name.starts_with("x-ignore-")
        || policy.conditions.iter().any(|condition| match condition {
            PostPolicyCondition::Eq { field, .. }
            | PostPolicyCondition::StartsWith { field, .. } => field == name,
            PostPolicyCondition::ContentLengthRange { .. } => false,
        })
}

fn condition_failed(operator: &str, field: &str, value: &str) -> Error {
    failed(&format!(
        "Policy Condition failed: [\"{operator}\", \"${field}\", \"{value}\"]"
    ))
}

fn failed(why: &str) -> Error {
    Error::AccessDenied(format!("Invalid according to Policy: {why}"))
}

/// Refuses a file that is longer or shorter than the policy allows.
pub(super) fn check_length(allowed: Option<Length>, size: u64) -> Result<(), Error> {
    match allowed {
        Some((_, most)) if size > most => Err(Error::EntityTooLarge
            .with("ProposedSize", size.to_string())
            .with("MaxSizeAllowed", most.to_string())),
        Some((least, _)) if size < least => Err(Error::EntityTooSmall
            .with("ProposedSize", size.to_string())
            .with("MinSizeAllowed", least.to_string())),
        _ => Ok(()),
    }
}
