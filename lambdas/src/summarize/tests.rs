//! summarize-batch over the real S3 client, and files as Step Functions writes them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::aws::testing::answering;
use crate::diagnostic::FunctionError;

const MAP_RUN: &str = "arn:aws:states:us-east-1:123456789012:mapRun:classify-batch/Listed:uuid";
const FOLDER: &str = "batches/e/uuid";

type Objects = BTreeMap<String, String>;

fn manifest() -> String {
    let file = |name: &str| json!([{"Key": format!("{FOLDER}/{name}"), "Size": 5}]);
    json!({
        "DestinationBucket": "results", "MapRunArn": MAP_RUN,
        "ResultFiles": {
            "FAILED": file("FAILED_0.jsonl"), "PENDING": file("PENDING_0.jsonl"),
            "SUCCEEDED": [
                {"Key": format!("{FOLDER}/SUCCEEDED_0.jsonl"), "Size": 5},
                {"Key": format!("{FOLDER}/SUCCEEDED_1.jsonl"), "Size": 5},
            ],
        },
    })
    .to_string()
}

fn child(fields: &Value, items: usize) -> String {
    let input = json!({"BatchInput": {"bucket": "b"}, "Items": vec![json!({"Key": "k"}); items]});
    let mut child = json!({"ExecutionArn": "arn:e", "Input": input.to_string(), "Name": "n"});
    for (name, value) in fields.as_object().expect("fields") {
        child[name] = value.clone();
    }
    child.to_string()
}

fn objects() -> Objects {
    let passed =
        |label: &str| json!({"s3_key": "k", "status": "PASSED", "label": label}).to_string();
    let refused =
        json!({"status": "REFUSED", "label": "bus", "error": "ThresholdConfidenceNotMet"});
    let failed = json!({"status": "FAILED", "error": "NotAnImage", "cause": "not an image"});
    let files = [
        ("manifest.json", manifest()),
        (
            "SUCCEEDED_0.jsonl",
            format!("{}\n{refused}\n{failed}", passed("bus")),
        ),
        (
            "SUCCEEDED_1.jsonl",
            format!("{}\n{failed}\n", passed("car")),
        ),
        (
            "FAILED_0.jsonl",
            [
                child(
                    &json!({"Error": "EndpointThrottled", "Status": "FAILED"}),
                    40,
                ),
                child(&json!({"Status": "TIMED_OUT"}), 2),
                child(&json!({"Status": "ABORTED"}), 1),
            ]
            .join("\n"),
        ),
        ("PENDING_0.jsonl", child(&json!({"Status": "PENDING"}), 7)),
    ];
    let named = files.map(|(name, text)| (format!("{FOLDER}/{name}"), text));
    named.into_iter().collect()
}

/// Returns the function's result for `objects`, and what it wrote.
async fn summarized(objects: Objects) -> (Result<Summary, Error>, Objects) {
    let written = Arc::new(Mutex::new(Objects::new()));
    let into = written.clone();
    let config = answering(move |request| {
        let key = request.uri().path().trim_start_matches('/').to_owned();
        if request.method() == http::Method::PUT {
            let body = request.body().bytes().unwrap_or_default();
            let text = String::from_utf8_lossy(body).into_owned();
            into.lock().unwrap().insert(key, text);
            return (200, "", String::new());
        }
        match objects.get(&key) {
            Some(text) => (200, "", text.clone()),
            None => (404, "", "<Error><Code>NoSuchKey</Code></Error>".into()),
        }
    });
    let function = SummarizeBatch::new(Client::new(&config));
    let key = format!("{FOLDER}/manifest.json");
    let event = json!({"bucket": "results", "key": key});
    let summary = function.handle(event).await;
    let written = written.lock().unwrap().clone();
    (summary, written)
}

#[tokio::test]
async fn every_image_is_counted_once() {
    let (summary, written) = summarized(objects()).await;
    let expected = json!({
        "images": 55, "passed": 2, "refused": 1, "failed": 52,
        "labels": {"bus": {"passed": 1, "refused": 1}, "car": {"passed": 1, "refused": 0}},
        "errors": {"EndpointThrottled": 40, "NotAnImage": 2, "NotClassified": 8, "States.Timeout": 2},
        "results": {
            "bucket": "results",
            "lines": [format!("{FOLDER}/SUCCEEDED_0.jsonl"), format!("{FOLDER}/SUCCEEDED_1.jsonl")],
            "unclassified": [format!("{FOLDER}/FAILED_0.jsonl"), format!("{FOLDER}/PENDING_0.jsonl")],
            "summary": format!("{FOLDER}/summary.json"),
        },
        "map_run_arn": MAP_RUN,
    });
    assert_eq!(serde_json::to_value(summary.unwrap()).unwrap(), expected);
    let text = &written[&format!("{FOLDER}/summary.json")];
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
}

#[tokio::test]
async fn a_run_over_nothing_has_a_summary_too() {
    let empty = json!({
        "DestinationBucket": "results", "MapRunArn": MAP_RUN,
        "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": []},
    });
    let objects = Objects::from([(format!("{FOLDER}/manifest.json"), empty.to_string())]);
    let (summary, _) = summarized(objects).await;
    assert_eq!(summary.unwrap().images, 0);
}

async fn check_error(objects: Objects, name: &str, text: &str) {
    let (summary, written) = summarized(objects).await;
    let error = summary.expect_err("no summary");
    assert_eq!((error.name(), error.to_string().as_str()), (name, text));
    assert!(written.is_empty());
}

#[tokio::test]
async fn what_is_missing_or_odd_is_named() {
    let prefix = format!("s3://results/{FOLDER}");
    let text = format!("{prefix}/manifest.json: the object does not exist");
    check_error(Objects::new(), "ResultsMissing", &text).await;
    let mut lost = objects();
    lost.remove(&format!("{FOLDER}/FAILED_0.jsonl"));
    let text = format!("{prefix}/FAILED_0.jsonl: the object does not exist");
    check_error(lost, "ResultsMissing", &text).await;
    let mut odd = objects();
    let lines = "{\"status\":\"PASSED\"}\n{\"status\":\"LOST\"}";
    odd.insert(format!("{FOLDER}/SUCCEEDED_1.jsonl"), lines.into());
    let text = format!("{prefix}/SUCCEEDED_1.jsonl: line 2: the status \"LOST\" is unknown");
    check_error(odd, "ResultsInvalid", &text).await;
}
