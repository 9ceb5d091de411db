//! Every answer of every service has a request id: SDKs give it to whoever asks, and people put it
//! into reports.

use aws_sdk_s3::operation::{RequestId as _, RequestIdExt as _};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, Stack};

#[tokio::test]
async fn the_sdk_finds_the_request_id_of_answers_and_errors() {
    let dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(dir.path(), &Options::default());
    let clients = Clients::of(&stack).await;
    let (sfn, scheduler) = (&clients.sfn, &clients.scheduler);

    let listed = sfn.list_state_machines().send().await.unwrap();
    let missing = "arn:aws:states:us-east-1:123456789012:execution:m:none";
    let failed = sfn.describe_execution().execution_arn(missing).send().await;
    let schedules = scheduler.list_schedules().send().await.unwrap();
    let no_schedule = scheduler.get_schedule().name("none").send().await;
    let endpoint = clients.runtime.invoke_endpoint().endpoint_name("none");
    let no_endpoint = endpoint.body(b"x".to_vec().into()).send().await;
    for (what, id) in [
        ("ListStateMachines", listed.request_id()),
        (
            "DescribeExecution",
            failed.as_ref().unwrap_err().request_id(),
        ),
        ("ListSchedules", schedules.request_id()),
        (
            "GetSchedule",
            no_schedule.as_ref().unwrap_err().request_id(),
        ),
        (
            "InvokeEndpoint",
            no_endpoint.as_ref().unwrap_err().request_id(),
        ),
    ] {
        assert_eq!(id.map(str::len), Some(36), "{what}: {id:?}");
    }

    let objects = clients
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let no_object = clients
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("none")
        .send()
        .await;
    let no_object = no_object.unwrap_err();
    for id in [objects.request_id(), no_object.request_id()] {
        assert_eq!(id.map(str::len), Some(16), "{id:?}");
    }
    assert!(objects.extended_request_id().is_some() && no_object.extended_request_id().is_some());
}

/// A request to each API, with what is missing in it.
const REQUESTS: [(&str, &str, &str); 8] = [
    ("POST", "/", "AWSStepFunctions.Nothing"),
    ("POST", "/", "SageMaker.DescribeEndpoint"),
    ("POST", "/", "Logs_20140328.PutLogEvents"),
    ("GET", "/2015-03-31/functions", ""),
    ("GET", "/2015-03-31/functions/none", ""),
    ("POST", "/endpoints/none/invocations", ""),
    ("POST", "/_aws/execute-api/FrontDoor/v1/none", ""),
    ("GET", "/_scones/none", ""),
];

/// As they are answered, as a web page is refused, and as an unsigned request is.
#[test]
fn every_refusal_has_a_request_id() {
    for (key, origin) in [
        (None, ""),
        (None, "http://page.example"),
        (Some(("test-key", "0f8fad5bd9cb469fa16570867728950e")), ""),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let stack = Stack::on(
            dir.path(),
            &Options {
                key,
                ..Options::default()
            },
        );
        for (method, path, target) in REQUESTS {
            let agent: ureq::Agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .build()
                .into();
            let mut request = ureq::http::Request::builder()
                .method(method)
                .uri(format!("{}{path}", stack.url));
            for (name, value) in [("x-amz-target", target), ("origin", origin)] {
                if !value.is_empty() {
                    request = request.header(name, value);
                }
            }
            let answer = agent.run(request.body(()).unwrap()).unwrap();
            let id = answer.headers().get("x-amzn-requestid").map(|id| id.len());
            assert_eq!(
                id,
                Some(36),
                "{method} {path} {target} {origin}: {answer:?}"
            );
        }
    }
}
