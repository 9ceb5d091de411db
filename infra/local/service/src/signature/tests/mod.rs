//! Against what AWS publishes, against the AWS SDK's own signer, and a stack that verifies against
//! the SDK's clients.

mod examples;
mod oracle;
mod suite;

use super::*;

/// The time that a request's `X-Amz-Date` would have.
fn at(text: &str) -> Timestamp {
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
}

fn verifier(id: &str, secret: &str) -> Verifier {
    let keys = [Key::new(id, secret).unwrap(), Key::of_functions()];
    Verifier::new(keys, "us-east-1".into(), std::env::temp_dir())
}
