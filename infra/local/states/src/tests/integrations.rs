//! Tasks that call the services of the stack.

use std::sync::Arc;

use super::*;
use local_lambda::LambdaApi;
use local_s3::S3;
use service::Objects;

/// A service with S3 and a bucket.
pub(super) async fn with_s3() -> (Fixture, S3) {
    let dir = tempfile::tempdir().unwrap();
    let s3 = S3::open(dir.path(), Identity::default()).unwrap();
    let functions = Arc::new(Functions::default());
    let reachable = ReachableServices::new(functions.clone())
        .with_objects(Arc::new(s3.clone()))
        .with_service("s3", Arc::new(s3.clone()))
        .with_service("lambda", Arc::new(LambdaApi(functions.clone())));
    let states = States::open(dir.path(), Identity::default(), reachable).unwrap();
    let create = http::Request::put("/photos").body(Body::empty()).unwrap();
    assert_eq!(s3.handle(create).await.status(), 200);
    let fixture = Fixture {
        states,
        functions,
        _dir: dir,
    };
    (fixture, s3)
}

pub(super) fn service(resource: &str, parameters: &Value) -> Value {
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::{resource}"),
        "Parameters": parameters,
    })
}

/// Runs one state that calls a service, and gives the result.
pub(super) async fn result(f: &Fixture, name: &str, resource: &str, parameters: Value) -> Value {
    f.create(name, single(service(resource, &parameters))).await;
    let ended = f.run_of(name, json!({})).await;
    assert_eq!(ended.status, "SUCCEEDED", "{resource}: {ended:?}");
    serde_json::from_str(&ended.output.unwrap()).unwrap()
}

/// The same for a state that fails: error and cause.
pub(super) async fn failure(
    f: &Fixture,
    name: &str,
    resource: &str,
    parameters: Value,
) -> (String, String) {
    f.create(name, single(service(resource, &parameters))).await;
    let ended = f.run_of(name, json!({})).await;
    assert_eq!(ended.status, "FAILED", "{resource}: {ended:?}");
    (ended.error.unwrap(), ended.cause.unwrap())
}

