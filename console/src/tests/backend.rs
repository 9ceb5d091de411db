//! An AWS in memory: one state machine, its executions, a bucket, a log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};

use crate::{ApiError, Aws, LogLine};
use s3_uri::S3Uri;

pub(super) const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:classify";
pub(super) const ARN: &str = "arn:aws:states:us-east-1:123456789012:execution:classify:one";

#[derive(Clone, Default)]
pub(super) struct Fake {
    state: Arc<Mutex<State>>,
    executions: usize,
    empty: bool,
}

#[derive(Default)]
struct State {
    changes: Vec<(String, Value)>,
    objects: BTreeMap<String, Bytes>,
}

impl Fake {
    pub(super) fn with_executions(executions: usize) -> Self {
        Self {
            executions,
            ..Self::default()
        }
    }

    /// Nothing declared.
    pub(super) fn empty() -> Self {
        Self {
            empty: true,
            ..Self::default()
        }
    }

    /// Returns the requests that change something.
    pub(super) fn changes(&self) -> Vec<(String, Value)> {
        self.state.lock().unwrap().changes.clone()
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.state
            .lock()
            .unwrap()
            .objects
            .insert(key.to_owned(), bytes);
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(super) fn object(&self, key: &str) -> Option<Bytes> {
        self.state.lock().unwrap().objects.get(key).cloned()
    }

    fn list(&self, request: &Value) -> Value {
        let from: usize = request["NextToken"]
            .as_str()
            .map_or(0, |token| token.parse().unwrap());
        let status = request["StatusFilter"].as_str();
        let all = (0..self.executions)
            .rev()
            .filter(|_| status.is_none_or(|status| status == "FAILED"));
        let page = all.skip(from).take(50).map(|number| {
            json!({
                "ExecutionArn": ARN, "StateMachineArn": MACHINE, "Name": format!("execution-{number}"), "Status": "FAILED",
                "StartDate": "2026-01-01T00:00:00.000Z", "StopDate": "2026-01-01T00:00:00.084Z",
            })
        });
        let mut answer = json!({ "Executions": page.collect::<Vec<_>>() });
        if from + 50 < self.executions && status.is_none_or(|status| status == "FAILED") {
            answer["NextToken"] = (from + 50).to_string().into();
        }
        answer
    }

    fn objects(&self, prefix: &str, delimited: bool) -> Value {
        let objects = &self.state.lock().unwrap().objects;
        let (mut contents, mut prefixes) = (Vec::new(), Vec::new());
        for key in objects.keys().filter(|key| key.starts_with(prefix)) {
            match key[prefix.len()..].split_once('/') {
                Some((folder, _)) if delimited => prefixes.push(format!("{prefix}{folder}/")),
                _ => contents.push(json!({ "Key": key, "LastModified": "2026-01-01T00:00:00Z" })),
            }
        }
        prefixes.dedup();
        let prefixes = prefixes.iter().map(|prefix| json!({ "Prefix": prefix }));
        json!({ "Contents": contents, "CommonPrefixes": prefixes.collect::<Vec<_>>() })
    }

    fn change(&self, operation: &str, parameters: Value, answer: Value) -> Value {
        let change = (operation.to_owned(), parameters);
        self.state.lock().unwrap().changes.push(change);
        answer
    }
}

fn refused(code: &str, message: String) -> ApiError {
    ApiError {
        code: code.into(),
        message,
        status: 400,
    }
}

/// The notebooks' object, whose key is not harmless.
fn object() -> Value {
    json!({
        "s3_bucket": "bucket", "s3_key": "incoming/<script>alert(1)</script>.png", "image_data": "A".repeat(3000),
        "inferences": [0.1, 0.9], "label": "motorcycle", "confidence": 0.9,
    })
}

fn describe(arn: &str) -> Result<Value, ApiError> {
    if arn != ARN {
        return Err(refused(
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{arn}'"),
        ));
    }
    Ok(json!({
        "ExecutionArn": ARN, "StateMachineArn": MACHINE, "Name": "one", "Status": "FAILED", "Input": object().to_string(),
        "StartDate": "2026-01-01T00:00:00.000Z", "StopDate": "2026-01-01T00:00:00.084Z", "RedriveStatus": "REDRIVABLE",
        "Error": "ThresholdConfidenceNotMet", "Cause": "<script>alert(2)</script>",
    }))
}

fn history() -> Value {
    let event = |id: u64, previous: u64, kind: &str, member: &str, details: Value| {
        json!({
            "Id": id, "PreviousEventId": previous, "Type": kind, "Timestamp": "2026-01-01T00:00:00.000Z",
            (member): details,
        })
    };
    let error =
        json!({ "Error": "ThresholdConfidenceNotMet", "Cause": "<script>alert(3)</script>" });
    json!({ "Events": [
        event(1, 0, "ExecutionStarted", "ExecutionStartedEventDetails", json!({ "Input": object().to_string() })),
        event(2, 0, "TaskStateEntered", "StateEnteredEventDetails", json!({ "Name": "Gate", "Input": object().to_string() })),
        event(3, 2, "LambdaFunctionFailed", "LambdaFunctionFailedEventDetails", error.clone()),
        event(4, 3, "ExecutionFailed", "ExecutionFailedEventDetails", error),
    ] })
}

#[async_trait]
impl Aws for Fake {
    async fn call(
        &self,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError> {
        let arn = parameters["ExecutionArn"].as_str().unwrap_or_default();
        Ok(match (service, operation) {
            ("sfn", "listStateMachines") if self.empty => json!({ "StateMachines": [] }),
            ("sfn", "listStateMachines") => {
                json!({ "StateMachines": [{ "StateMachineArn": MACHINE, "Name": "classify", "Type": "STANDARD" }] })
            }
            ("sfn", "listExecutions") => self.list(&parameters),
            ("sfn", "describeExecution") => describe(arn)?,
            ("sfn", "describeStateMachineForExecution") => {
                json!({ "Definition": r#"{"StartAt":"Gate","States":{"Gate":{"Type":"Task","Resource":"r","End":true}}}"# })
            }
            ("sfn", "getExecutionHistory") => history(),
            ("sfn", "startExecution") => {
                let input = parameters["Input"].as_str().unwrap_or_default();
                if let Err(fault) = serde_json::from_str::<Value>(input) {
                    return Err(refused("InvalidExecutionInput", fault.to_string()));
                }
                self.change(operation, parameters, json!({ "ExecutionArn": ARN }))
            }
            ("sfn", "stopExecution" | "redriveExecution") => {
                self.change(operation, parameters, json!({}))
            }
            ("s3", "listObjectsV2") => self.objects(
                parameters["Prefix"].as_str().unwrap_or_default(),
                parameters["Delimiter"] == "/",
            ),
            ("sagemaker", "listTrainingJobs") => json!({ "TrainingJobSummaries": [] }),
            ("sagemaker", "listEndpoints") => json!({ "Endpoints": [] }),
            _ => {
                return Err(refused(
                    "UnknownOperationException",
                    format!("{service}:{operation}"),
                ));
            }
        })
    }

    async fn object(
        &self,
        uri: &S3Uri,
        from: u64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, ApiError> {
        let found = Fake::object(self, &uri.key);
        Ok(found.map(|bytes| {
            let from = usize::try_from(from).unwrap().min(bytes.len());
            bytes.slice(from..bytes.len().min(from + max_bytes))
        }))
    }

    async fn put_object(
        &self,
        uri: &S3Uri,
        body: Bytes,
        _content_type: &str,
    ) -> Result<(), ApiError> {
        self.put(&uri.key, &body);
        Ok(())
    }

    async fn logs(&self) -> Result<Vec<String>, ApiError> {
        Ok(vec!["classify-image".into()])
    }

    async fn log(&self, _name: &str, _limit: usize) -> Result<Vec<LogLine>, ApiError> {
        Ok(vec![LogLine {
            time: "2026-01-01T00:00:00.000Z".into(),
            stream: "00000000".into(),
            message: "<script>logged</script>".into(),
        }])
    }

    fn follow(&self, _name: &str) -> BoxStream<'static, Result<Vec<LogLine>, ApiError>> {
        stream::empty().boxed()
    }
}
