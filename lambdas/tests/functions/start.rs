//! The program start-execution.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::lambda::Lambda;
use crate::services::Services;

fn event(keys: &[&str]) -> Value {
    let record = |key: &&str| {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-01-02T03:04:05.678Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "A"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "R"},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "c",
                "bucket": {"name": "pictures", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::pictures"},
                "object": {"key": key, "size": 1, "eTag": "e", "sequencer": "0055AED6DCD90281E5"},
            },
        })
    };
    json!({"Records": keys.iter().map(record).collect::<Vec<_>>()})
}

#[tokio::test]
async fn one_upload_is_one_execution_however_often_s3_tells_of_it() {
    let services = Arc::new(Services::default());
    let url = services.start().await;
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        (
            "STATE_MACHINE_ARN",
            "arn:aws:states:us-east-1:123456789012:stateMachine:classify",
        ),
    ];
    let mut function = Lambda::start(env!("CARGO_BIN_EXE_start-execution"), &variables).await;
    let first = function
        .output(event(&["incoming/my+bike.png", "incoming/b.png"]))
        .await;
    let again = function.output(event(&["incoming/my+bike.png"])).await;
    assert_eq!(first["executions"][0], again["executions"][0]);

    let executions = services.executions.lock().unwrap();
    assert_eq!(executions.len(), 2);
    let name = again["executions"][0].as_str().unwrap();
    assert!(name.starts_with("my-bike-"), "{name}");
    let input: Value = serde_json::from_str(executions[name]["input"].as_str().unwrap()).unwrap();
    let expected =
        json!({"image_data": "", "s3_bucket": "pictures", "s3_key": "incoming/my bike.png"});
    assert_eq!(input, expected);
}
