//! classify-image over the real SageMaker client and answers as SageMaker gives them.

use std::sync::{Arc, Mutex};

use aws_sdk_sagemakerruntime::Client;
use serde_json::json;

use super::*;
use crate::aws::testing::{Request, answering, unreachable};
use crate::diagnostic::FunctionError;

const OBJECT: &str = "s3://pictures/a.png";

fn of_config(config: &aws_config::SdkConfig) -> ClassifyImage {
    let labels = ["bicycle", "motorcycle"].map(str::to_owned).to_vec();
    ClassifyImage::new(Client::new(config), "scones".into(), labels)
}

fn function(
    answer: impl Fn(&Request) -> (u16, &'static str, String) + Send + Sync + 'static,
) -> ClassifyImage {
    of_config(&answering(answer))
}

fn event() -> Value {
    json!({"s3_bucket": "pictures", "s3_key": "a.png", "image_data": "aW1hZ2U=", "inferences": []})
}

async fn answered(body: &'static str) -> Result<Object, Error> {
    let function = function(move |_| (200, "", body.into()));
    function.handle(event()).await
}

async fn failed(status: u16, code: &'static str, body: Value) -> Error {
    let function = function(move |_| (status, code, body.to_string()));
    function.handle(event()).await.expect_err("no answer")
}

#[track_caller]
fn check(error: &Error, name: &str, text: &str) {
    assert_eq!(
        (error.name(), error.to_string()),
        (name, format!("{OBJECT}: {text}"))
    );
}

#[tokio::test]
async fn the_answer_is_added_to_the_object() {
    let object = answered("[0.03, 0.97]").await.unwrap();
    assert_eq!(
        serde_json::to_value(object).unwrap(),
        json!({
            "inferences": [0.03, 0.97], "s3_key": "a.png", "s3_bucket": "pictures", "image_data": "aW1hZ2U=",
            "label": "motorcycle", "confidence": 0.97,
        })
    );
}

#[tokio::test]
async fn the_built_in_algorithms_lines_are_understood() {
    let object = answered(r#"{"prediction": [0.9, 0.1]}"#).await.unwrap();
    assert_eq!(object.inferences, json!([0.9, 0.1]));
    assert_eq!(object.label.as_deref(), Some("bicycle"));
}

/// Path, content type, inference id and body of the one request that `event` leads to.
async fn context(event: Value) -> (String, String, Option<String>, Vec<u8>) {
    let captured = Arc::new(Mutex::new(None));
    let into = captured.clone();
    let function = function(move |request| {
        let header = |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        *into.lock().unwrap() = Some((
            request.uri().path().to_owned(),
            header("content-type").unwrap_or_default(),
            header("x-amzn-sagemaker-inference-id"),
            request.body().bytes().unwrap_or_default().to_vec(),
        ));
        (200, "", "[1.0, 0.0]".into())
    });
    function.handle(event).await.unwrap();
    let request = captured.lock().unwrap().take();
    request.expect("a request")
}

#[tokio::test]
async fn the_endpoint_gets_the_image_itself() {
    let (path, content_type, inference_id, body) = context(event()).await;
    assert_eq!(path, "/endpoints/scones/invocations");
    assert_eq!(content_type, "application/x-image");
    assert_eq!(inference_id, None);
    assert_eq!(body, b"image");
}

#[tokio::test]
async fn a_prediction_of_an_execution_has_one_name_however_often_it_is_made() {
    let of = |execution: &str| json!({"execution": execution, "body": event()});
    let (first, again, other) = (
        context(of("arn:1")).await.2.unwrap(),
        context(of("arn:1")).await.2.unwrap(),
        context(of("arn:2")).await.2.unwrap(),
    );
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.len() <= 64 && first.chars().all(|c| c.is_ascii_hexdigit()));
}

#[tokio::test]
async fn image_data_must_be_there() {
    let function = function(|_| unreachable!("there is nothing to ask about"));
    for (image_data, text) in [
        ("", "image_data is missing: serialize-image makes it"),
        (
            "not base64!",
            "image_data is not base64 (Invalid symbol 32, offset 3.): serialize-image makes it",
        ),
    ] {
        let mut event = event();
        event["image_data"] = image_data.into();
        let error = function.handle(event).await.unwrap_err();
        check(&error, "InvalidImageData", text);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_scores_is_invalid() {
    let endpoint = "the endpoint scones gave an answer that can't be used";
    for (answer, text) in [
        (
            "",
            "neither a JSON array of numbers, nor {\"prediction\": [...]}, nor a CSV row of \
             numbers: \"\"",
        ),
        (
            "<html>",
            "neither a JSON array of numbers, nor {\"prediction\": [...]}, nor a CSV row of \
             numbers: \"<html>\"",
        ),
        ("[]", "the inferences are empty: \"[]\""),
        (
            r#"["1.0","0.0"]"#,
            r#"the inferences are not numbers: number 0 is a string: "1.0": "[\"1.0\",\"0.0\"]""#,
        ),
        (
            "[3.2, -1.1]",
            "the inferences are not probabilities: number 0 is 3.2, not from 0 to 1: \"[3.2, \
             -1.1]\"",
        ),
    ] {
        let error = answered(answer).await.unwrap_err();
        check(&error, "InvalidPrediction", &format!("{endpoint}: {text}"));
    }
}

#[tokio::test]
async fn another_number_of_classes_than_labels_is_a_mismatch() {
    for (answer, scores) in [("[0.2, 0.3, 0.5]", 3), ("[1.0]", 1)] {
        let error = answered(answer).await.unwrap_err();
        check(
            &error,
            "LabelsMismatch",
            &format!(
                "the endpoint scones gave {scores} scores, and LABELS has 2: bicycle, motorcycle"
            ),
        );
    }
}

#[tokio::test]
async fn what_sagemaker_answers_has_a_name_of_its_own() {
    let message = |text: &str| json!({"Message": text, "message": text});
    let container = |status: u16| json!({"OriginalStatusCode": status, "OriginalMessage": "boom", "Message": "long"});
    for (status, code, body, name, text) in [
        (
            400,
            "ValidationError",
            message("Endpoint scones of account 123456789012 not found."),
            "EndpointNotFound",
            "the endpoint scones does not exist: deploy it, or set ENDPOINT_NAME: \
             Endpoint scones of account 123456789012 not found.",
        ),
        (
            400,
            "ValidationError",
            message("1 validation error detected"),
            "EndpointRefused",
            "the endpoint scones refused the request: ValidationError: 1 validation error detected",
        ),
        (
            503,
            "ServiceUnavailable",
            message("No instances."),
            "EndpointUnavailable",
            "the endpoint scones is unavailable: ServiceUnavailable: No instances. (HTTP 503)",
        ),
        (
            429,
            "ModelNotReadyException",
            message("Loading."),
            "EndpointUnavailable",
            "the endpoint scones is unavailable: ModelNotReadyException: Loading. (HTTP 429)",
        ),
        (
            400,
            "ThrottlingException",
            message("Rate exceeded"),
            "EndpointThrottled",
            "the endpoint scones is throttled: ThrottlingException: Rate exceeded (HTTP 400)",
        ),
        (
            424,
            "ModelError",
            container(500),
            "ModelFailed",
            "the endpoint scones failed: HTTP 500: boom",
        ),
        (
            424,
            "ModelError",
            container(429),
            "ModelFailed",
            "the endpoint scones failed: HTTP 429: boom",
        ),
        (
            424,
            "ModelError",
            container(415),
            "ImageRefused",
            "the endpoint scones refused the image: HTTP 415: boom",
        ),
    ] {
        check(&failed(status, code, body).await, name, text);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unavailable() {
    let error = of_config(&unreachable()).handle(event()).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.name(), "EndpointUnavailable");
    assert!(text.contains("Connection refused"), "{text}");
}
