//! `ResultWriter`: from the children's results to files in S3, as AWS names and writes them.
//!
//! ```text
//! PREFIX/UUID/manifest.json       what the other files are
//! PREFIX/UUID/SUCCEEDED_0.json    results by status, in files of a few megabytes
//! PREFIX/UUID/FAILED_0.json
//! PREFIX/UUID/PENDING_0.json      what never began
//! ```
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use asl::{Failure, Timestamp, Transformation};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Jobs, failure};
use crate::store::map_runs::{self, Child};

/// The number of children read at a time.
const PAGE: usize = 200;
/// The size in bytes at which a result file is closed and another begun.
const FILE: usize = 8 << 20;

/// The destination of results.
pub(crate) struct Destination {
    pub(crate) map_run: i64,
    pub(crate) map_run_arn: String,
    /// `Bucket` and `Prefix`.
    pub(crate) parameters: Value,
    pub(crate) shape: Shape,
}

/// The format of results.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) transformation: Transformation,
    /// JSON Lines instead of an array.
    pub(crate) lines: bool,
    /// The ARNs of the children up to their names, and of their state machine.
    pub(crate) execution_arn: String,
    pub(crate) machine_arn: String,
}

/// The state's result, where results were written.
pub(crate) type WriteResult = Result<Value, Failure>;

/// The files of one status.
#[derive(Default)]
struct Files {
    text: Vec<u8>,
    /// The files written: key and size.
    written: Vec<(String, usize)>,
}

impl Jobs {
    /// Writes all results. Doing it again gives the same files.
    pub(crate) async fn write(&self, to: &Destination) -> WriteResult {
        let failed = |cause: String| failure("States.ResultWriterFailed", cause);
        let bucket = to.parameters["Bucket"].as_str().unwrap_or_default();
        let folder = folder(to);
        let mut files: [(&str, Files); 3] =
            ["FAILED", "PENDING", "SUCCEEDED"].map(|status| (status, Files::default()));
        let mut after = -1;
        loop {
            let (map_run, from) = (to.map_run, after);
            let children = self
                .readers
                .read(move |db| map_runs::children(db, map_run, from, PAGE))
                .await
                .map_err(|error| failed(error.to_string()))?;
            let Some(last) = children.last() else { break };
            after = last.seq;
            for child in &children {
                let kind = kind(child);
                for (status, files) in files.iter_mut().filter(|(status, _)| *status == kind) {
                    files.add(child, &to.shape);
                    if files.text.len() > FILE {
                        self.flush(bucket, &folder, status, files, to.shape.lines)
                            .await
                            .map_err(failed)?;
                    }
                }
            }
        }
        for (status, files) in &mut files {
            self.flush(bucket, &folder, status, files, to.shape.lines)
                .await
                .map_err(failed)?;
        }
        let key = format!("{folder}manifest.json");
        let manifest = manifest(bucket, &to.map_run_arn, &files).to_string();
        self.put(bucket, &key, manifest.into())
            .await
            .map_err(failed)?;
        Ok(json!({
            "MapRunArn": to.map_run_arn,
            "ResultWriterDetails": { "Bucket": bucket, "Key": key },
        }))
    }

    async fn flush(
        &self,
        bucket: &str,
        folder: &str,
        status: &str,
        files: &mut Files,
        lines: bool,
    ) -> Result<(), String> {
        if files.text.is_empty() {
            return Ok(());
        }
        let extension = if lines { "jsonl" } else { "json" };
        let key = format!("{folder}{status}_{}.{extension}", files.written.len());
        let mut text = std::mem::take(&mut files.text);
        if !lines {
            text.push(b']');
        }
        files.written.push((key.clone(), text.len()));
        self.put(bucket, &key, text.into()).await
    }

    async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), String> {
        let objects = self.objects.as_ref();
        let objects =
            objects.ok_or_else(|| "there is no S3 beside this Step Functions".to_owned())?;
        objects
            .put(bucket, key, body, "application/json")
            .await
            .map_err(|error| error.to_string())
    }
}

impl Files {
    fn add(&mut self, child: &Child, shape: &Shape) {
        for value in child_results(child, shape, Transformation::None) {
            let separator: &[u8] = match (shape.lines, self.text.is_empty()) {
                (true, true) => b"",
                (true, false) => b"\n",
                (false, true) => b"[",
                (false, false) => b",",
            };
            self.text.extend_from_slice(separator);
            self.text.extend_from_slice(value.to_string().as_bytes());
        }
    }
}

/// `PREFIX/UUID/`
fn folder(to: &Destination) -> String {
    let uuid = to.map_run_arn.rsplit(':').next().unwrap_or_default();
    match to.parameters["Prefix"]
        .as_str()
        .map(|prefix| prefix.trim_end_matches('/'))
    {
        None | Some("") => format!("{uuid}/"),
        Some(prefix) => format!("{prefix}/{uuid}/"),
    }
}

/// The files that a child's result is in.
fn kind(child: &Child) -> &'static str {
    match (&*child.status, child.started) {
        ("SUCCEEDED", _) => "SUCCEEDED",
        ("PENDING", _) | (_, None) => "PENDING",
        _ => "FAILED",
    }
}

fn manifest(bucket: &str, map_run_arn: &str, files: &[(&str, Files); 3]) -> Value {
    let listed: Map<String, Value> = files
        .iter()
        .map(|(status, files)| {
            let files = files
                .written
                .iter()
                .map(|(key, size)| json!({ "Key": key, "Size": size }));
            ((*status).to_owned(), files.collect())
        })
        .collect();
    json!({ "DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed })
}

/// Returns the results of a child: several values if its output is flattened. A failed child is
/// shown whole.
pub(crate) fn child_results(child: &Child, shape: &Shape, default: Transformation) -> Vec<Value> {
    let transformation = match shape.transformation {
        Transformation::Default => default,
        other => other,
    };
    let output = child
        .output
        .as_deref()
        .filter(|_| child.status == "SUCCEEDED");
    let output = output.and_then(|text| serde_json::from_str(text).ok());
    match (transformation, output) {
        (Transformation::Compact, Some(output)) => vec![output],
        (Transformation::Flatten, Some(Value::Array(elements))) => elements,
        (Transformation::Flatten, Some(output)) => vec![output],
        _ => vec![describe_child(child, shape)],
    }
}

/// A child as DescribeExecution describes it, times as text.
fn describe_child(child: &Child, shape: &Shape) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    let included = || json!({ "Included": true });
    let time = |at: Option<i64>| json!(at.map(|at| Timestamp(at).to_string()));
    put("Cause", json!(child.cause));
    put("Error", json!(child.error));
    if let Some(name) = &child.name {
        put(
            "ExecutionArn",
            json!(format!("{}{name}", shape.execution_arn)),
        );
    }
    put("Input", json!(child.input));
    put("InputDetails", included());
    put("Name", json!(child.name));
    if let Some(output) = &child.output {
        put("Output", json!(output));
        put("OutputDetails", included());
    }
    put("StartDate", time(child.started));
    put("StateMachineArn", json!(shape.machine_arn));
    put("Status", json!(child.status));
    put("StopDate", time(child.stopped));
    Value::Object(fields)
}