#[tokio::test]
async fn objects_are_written_read_listed_and_deleted() {
    let (f, s3) = with_s3().await;
    let body = json!({ "a": [1] });
    let put = json!({ "Bucket": "photos", "Key": "x/1", "Body": body, "Metadata": { "k": "v" } });
    let put = result(&f, "put", "aws-sdk:s3:putObject", put).await;
    assert_eq!(put["ChecksumType"], "FULL_OBJECT");
    let bytes = s3.get("photos", "x/1").await.unwrap().unwrap();
    assert_eq!(bytes, r#"{"a":[1]}"#);
    let key = json!({ "Bucket": "photos", "Key": "x/1" });
    let got = result(&f, "get", "aws-sdk:s3:getObject", key.clone()).await;
    assert_eq!(got["Body"], r#"{"a":[1]}"#);
    assert_eq!(got["ETag"], put["ETag"]);
    assert_eq!(got["ContentType"], "text/plain; charset=UTF-8");
    assert_eq!(got["Metadata"], json!({ "k": "v" }));
    let head = result(&f, "head", "aws-sdk:s3:headObject", key.clone()).await;
    assert_eq!(head["ContentLength"], 9);
    assert_eq!(head.get("Body"), None);
    let copy = json!({ "Bucket": "photos", "Key": "y", "CopySource": "photos/x/1" });
    let copied = result(&f, "copy", "aws-sdk:s3:copyObject", copy).await;
    assert_eq!(copied["CopyObjectResult"]["ETag"], put["ETag"]);
    result(&f, "delete", "aws-sdk:s3:deleteObject", key).await;
    let list = json!({ "Bucket": "photos" });
    let listed = result(&f, "list", "aws-sdk:s3:listObjectsV2", list).await;
    assert_eq!(listed["KeyCount"], 1);
    assert_eq!(listed["Contents"][0]["Key"], "y");
    assert_eq!(listed["Contents"][0]["Size"], 9);
}

/// Recorded on AWS in November 2025: the `Body` `text data` is stored as eleven bytes.
#[tokio::test]
async fn a_text_body_lost_its_quotes() {
    let (f, s3) = with_s3().await;
    let object = json!({ "Bucket": "photos", "Key": "k" });
    let with = |members: Value| {
        let members = members.as_object().unwrap().clone();
        let object = object.as_object().unwrap().clone();
        Value::Object(object.into_iter().chain(members).collect())
    };
    let put = with(json!({ "Body": "text data" }));
    let put = result(&f, "put", "aws-sdk:s3:putObject", put).await;
    assert_eq!(put["ETag"], "\"2b5df3712557f503a9977a8ea893b2c9\"");
    assert_eq!(put["ChecksumCRC32"], "KUmHvQ==");
    let bytes = s3.get("photos", "k").await.unwrap().unwrap();
    assert_eq!(bytes, "\"text data\"");

    let upload = "aws-sdk:s3:createMultipartUpload";
    let upload = result(&f, "create", upload, object.clone()).await;
    let upload = &upload["UploadId"];
    let part = with(json!({ "UploadId": upload, "PartNumber": 1, "Body": "text data" }));
    let part = result(&f, "part", "aws-sdk:s3:uploadPart", part).await;
    assert_eq!(part["ETag"], put["ETag"]);
    let parts = json!({ "Parts": [{ "ETag": part["ETag"], "PartNumber": 1 }] });
    let complete = with(json!({ "UploadId": upload, "MultipartUpload": parts }));
    let done = result(&f, "done", "aws-sdk:s3:completeMultipartUpload", complete).await;
    assert_eq!(
        (&done["Bucket"], &done["Key"]),
        (&json!("photos"), &json!("k"))
    );
    let bytes = s3.get("photos", "k").await.unwrap().unwrap();
    assert_eq!(bytes, "\"text data\"");
}

/// The cause without its request ids.
pub(super) fn without_ids(cause: &str) -> String {
    let mut text = cause.to_owned();
    for id in ["Request ID: ", "Extended Request ID: "] {
        let Some(start) = text.find(id).map(|at| at + id.len()) else {
            continue;
        };
        let rest = &text[start..];
        let length = rest.find([',', ')', ';']).unwrap();
        text.replace_range(start..start + length, "R");
    }
    text
}

#[tokio::test]
async fn errors_of_s3_have_the_sdks_names() {
    let (f, _) = with_s3().await;
    let none = json!({ "Bucket": "photos", "Key": "none" });
    let (error, cause) = failure(&f, "a", "aws-sdk:s3:getObject", none.clone()).await;
    assert_eq!(error, "S3.NoSuchKeyException");
    assert_eq!(
        without_ids(&cause),
        "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: R, \
         Extended Request ID: R) (SDK Attempt Count: 1)"
    );
    let (error, cause) = failure(&f, "b", "aws-sdk:s3:headObject", none).await;
    assert_eq!(error, "S3.NoSuchKeyException");
    assert!(
        cause.starts_with("null (Service: S3, Status Code: 404, "),
        "{cause}"
    );
    let nowhere = json!({ "Bucket": "nowhere" });
    let (error, _) = failure(&f, "c", "aws-sdk:s3:listObjectsV2", nowhere).await;
    assert_eq!(error, "S3.NoSuchBucketException");
    let (error, cause) = failure(&f, "d", "aws-sdk:s3:getBucketAcl", json!({})).await;
    assert_eq!(error, "S3.SdkClientException");
    assert!(cause.ends_with("the local stack can't do arn:aws:states:::aws-sdk:s3:getBucketAcl"));
}

#[tokio::test]
async fn lambda_through_the_sdk_gives_text_and_no_error() {
    let f = fixture();
    let call = json!({ "FunctionName": "fail", "Payload": { "errorType": "E" } });
    let response = result(&f, "m", "aws-sdk:lambda:invoke", call).await;
    assert_eq!(response["Payload"], r#"{"errorType":"E"}"#);
    assert_eq!(response["FunctionError"], "Unhandled");
    let (error, cause) = failure(
        &f,
        "n",
        "aws-sdk:lambda:invoke",
        json!({ "FunctionName": "gone" }),
    )
    .await;
    assert_eq!(error, "Lambda.ResourceNotFoundException");
    assert_eq!(
        without_ids(&cause),
        "Function not found: gone (Service: Lambda, Status Code: 404, Request ID: R) (SDK Attempt \
         Count: 1)"
    );
}

#[tokio::test]
async fn step_functions_calls_its_own_api() {
    let f = fixture();
    f.machine(pass()).await;
    let start = json!({ "StateMachineArn": MACHINE, "Input": { "Key": "Value" }, "Name": "child" });
    let started = result(&f, "starts", "aws-sdk:sfn:startExecution", start).await;
    let arn = started["ExecutionArn"].as_str().unwrap();
    assert_eq!(
        f.states.wait(arn).await.unwrap().input,
        r#"{"Key":"Value"}"#
    );
    let ask = json!({ "ExecutionArn": arn });
    let described = result(&f, "describes", "aws-sdk:sfn:describeExecution", ask).await;
    assert_eq!(described["Status"], "SUCCEEDED");
    assert_eq!(described["StartDate"], started["StartDate"]);
    let ask = json!({ "ExecutionArn": format!("{arn}2") });
    let (error, cause) = failure(&f, "asks", "aws-sdk:sfn:describeExecution", ask).await;
    assert_eq!(error, "Sfn.ExecutionDoesNotExistException");
    assert_eq!(
        without_ids(&cause),
        format!(
            "Execution Does Not Exist: '{arn}2' (Service: Sfn, Status Code: 400, Request ID: R) \
             (SDK Attempt Count: 1)"
        )
    );
}

#[tokio::test]
async fn an_execution_that_is_waited_for_gives_its_description() {
    let f = fixture();
    f.machine(single(json!({ "Type": "Pass", "Result": { "r": 1 } })))
        .await;
    let start = json!({ "StateMachineArn": MACHINE, "Input": { "i": 1 } });
    let child = result(&f, "sync", "states:startExecution.sync", start.clone()).await;
    assert_eq!(child["Output"], r#"{"r":1}"#);
    assert_eq!(child["Input"], r#"{"i":1}"#);
    assert_eq!(child["OutputDetails"], json!({ "Included": true }));
    assert!(child["StartDate"].is_i64());
    let names: Vec<&String> = child.as_object().unwrap().keys().collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted);
    let child = result(&f, "sync2", "states:startExecution.sync:2", start).await;
    assert_eq!(child["Output"], json!({ "r": 1 }));
    assert_eq!(child["Input"], json!({ "i": 1 }));
}

#[tokio::test]
async fn an_execution_that_fails_fails_the_task_that_waits_for_it() {
    let f = fixture();
    f.machine(json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "C" } } }))
        .await;
    let start = json!({ "StateMachineArn": MACHINE });
    let (error, cause) = failure(&f, "sync", "states:startExecution.sync:2", start).await;
    assert_eq!(error, "States.TaskFailed");
    let cause: Value = serde_json::from_str(&cause).unwrap();
    assert_eq!(cause["Error"], "E");
    assert_eq!(cause["Cause"], "C");
    assert_eq!(cause["Status"], "FAILED");
    assert_eq!(cause["Input"], "{}");
}

