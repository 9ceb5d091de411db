//! Routes a request to its service.
//!
//! Every AWS SDK and the AWS CLI sign their requests, and the credential scope in the `Authorization` header
//! (`Credential=KEY/DATE/REGION/SERVICE/aws4_request`) names the service. Another request goes by what only one service uses:
//! the `X-Amz-Target` header, or the path. What is left is S3, which alone serves anonymous readers.
//!
//! A query's scope (`X-Amz-Credential`) chooses S3 only, which presigned URLs are for: whoever makes somebody follow a link
//! writes the query, and would choose the service.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::{apigateway, virtual_host};

/// Where the stack is asked about itself, under any name that is not a bucket's. No bucket's name can begin with an underscore, so
/// no object is hidden by it.
const OWN: &str = "/_scones/";

/// A service of the stack, or the name of one that is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Amazon S3.
    S3,
    /// AWS Lambda.
    Lambda,
    /// AWS Step Functions.
    States,
    /// Amazon SageMaker and SageMaker Runtime, which share a signing name.
    SageMaker,
    /// Amazon EventBridge Scheduler.
    Scheduler,
    /// The APIs of Amazon API Gateway, which whoever may calls, signed or not.
    ApiGateway,
    /// The stack itself.
    Own,
    /// A service that the stack does not have, by its signing name.
    Other(String),
}

impl Service {
    /// What a signature's credential scope calls it.
    pub(crate) fn signing_name(&self) -> &str {
        match self {
            Self::S3 => "s3",
            Self::Lambda => "lambda",
            Self::States => "states",
            Self::SageMaker => "sagemaker",
            Self::Scheduler => "scheduler",
            Self::ApiGateway => "execute-api",
            Self::Own => "scones",
            Self::Other(name) => name,
        }
    }
}

/// Tells which service `request` is for.
pub(crate) fn route(request: &Parts) -> Service {
    let is_at_a_bucket = virtual_host::bucket(request).is_some();
    if request.uri.path().starts_with(OWN) && !is_at_a_bucket {
        return Service::Own;
    }
    if apigateway::is_for_an_api(request) {
        return Service::ApiGateway;
    }
    match signing_name(request) {
        Some(name) => by_signing_name(name),
        None if is_at_a_bucket => Service::S3,
        None if is_presigned_for_s3(request) => Service::S3,
        None => unsigned(request),
    }
}

fn by_signing_name(name: &str) -> Service {
    match name {
        "s3" => Service::S3,
        "lambda" => Service::Lambda,
        "states" => Service::States,
        "sagemaker" => Service::SageMaker,
        "scheduler" => Service::Scheduler,
        "execute-api" => Service::ApiGateway,
        other => Service::Other(other.to_owned()),
    }
}

/// The service in the credential scope of the `Authorization` header.
fn signing_name(request: &Parts) -> Option<&str> {
    let header = request.headers.get(http::header::AUTHORIZATION)?;
    let credential = header.to_str().ok()?.split("Credential=").nth(1)?;
    // The service stands before the last part, also where the region is left out (SigV4a) or the key itself has a '/'.
    let credential = credential.split(',').next()?.trim();
    let scope = credential.strip_suffix("/aws4_request")?;
    scope.rsplit('/').next().filter(|name| !name.is_empty())
}

/// Whether the query has the credential scope of a presigned URL for S3.
fn is_presigned_for_s3(request: &Parts) -> bool {
    let mut pairs = request.uri.query().unwrap_or_default().split('&');
    let credential = pairs.find_map(|pair| pair.strip_prefix("X-Amz-Credential="));
    credential.is_some_and(|credential| {
        let credential: Vec<u8> = percent_decode_str(credential).collect();
        credential.ends_with(b"/s3/aws4_request")
    })
}

