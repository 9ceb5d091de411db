//! start-execution over the real Step Functions client and events as S3 sends them.

use std::sync::{Arc, Mutex};

use super::*;
use crate::aws::testing::{answering, unreachable};
use crate::diagnostic::FunctionError;

const ARN: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:classify";

fn record(key: &str, sequencer: &str) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:A"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "R", "x-amz-id-2": "I"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "upload",
            "bucket": {"name": "pictures", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::pictures"},
            "object": {"key": key, "size": 1024, "eTag": "e", "sequencer": sequencer},
        },
    })
}

fn upload(record: Value) -> Upload {
    Upload::of(record).expect("a record").expect("an upload")
}

/// Returns the requests to Step Functions and the function's result, where some names are answered
/// with an error.
async fn starting(
    records: Vec<Value>,
    answer: impl Fn(&Value) -> Option<(u16, &'static str)> + Send + Sync + 'static,
) -> (Vec<Value>, Result<StartedExecutions, Error>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = requests.clone();
    let config = answering(move |request| {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let answer = answer(&body);
        log.lock().unwrap().push(body);
        match answer {
            Some((status, code)) => (
                status,
                code,
                json!({"__type": code, "message": "as AWS says it"}).to_string(),
            ),
            None => (
                200,
                "",
                r#"{"executionArn": "arn:e", "startDate": 1.7e9}"#.into(),
            ),
        }
    });
    let function = StartExecution::new(Client::new(&config), ARN.into());
    let outcome = function.handle(json!({"Records": records})).await;
    let requests = requests.lock().unwrap().clone();
    (requests, outcome)
}

#[tokio::test]
async fn an_upload_starts_an_execution_with_the_notebooks_payload() {
    let (requests, outcome) = starting(vec![record("incoming/my+bike%2B%C3%BC.png", "0A")], |_| {
        None
    })
    .await;
    let name = requests[0]["name"].as_str().unwrap();
    assert_eq!(outcome.unwrap().executions, [name]);
    assert_eq!(requests[0]["stateMachineArn"], ARN);
    let input: Value = serde_json::from_str(requests[0]["input"].as_str().unwrap()).unwrap();
    assert_eq!(
        input,
        json!({"image_data": "", "s3_bucket": "pictures", "s3_key": "incoming/my bike+ü.png"})
    );
}

#[tokio::test]
async fn the_second_delivery_of_an_event_is_a_success_too() {
    let (_, first) = starting(vec![record("a.png", "0A")], |_| None).await;
    let (_, second) = starting(vec![record("a.png", "0A")], |_| {
        Some((400, "ExecutionAlreadyExists"))
    })
    .await;
    assert_eq!(first.unwrap(), second.unwrap());
}

#[tokio::test]
async fn one_bad_record_loses_no_other() {
    let no_key = json!({"eventName": "ObjectCreated:Put"});
    let records = vec![
        record("a.png", "0A"),
        no_key,
        record("b.png", "0B"),
        record("c.png", "0C"),
    ];
    let refuse_b = |body: &Value| {
        let refused = body["input"].as_str().unwrap().contains("b.png");
        refused.then_some((400, "StateMachineDoesNotExist"))
    };
    let (requests, outcome) = starting(records, refuse_b).await;
    assert_eq!(requests.len(), 3);
    let error = outcome.unwrap_err();
    assert_eq!(error.name(), "ExecutionsNotStarted");
    assert_eq!(
        error.to_string(),
        "2 of 4 uploads started no execution: record 1: not a record of S3: missing field \
         `eventTime`; s3://pictures/b.png: StateMachineDoesNotExist: as AWS says it"
    );
}

#[tokio::test]
async fn a_step_functions_that_is_not_there_is_said() {
    let function = StartExecution::new(Client::new(&unreachable()), ARN.into());
    let event = json!({"Records": [record("a.png", "0A")]});
    let text = function.handle(event).await.unwrap_err().to_string();
    assert!(
        text.starts_with("1 of 1 uploads started no execution: s3://pictures/a.png: "),
        "{text}"
    );
    assert!(text.contains("Connection refused"), "{text}");
}

#[test]
fn a_name_is_of_one_upload_and_step_functions_takes_it() {
    let name = |key: &str, sequencer: &str| upload(record(key, sequencer)).execution_name();
    let base = name("in/bicycle_s_000513.png", "0A");
    assert_eq!(base, name("in/bicycle_s_000513.png", "0A"));
    assert!(base.starts_with("bicycle_s_000513-"), "{base}");
    for other in [
        name("in/bicycle_s_000513.png", "0B"),
        name("of/bicycle_s_000513.png", "0A"),
    ] {
        assert_ne!(base, other);
    }
    let mut versioned = record("in/bicycle_s_000513.png", "0A");
    versioned["s3"]["object"]["versionId"] = "v2".into();
    assert_ne!(base, upload(versioned).execution_name());
    for key in [
        "a",
        "%E8%87%AA%E8%BB%8A.jpg",
        "x/%22%23%5C%00%7F.png",
        &"k".repeat(1024),
        ".png",
    ] {
        let name = name(key, "0A");
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(
            (1..=80).contains(&name.len()) && name.chars().all(allowed),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_new_image_is_passed_over() {
    let mut removed = record("a.png", "0A");
    removed["eventName"] = "ObjectRemoved:Delete".into();
    let mut folder = record("incoming/", "0A");
    folder["s3"]["object"]["size"] = 0.into();
    for record in [removed, folder] {
        assert_eq!(Upload::of(record), Ok(None));
    }
    assert!(matches!(Upload::of(record("incoming/", "0A")), Ok(Some(_))));
}

#[tokio::test]
async fn an_event_of_someone_else_is_invalid_but_s3s_test_is_none() {
    let function = StartExecution::new(Client::new(&unreachable()), ARN.into());
    let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "pictures"});
    assert_eq!(
        function.handle(test).await.unwrap(),
        StartedExecutions::default()
    );
    for (event, found) in [
        (json!({"s3_key": "k"}), "it is missing"),
        (json!({"Records": "none"}), "a string"),
        (json!([1]), "an array"),
    ] {
        let text = function.handle(event).await.unwrap_err().to_string();
        assert_eq!(
            text,
            format!("the event has no Records array: S3 notifications have one: {found}")
        );
    }
}

#[test]
fn keys_are_decoded_as_forms_are() {
    for (key, decoded) in [
        ("a+b.png", Ok("a b.png")),
        ("a%2Bb%20c%2Fd.png", Ok("a+b c/d.png")),
        ("%E8%87%AA.png", Ok("自.png")),
        ("100%", Ok("100%")),
        ("%FF.png", Err("the key %FF.png is not URL-encoded UTF-8")),
    ] {
        assert_eq!(
            decode(key),
            decoded.map(str::to_owned).map_err(str::to_owned)
        );
    }
}