#[tokio::test]
async fn a_state_machine_that_is_not_there_is_named_as_the_first_sdk_does() {
    let f = fixture();
    let start = json!({ "StateMachineArn": MACHINE });
    let (error, cause) = failure(&f, "n", "states:startExecution", start).await;
    assert_eq!(error, "StepFunctions.StateMachineDoesNotExistException");
    assert_eq!(
        without_ids(&cause),
        format!(
            "State Machine Does Not Exist: '{MACHINE}' (Service: AWSStepFunctions; Status Code: \
             400; Error Code: StateMachineDoesNotExist; Request ID: R; Proxy: null)"
        )
    );
}

#[tokio::test]
async fn stopping_the_parent_stops_the_child_that_it_waits_for() {
    let f = fixture();
    f.machine(single(task("hang"))).await;
    let start = json!({ "StateMachineArn": MACHINE, "Name": "child" });
    f.create(
        "parent",
        single(service("states:startExecution.sync", &start)),
    )
    .await;
    let parent = f.start_of("parent", json!({})).await;
    f.called(1).await;
    f.ok("StopExecution", json!({ "executionArn": parent }))
        .await;
    let child = "arn:aws:states:us-east-1:123456789012:execution:m:child";
    assert_eq!(f.states.wait(child).await.unwrap().status, "ABORTED");
}