fn unsigned(request: &Parts) -> Service {
    let target = request.headers.get("x-amz-target");
    match target
        .and_then(|value| value.to_str().ok())
        .and_then(|target| target.split_once('.'))
    {
        Some(("AWSStepFunctions", _)) => return Service::States,
        Some(("SageMaker", _)) => return Service::SageMaker,
        Some((service, _)) => return Service::Other(service.to_owned()),
        None => {}
    }
    let path = request.uri.path();
    if path.starts_with("/2015-03-31/functions") {
        Service::Lambda
    } else if path.starts_with("/endpoints/") && path.ends_with("/invocations") {
        Service::SageMaker
    } else {
        Service::S3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, headers: &[(&str, &str)], expected: &Service) {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(&route(&parts), expected, "{uri} {headers:?}");
    }

    fn scope(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00"
        )
    }

    #[test]
    fn signed_requests_name_their_service() {
        for (name, service) in [
            ("s3", Service::S3),
            ("lambda", Service::Lambda),
            ("states", Service::States),
            ("sagemaker", Service::SageMaker),
            ("scheduler", Service::Scheduler),
            ("execute-api", Service::ApiGateway),
            ("dynamodb", Service::Other("dynamodb".into())),
        ] {
            check("/", &[("authorization", &scope(name))], &service);
        }
    }

    #[test]
    fn the_scope_wins_over_path_and_target() {
        let lambda = scope("lambda");
        check(
            "/bucket/key",
            &[("authorization", &lambda)],
            &Service::Lambda,
        );
        check(
            "/",
            &[("authorization", &lambda), ("x-amz-target", "SageMaker.X")],
            &Service::Lambda,
        );
    }

    #[test]
    fn a_key_with_slashes_and_a_scope_without_region() {
        let odd = "AWS4-HMAC-SHA256 Credential=my/odd/key/20260101/us-east-1/states/aws4_request,Signature=0";
        check("/", &[("authorization", odd)], &Service::States);
        let sigv4a = "AWS4-ECDSA-P256-SHA256 Credential=test/20260101/s3/aws4_request, Signature=0";
        check("/b/k", &[("authorization", sigv4a)], &Service::S3);
    }

    #[test]
    fn presigned_urls() {
        let presigned = |path: &str, service: &str| {
            format!(
                "{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=test%2F20260101%2Fus-east-1%2F{service}%2Faws4_request&X-Amz-Signature=0"
            )
        };
        check(&presigned("/b/k", "s3"), &[], &Service::S3);
        let bucket = "/endpoints/x/invocations";
        check(&presigned(bucket, "s3"), &[], &Service::S3);
        check(&presigned(bucket, "sagemaker"), &[], &Service::SageMaker);
        let function = "/2015-03-31/functions/f/invocations";
        check(&presigned(function, "lambda"), &[], &Service::Lambda);
    }

    /// `POST /schedules/x?X-Amz-Credential=…/scheduler/aws4_request` made a schedule, and any page could send it.
    #[test]
    fn a_query_does_not_choose_the_service() {
        for service in ["lambda", "states", "sagemaker", "scheduler", "dynamodb"] {
            for query in [
                "X-Amz-Credential=",
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=",
            ] {
                let scope = format!("{query}k/20260101/us-east-1/{service}/aws4_request");
                check(&format!("/schedules/x?{scope}"), &[], &Service::S3);
                let encoded = scope.replace('/', "%2F");
                check(&format!("/schedules/x?{encoded}"), &[], &Service::S3);
            }
        }
    }

    #[test]
    fn unsigned_requests() {
        check(
            "/",
            &[("x-amz-target", "AWSStepFunctions.StartExecution")],
            &Service::States,
        );
        check(
            "/",
            &[("x-amz-target", "SageMaker.DescribeEndpoint")],
            &Service::SageMaker,
        );
        check(
            "/",
            &[("x-amz-target", "Logs_20140328.PutLogEvents")],
            &Service::Other("Logs_20140328".into()),
        );
        check("/2015-03-31/functions/f/invocations", &[], &Service::Lambda);
        check("/endpoints/e/invocations", &[], &Service::SageMaker);
        check("/bucket/key", &[], &Service::S3);
        let api = "/_aws/execute-api/Door/v1/look";
        check(api, &[], &Service::ApiGateway);
        check(api, &[("authorization", "Bearer x")], &Service::ApiGateway);
        let host = ("host", "door.execute-api.localhost:4566");
        check("/v1/look", &[host], &Service::ApiGateway);
        let bucket = ("host", "photos.localhost:4566");
        for key in [
            "/_scones/gc",
            "/_aws/execute-api/Door/v1/look",
            "/endpoints/e/invocations",
        ] {
            check(key, &[bucket], &Service::S3);
        }
        check(
            "/_scones/gc",
            &[("authorization", &scope("s3"))],
            &Service::Own,
        );
    }

    #[test]
    fn broken_signatures_are_taken_as_unsigned() {
        for broken in [
            "",
            "Bearer x",
            "AWS4-HMAC-SHA256 Credential=",
            "AWS4-HMAC-SHA256 Credential=/aws4_request",
        ] {
            check("/bucket/key", &[("authorization", broken)], &Service::S3);
        }
    }
}
