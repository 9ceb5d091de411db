//! Tests which service a request is routed to.

use tempfile::TempDir;

use super::start_with;
use crate::route::{Destination, route};
use crate::stack::Stack;

/// A stack whose router is asked.
struct Router {
    stack: Stack,
    _data_dir: TempDir,
}

impl Router {
    async fn start() -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let stack = start_with(&data_dir, |_| {}).await;
        Self {
            stack,
            _data_dir: data_dir,
        }
    }

    #[track_caller]
    fn check(&self, uri: &str, headers: &[(&str, &str)], expected: &str) {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let found = match route(self.stack.services(), &parts) {
            Destination::Service(service) => service.signing_name().to_owned(),
            Destination::Stack => "the stack".to_owned(),
            Destination::Unknown(name) => format!("no {name}"),
        };
        assert_eq!(found, expected, "{uri} {headers:?}");
    }
}

fn scope(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00"
    )
}

#[tokio::test]
async fn signed_requests_name_their_service() {
    let router = Router::start().await;
    for (name, service) in [
        ("s3", "s3"),
        ("lambda", "lambda"),
        ("states", "states"),
        ("sagemaker", "sagemaker"),
        ("scheduler", "scheduler"),
        ("execute-api", "execute-api"),
        ("dynamodb", "no dynamodb"),
    ] {
        router.check("/", &[("authorization", &scope(name))], service);
    }
}

#[tokio::test]
async fn the_scope_wins_over_path_and_target() {
    let router = Router::start().await;
    let lambda = scope("lambda");
    router.check("/bucket/key", &[("authorization", &lambda)], "lambda");
    router.check(
        "/",
        &[("authorization", &lambda), ("x-amz-target", "SageMaker.X")],
        "lambda",
    );
}

#[tokio::test]
async fn a_key_with_slashes_and_a_scope_without_region() {
    let router = Router::start().await;
    let odd =
        "AWS4-HMAC-SHA256 Credential=my/odd/key/20260101/us-east-1/states/aws4_request,Signature=0";
    router.check("/", &[("authorization", odd)], "states");
    let sigv4a = "AWS4-ECDSA-P256-SHA256 Credential=test/20260101/s3/aws4_request, Signature=0";
    router.check("/b/k", &[("authorization", sigv4a)], "s3");
}

#[tokio::test]
async fn presigned_urls() {
    let router = Router::start().await;
    let presigned = |path: &str, service: &str| {
        format!(
            "{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2F{service}%2Faws4_request&X-Amz-Signature=0"
        )
    };
    router.check(&presigned("/b/k", "s3"), &[], "s3");
    let bucket = "/endpoints/x/invocations";
    router.check(&presigned(bucket, "s3"), &[], "s3");
    router.check(&presigned(bucket, "sagemaker"), &[], "sagemaker");
    let function = "/2015-03-31/functions/f/invocations";
    router.check(&presigned(function, "lambda"), &[], "lambda");
}

/// `POST /schedules/x?X-Amz-Credential=…/scheduler/aws4_request` made a schedule, and any page
/// could send it.
#[tokio::test]
async fn a_query_does_not_choose_the_service() {
    let router = Router::start().await;
    for service in ["lambda", "states", "sagemaker", "scheduler", "dynamodb"] {
        for query in [
            "X-Amz-Credential=",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=",
        ] {
            let scope = format!("{query}k/20260101/us-east-1/{service}/aws4_request");
            router.check(&format!("/schedules/x?{scope}"), &[], "s3");
            let encoded = scope.replace('/', "%2F");
            router.check(&format!("/schedules/x?{encoded}"), &[], "s3");
        }
    }
}

#[tokio::test]
async fn unsigned_requests() {
    let router = Router::start().await;
    router.check(
        "/",
        &[("x-amz-target", "AWSStepFunctions.StartExecution")],
        "states",
    );
    router.check(
        "/",
        &[("x-amz-target", "SageMaker.DescribeEndpoint")],
        "sagemaker",
    );
    router.check(
        "/",
        &[("x-amz-target", "Logs_20140328.PutLogEvents")],
        "no Logs_20140328",
    );
    router.check("/2015-03-31/functions/f/invocations", &[], "lambda");
    router.check("/endpoints/e/invocations", &[], "sagemaker");
    router.check("/bucket/key", &[], "s3");
    let api = "/_aws/execute-api/Door/v1/look";
    router.check(api, &[], "execute-api");
    router.check(api, &[("authorization", "Bearer x")], "execute-api");
    let host = ("host", "door.execute-api.localhost:4566");
    router.check("/v1/look", &[host], "execute-api");
    let bucket = ("host", "photos.localhost:4566");
    for key in [
        "/_scones/gc",
        "/_aws/execute-api/Door/v1/look",
        "/endpoints/e/invocations",
    ] {
        router.check(key, &[bucket], "s3");
    }
    router.check(
        "/_scones/gc",
        &[("authorization", &scope("s3"))],
        "the stack",
    );
}

#[tokio::test]
async fn broken_signatures_are_taken_as_unsigned() {
    let router = Router::start().await;
    for broken in [
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=/aws4_request",
    ] {
        router.check("/bucket/key", &[("authorization", broken)], "s3");
    }
}
