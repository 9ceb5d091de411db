//! Routes a request to its service.
//!
//! Every AWS SDK and the AWS CLI sign their requests, and the credential scope in the
//! `Authorization` header (`Credential=KEY/DATE/REGION/SERVICE/aws4_request`) names the service. An
//! unsigned request is routed by what only one service uses: the `X-Amz-Target` header, or the
//! path. Everything else goes to S3, the only service with anonymous readers.
//!
//! The scope in a query (`X-Amz-Credential`) can select only S3, the service that presigned URLs
//! are for: the author of a malicious link controls the query, and could choose any service.
//!
//! Source:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use http::request::Parts;
use percent_encoding::percent_decode_str;
use service::{Service, virtual_host};

use crate::registry::Registry;

/// The path prefix of the stack's own API, on any host that does not name a bucket. Bucket names
/// can't begin with an underscore, so it hides no object.
const STACK: &str = "/_scones/";

/// The destination of a request.
pub(crate) enum Destination<'s> {
    /// A service of the stack.
    Service(&'s dyn Service),
    /// The stack itself.
    Stack,
    /// A service that the stack does not have, by its signing name or target.
    Unknown(String),
}

/// Tells where `request` goes.
pub(crate) fn route<'s>(services: &'s Registry, request: &Parts) -> Destination<'s> {
    let is_at_a_bucket = virtual_host::bucket(request).is_some();
    if request.uri.path().starts_with(STACK) && !is_at_a_bucket {
        return Destination::Stack;
    }
    if let Some(owner) = services.find(|service| service.owns(request)) {
        return Destination::Service(owner);
    }
    match signing_name(request) {
        Some(name) => find_service(services, name, |service| service.signing_name() == name),
        None if is_at_a_bucket || is_presigned_for_s3(request) => anonymous_service(services),
        None => route_unsigned(services, request),
    }
}

fn find_service<'s>(
    services: &'s Registry,
    name: &str,
    matches: impl Fn(&dyn Service) -> bool,
) -> Destination<'s> {
    match services.find(matches) {
        Some(service) => Destination::Service(service),
        None => Destination::Unknown(name.to_owned()),
    }
}

fn anonymous_service(services: &Registry) -> Destination<'_> {
    find_service(services, "s3", |service| service.serves_anonymous())
}

/// The service in the credential scope of the `Authorization` header.
fn signing_name(request: &Parts) -> Option<&str> {
    let header = request.headers.get(http::header::AUTHORIZATION)?;
    let credential = header.to_str().ok()?.split("Credential=").nth(1)?;
    // The service stands before the last part, also where the region is left out (SigV4a) or the
    // key itself has a '/'.
    let credential = credential.split(',').next()?.trim();
    let scope = credential.strip_suffix("/aws4_request")?;
    scope.rsplit('/').next().filter(|name| !name.is_empty())
}

/// Returns true if the query has the credential scope of a presigned URL for S3.
fn is_presigned_for_s3(request: &Parts) -> bool {
    let mut pairs = request.uri.query().unwrap_or_default().split('&');
    let credential = pairs.find_map(|pair| pair.strip_prefix("X-Amz-Credential="));
    credential.is_some_and(|credential| {
        let credential: Vec<u8> = percent_decode_str(credential).collect();
        credential.ends_with(b"/s3/aws4_request")
    })
}

fn route_unsigned<'s>(services: &'s Registry, request: &Parts) -> Destination<'s> {
    let target = request.headers.get("x-amz-target");
    let target = target.and_then(|value| value.to_str().ok());
    if let Some((name, _)) = target.and_then(|target| target.split_once('.')) {
        return find_service(services, name, |service| service.target() == Some(name));
    }
    match services.find(|service| service.owns_unsigned(request)) {
        Some(owner) => Destination::Service(owner),
        None => anonymous_service(services),
    }
}
