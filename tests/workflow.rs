//! The workflow as users start it: by test payload and by upload.

use std::time::Duration;

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use serde_json::{Value, json};

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, Stack, trained};

#[test]
fn the_demo_stages_trains_and_sees_the_gate_pass_and_refuse() {
    let (_, report) = trained();
    assert_eq!(report["data"]["drawn"], true);
    assert_eq!(report["data"]["staged"]["train"], 1000);
    assert_eq!(report["data"]["staged"]["test"], 200);
    assert!(report["model"]["accuracy"].as_f64().unwrap() > 0.5);
    let executions = report["executions"].as_array().unwrap();
    let with = |name: &str, value: &str| {
        executions
            .iter()
            .filter(|execution| execution[name] == value)
            .count()
    };
    assert!(with("status", "SUCCEEDED") > 0, "{executions:?}");
    assert!(
        with("error", "ThresholdConfidenceNotMet") > 0,
        "{executions:?}"
    );
    assert_eq!(with("trigger", "upload"), 4);
    for execution in executions {
        assert!(
            execution["milliseconds"].as_i64().unwrap() > 0,
            "{execution}"
        );
    }
}

#[tokio::test]
async fn the_notebooks_payload_reaches_its_end() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let input = json!({ "image_data": "", "s3_bucket": BUCKET, "s3_key": key, "threshold": 0.5 });
    let arn = clients.start_with(&input).await;
    let execution = clients.wait(&arn).await;
    assert_eq!(
        execution.status,
        ExecutionStatus::Succeeded,
        "{execution:?}"
    );
    let output: Value = serde_json::from_str(execution.output.as_deref().unwrap()).unwrap();
    assert_eq!(output["s3_key"], key);
    assert_eq!(output["s3_bucket"], BUCKET);
    assert_eq!(output["inferences"].as_array().unwrap().len(), 2);
    assert!(["bicycle", "motorcycle"].contains(&output["label"].as_str().unwrap()));
    assert!(output["confidence"].as_f64().unwrap() >= 0.5);
    assert!(
        output.get("image_data").is_none(),
        "the image is not part of the answer"
    );
}

/// The form that docs/tour.md shows.
#[tokio::test]
async fn a_definition_for_the_courses_functions_found_no_body() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let task = |function: &str| {
        json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": { "FunctionName": function, "Payload.$": "$" },
            "ResultSelector": { "statusCode": 200, "body.$": "$.Payload" },
        })
    };
    let mut states = json!({
        "Serialize": task("serialize-image"),
        "Classify": task("classify-image"),
        "Filter": task("filter-inferences"),
    });
    states["Serialize"]["Next"] = json!("Classify");
    states["Classify"]["InputPath"] = json!("$.body");
    states["Classify"]["Next"] = json!("Filter");
    states["Filter"]["InputPath"] = json!("$.body");
    states["Filter"]["End"] = json!(true);
    let definition = json!({ "StartAt": "Serialize", "States": states }).to_string();
    let created = clients.sfn.create_state_machine().name("course");
    let created = created
        .definition(definition)
        .role_arn("arn:aws:iam::123456789012:role/r");
    let machine = created.send().await.unwrap().state_machine_arn;
    let key = clients.test_image().await;
    let input = json!({ "image_data": "", "s3_bucket": BUCKET, "s3_key": key, "threshold": 0.5 });
    let started = clients.sfn.start_execution().state_machine_arn(machine);
    let started = started.input(input.to_string()).send().await.unwrap();
    let execution = clients.wait(&started.execution_arn).await;
    assert_eq!(
        execution.status,
        ExecutionStatus::Succeeded,
        "{execution:?}"
    );
    let output: Value = serde_json::from_str(execution.output.as_deref().unwrap()).unwrap();
    assert_eq!(output["statusCode"], 200);
    assert_eq!(output["body"]["s3_key"], key);
    assert_eq!(output["body"]["inferences"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_doubtful_image_is_refused_with_label_confidence_and_threshold() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let input = json!({ "image_data": "", "s3_bucket": BUCKET, "s3_key": key, "threshold": 1.0 });
    let arn = clients.start_with(&input).await;
    let execution = clients.wait(&arn).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("ThresholdConfidenceNotMet")
    );
    let cause = execution.cause.unwrap();
    assert!(
        cause.contains("cycle") && cause.contains("threshold"),
        "{cause}"
    );
    assert!(cause.contains(&key), "{cause}");
}

