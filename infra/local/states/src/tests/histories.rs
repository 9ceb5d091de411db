//! Histories as GetExecutionHistory gives them.

use super::*;

/// An event as a line: id, previous id, type, and the details without what is the same in all.
fn line(event: &Value) -> String {
    let details = event
        .as_object()
        .unwrap()
        .iter()
        .find(|(key, _)| key.ends_with("EventDetails"));
    let details = details.map_or(String::new(), |(_, details)| {
        let mut details = details.clone();
        let fields = details.as_object_mut().unwrap();
        fields.retain(|key, _| key != "inputDetails" && key != "outputDetails" && key != "roleArn");
        // The response of lambda:invoke has times and ids in it; it is checked where it is made.
        if fields
            .get("output")
            .is_some_and(|output| output.as_str().unwrap().contains("SdkHttpMetadata"))
        {
            fields["output"] = json!("...");
        }
        format!(" {details}")
    });
    let type_ = event["type"].as_str().unwrap();
    format!(
        "{} {} {type_}{details}",
        event["id"], event["previousEventId"]
    )
}

async fn check(definition: Value, input: Value, status: &str, expected: &[&str]) {
    let f = fixture();
    f.machine(definition).await;
    let execution = f.run(input).await;
    assert_eq!(execution.status, status, "{execution:?}");
    let body = json!({ "executionArn": execution.execution_arn });
    let history = f.ok("GetExecutionHistory", body).await;
    let lines: Vec<String> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_text_of_an_input_stays_as_it_was_sent() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Pass" }))).await;
    let sent = "[ 1.0,\n {} ]";
    let request = json!({ "stateMachineArn": MACHINE, "name": "e", "input": sent });
    let started = f.ok("StartExecution", request).await;
    let body = json!({ "executionArn": started["executionArn"] });
    let history = f.ok("GetExecutionHistory", body).await;
    let (first, second) = (&history["events"][0], &history["events"][1]);
    assert_eq!(first["executionStartedEventDetails"]["input"], sent);
    assert_eq!(second["stateEnteredEventDetails"]["input"], sent);
}

#[tokio::test]
async fn a_function_by_its_arn() {
    check(
        single(task("echo")),
        json!({ "a": 1 }),
        "SUCCEEDED",
        &[
            r#"1 0 ExecutionStarted {"input":"{\"a\":1}"}"#,
            r#"2 0 TaskStateEntered {"name":"S","input":"{\"a\":1}"}"#,
            r#"3 2 LambdaFunctionScheduled {"resource":"arn:aws:lambda:us-east-1:123456789012:function:echo","input":"{\"a\":1}"}"#,
            r#"4 3 LambdaFunctionStarted"#,
            r#"5 4 LambdaFunctionSucceeded {"output":"{\"a\":1}"}"#,
            r#"6 5 TaskStateExited {"name":"S","output":"{\"a\":1}"}"#,
            r#"7 6 ExecutionSucceeded {"output":"{\"a\":1}"}"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn lambda_invoke() {
    check(
        single(invoke("echo")),
        json!({}),
        "SUCCEEDED",
        &[
            r#"1 0 ExecutionStarted {"input":"{}"}"#,
            r#"2 0 TaskStateEntered {"name":"S","input":"{}"}"#,
            r#"3 2 TaskScheduled {"resourceType":"lambda","resource":"invoke","region":"us-east-1","parameters":"{\"FunctionName\":\"echo\",\"Payload\":{}}"}"#,
            r#"4 3 TaskStarted {"resourceType":"lambda","resource":"invoke"}"#,
            r#"5 4 TaskSucceeded {"resourceType":"lambda","resource":"invoke","output":"..."}"#,
            r#"6 5 TaskStateExited {"name":"S","output":"..."}"#,
            r#"7 6 ExecutionSucceeded {"output":"..."}"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_function_that_fails() {
    check(
        single(task("fail")),
        json!({ "errorType": "NotAnImage", "errorMessage": "k" }),
        "FAILED",
        &[
            r#"1 0 ExecutionStarted {"input":"{\"errorType\":\"NotAnImage\",\"errorMessage\":\"k\"}"}"#,
            r#"2 0 TaskStateEntered {"name":"S","input":"{\"errorType\":\"NotAnImage\",\"errorMessage\":\"k\"}"}"#,
            r#"3 2 LambdaFunctionScheduled {"resource":"arn:aws:lambda:us-east-1:123456789012:function:fail","input":"{\"errorType\":\"NotAnImage\",\"errorMessage\":\"k\"}"}"#,
            r#"4 3 LambdaFunctionStarted"#,
            r#"5 4 LambdaFunctionFailed {"error":"NotAnImage","cause":"{\"errorType\":\"NotAnImage\",\"errorMessage\":\"k\"}"}"#,
            r#"6 5 ExecutionFailed {"error":"NotAnImage","cause":"{\"errorType\":\"NotAnImage\",\"errorMessage\":\"k\"}"}"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_function_that_is_not_there() {
    let f = fixture();
    f.machine(single(invoke("none"))).await;
    let execution = f.run(json!({})).await;
    assert_eq!(
        execution.error.as_deref(),
        Some("Lambda.ResourceNotFoundException")
    );
    let cause = execution.cause.unwrap();
    assert!(
        cause.starts_with("Function not found: none (Service: AWSLambda; Status Code: 404; "),
        "{cause}"
    );
}

#[tokio::test]
async fn a_service_that_is_not_there() {
    let f = fixture();
    let resource = "arn:aws:states:::sqs:sendMessage";
    let parameters = json!({ "QueueUrl": "q", "MessageBody": "b" });
    f.machine(single(
        json!({ "Type": "Task", "Resource": resource, "Parameters": parameters }),
    ))
    .await;
    let execution = f.run(json!({})).await;
    assert_eq!(execution.status, "FAILED");
    assert_eq!(execution.error.as_deref(), Some("SQS.SdkClientException"));
    let cause = format!("Unable to execute HTTP request: the local stack can't do {resource}");
    assert_eq!(execution.cause, Some(cause));
}

#[tokio::test]
async fn pages_forwards_and_backwards() {
    let f = fixture();
    f.machine(single(task("echo"))).await;
    let arn = f.run(json!({})).await.execution_arn;
    for reverse in [false, true] {
        let mut body = json!({ "executionArn": arn, "maxResults": 3, "reverseOrder": reverse });
        let mut ids = Vec::new();
        loop {
            let page = f.ok("GetExecutionHistory", body.clone()).await;
            ids.extend(
                page["events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|event| event["id"].as_i64().unwrap()),
            );
            match page.get("nextToken") {
                Some(token) => body["nextToken"] = token.clone(),
                None => break,
            }
        }
        let mut expected: Vec<i64> = (1..=7).collect();
        if reverse {
            expected.reverse();
        }
        assert_eq!(ids, expected);
    }
    let bare = json!({ "executionArn": arn, "includeExecutionData": false });
    let bare = f.ok("GetExecutionHistory", bare).await.to_string();
    assert!(
        !bare.contains("input") && !bare.contains("output"),
        "{bare}"
    );
}
