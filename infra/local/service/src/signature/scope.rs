//! The scope of a signature: a day, a region and a service.

use std::fmt;

/// `20260101/us-east-1/s3/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `20260101`
    pub(super) date: String,
    pub(super) region: String,
    /// The signing name, such as `states`.
    pub(super) service: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            date,
            region,
            service,
        } = self;
        write!(formatter, "{date}/{region}/{service}/aws4_request")
    }
}

impl Scope {
    /// Splits `KEY/20260101/us-east-1/s3/aws4_request` into the key's id and the scope.
    pub(super) fn split(credential: &str) -> Option<(String, Self)> {
        let mut parts = credential.split('/');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let id = next()?.to_owned();
        let scope = Self {
            date: next()?.to_owned(),
            region: next()?.to_owned(),
            service: next()?.to_owned(),
        };
        let terminated = next()? == "aws4_request" && parts.next().is_none();
        terminated.then_some((id, scope))
    }
}