#[tokio::test]
async fn the_history_reads_like_that_of_aws() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let input = json!({ "image_data": "", "s3_bucket": BUCKET, "s3_key": key, "threshold": 0.5 });
    let arn = clients.start_with(&input).await;
    clients.wait(&arn).await;
    let history = clients.history(&arn).await;
    let types: Vec<&HistoryEventType> = history.iter().map(|event| &event.r#type).collect();
    let task = [
        &HistoryEventType::TaskStateEntered,
        &HistoryEventType::TaskScheduled,
        &HistoryEventType::TaskStarted,
        &HistoryEventType::TaskSucceeded,
        &HistoryEventType::TaskStateExited,
    ];
    let mut expected = vec![&HistoryEventType::ExecutionStarted];
    expected.extend(task.iter().cycle().take(15));
    expected.push(&HistoryEventType::ExecutionSucceeded);
    assert_eq!(types, expected);
    for (event, id) in history.iter().zip(1..) {
        assert_eq!(event.id, id);
        // On AWS the first state's entry has no predecessor, like the execution's start.
        assert_eq!(event.previous_event_id, if id == 2 { 0 } else { id - 1 });
    }
    let scheduled = history[2].task_scheduled_event_details.as_ref().unwrap();
    assert_eq!(
        (
            scheduled.resource_type.as_str(),
            scheduled.resource.as_str()
        ),
        ("lambda", "invoke")
    );
    let parameters: Value = serde_json::from_str(&scheduled.parameters).unwrap();
    assert_eq!(
        parameters["FunctionName"],
        "arn:aws:lambda:us-east-1:123456789012:function:serialize-image"
    );
}

#[tokio::test]
async fn an_upload_starts_exactly_one_execution() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    // A space and a plus: keys arrive URL-encoded in S3 events.
    let key = "incoming/my bike+1.png";
    clients.put(key, image.clone()).await;
    let execution = clients.first_execution_of(key).await;
    clients.wait(&execution).await;
    assert_eq!(clients.executions_of(key).await, [execution]);
    // The same key again is another upload.
    clients.put(key, image).await;
    clients
        .until("a second upload starts a second execution", async || {
            clients.executions_of(key).await.len() == 2
        })
        .await;
    // Elsewhere in the bucket nothing starts.
    clients.put("elsewhere/bike.png", "x").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(clients.executions_of("elsewhere/bike.png").await.is_empty());
}

#[tokio::test]
async fn the_same_event_delivered_twice_starts_one_execution() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let key = "test/twice.png";
    clients
        .put(key, clients.get(&clients.test_image().await).await)
        .await;
    let event = |sequencer: &str| {
        let object = json!({ "key": key, "sequencer": sequencer, "eTag": "e", "size": 1 });
        json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "awsRegion": "us-east-1", "eventTime": "2026-01-01T00:00:00.000Z",
            "userIdentity": { "principalId": "p" },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": {},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "c", "object": object,
                "bucket": { "name": BUCKET, "ownerIdentity": { "principalId": "p" }, "arn": "arn:aws:s3:::b" },
            },
        }] })
    };
    clients.invoke("start-execution", &event("0055")).await;
    clients.invoke("start-execution", &event("0055")).await;
    assert_eq!(clients.executions_of(key).await.len(), 1);
    clients.invoke("start-execution", &event("0056")).await;
    assert_eq!(
        clients.executions_of(key).await.len(),
        2,
        "a later write is another event"
    );
}

#[tokio::test]
async fn the_endpoint_answers_and_its_traffic_is_captured() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let image = clients.get(&clients.test_image().await).await;
    let answer = clients
        .runtime
        .invoke_endpoint()
        .endpoint_name("scones-classifier")
        .content_type("application/x-image")
        .inference_id("my-inference")
        .body(image.into())
        .send()
        .await
        .unwrap();
    let scores: Vec<f64> = serde_json::from_slice(answer.body.unwrap().as_ref()).unwrap();
    assert!(
        (scores.iter().sum::<f64>() - 1.0).abs() < 1e-5,
        "{scores:?}"
    );
    // The stack uploads what it captured when it stops.
    let (data_dir, _kept) = stack.stop();
    let stack = Stack::on(&data_dir, &Options::default());
    let lines = Clients::of(&stack).await.captured().await;
    let line = lines
        .iter()
        .find(|line| line["eventMetadata"]["inferenceId"] == "my-inference")
        .unwrap();
    let input = &line["captureData"]["endpointInput"];
    assert_eq!(input["observedContentType"], "application/x-image");
    assert_eq!(input["encoding"], "BASE64");
    let output = line["captureData"]["endpointOutput"]["data"]
        .as_str()
        .unwrap();
    assert_eq!(serde_json::from_str::<Vec<f64>>(output).unwrap(), scores);
}
