//! TestState over the wire.

use serde_json::{Value, json};

use super::{ROLE, fixture};

fn lambda() -> Value {
    json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "N",
        "Parameters": {"FunctionName": "echo", "Payload.$": "$"}, "OutputPath": "$.Payload",
    })
}

#[tokio::test]
async fn a_task_is_really_run() {
    let f = fixture();
    let request = json!({
        "definition": lambda().to_string(), "roleArn": ROLE, "input": r#"{"n":1}"#,
    });
    let response = f.ok("TestState", request).await;
    assert_eq!(
        response,
        json!({"status": "SUCCEEDED", "output": r#"{"n":1}"#, "nextState": "N"})
    );
    assert_eq!(*f.functions.calls.lock().unwrap(), ["echo"]);
}

#[tokio::test]
async fn a_mocked_task_is_not() {
    let f = fixture();
    let mut request = json!({
        "definition": lambda().to_string(), "inspectionLevel": "DEBUG",
        "mock": {"errorOutput": {"error": "E", "cause": "C"}},
        "stateConfiguration": {"retrierRetryCount": 1},
    });
    let response = f.ok("TestState", request.clone()).await;
    assert_eq!(
        response,
        json!({
            "status": "FAILED", "error": "E", "cause": "C",
            "inspectionData": {
                "input": "{}",
                "afterInputPath": "{}",
                "afterParameters": r#"{"FunctionName":"echo","Payload":{}}"#,
            },
        })
    );
    assert!(f.functions.calls.lock().unwrap().is_empty());

    request["mock"] = json!({"fieldValidationMode": "SOME"});
    f.refused(
        "TestState",
        request,
        "400 ValidationException: 1 validation error detected: Value 'SOME' at \
         'fieldValidationMode' failed to satisfy constraint: Member must satisfy enum value set: \
         [STRICT, PRESENT, NONE]",
    )
    .await;
}

#[tokio::test]
async fn what_is_not_tested_is_refused_as_aws_does() {
    let f = fixture();
    let map = json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}});
    let cases = [
        (
            json!({"definition": map.to_string()}),
            "400 InvalidDefinition: TestState API does not support Map or Parallel states. \
             Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
        ),
        (
            json!({"definition": lambda().to_string()}),
            "400 ValidationException: RoleArn must be specified when testing a Task state",
        ),
        (
            json!({"definition": "{}"}),
            "400 InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: \
             These fields are required: [Type] at /States/StateName, MISSING_END_STATE: Workflow \
             has no terminal state'",
        ),
    ];
    for (request, expected) in cases {
        f.refused("TestState", request, expected).await;
    }
}
