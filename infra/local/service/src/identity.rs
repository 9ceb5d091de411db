//! The identity that all services share: the account and region the stack emulates, and its ARNs.

/// The account and the region that the stack answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }
}

impl Identity {
    /// The ARN of `resource` (for example `function:filter-inferences`) of `service` (for example
    /// `lambda`).
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }
}
