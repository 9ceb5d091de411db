//! start-execution: each upload that S3 tells of starts one execution of the workflow.
//!
//! S3 delivers an event at least once, and Lambda tries a failed invocation again. So an
//! execution's name is derived from the upload, and Step Functions refuses the second one of a
//! name: that refusal is success here.

use aws_lambda_events::event::s3::S3EventRecord;
use aws_sdk_sfn::Client;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::aws;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::runtime::Handler;
use aws_failure::Failure;
use evaluation::json_type;
use s3_uri::S3Uri;

/// The function.
#[derive(Clone, Debug)]
pub struct StartExecution {
    step_functions: Client,
    state_machine_arn: String,
}

/// The outcome of the uploads of one event.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct StartedExecutions {
    /// The names of the executions; those that an earlier delivery started are among them.
    pub executions: Vec<String>,
}

/// An error of start-execution.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event is not one of S3's.
    #[error("the event has no Records array: S3 notifications have one: {0}")]
    InvalidEvent(&'static str),
    /// Some uploads started no execution. The others did; Lambda's retry of the whole event does no
    /// harm to them.
    #[error("{failed} of {all} uploads started no execution: {reasons}")]
    ExecutionsNotStarted {
        /// Number of uploads without an execution.
        failed: usize,
        /// Number of uploads.
        all: usize,
        /// The uploads, each with the reason.
        reasons: String,
    },
}

function_error!(Error, retryable: ["ExecutionsNotStarted"]);

impl Handler for StartExecution {
    const NAME: &'static str = "start-execution";
    type Output = StartedExecutions;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let state_machine_arn = environment.state_machine_arn()?;
        let step_functions = Client::new(&aws::config(environment).await);
        Ok(Self::new(step_functions, state_machine_arn))
    }

    async fn handle(&self, event: Value) -> Result<StartedExecutions, Error> {
        let records = records(event)?;
        let all = records.len();
        let mut started = StartedExecutions::default();
        let mut reasons = Vec::new();
        for (index, record) in records.into_iter().enumerate() {
            match self.start_one(index, record).await {
                Ok(name) => started.executions.extend(name),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            return Ok(started);
        }
        Err(Error::ExecutionsNotStarted {
            failed: reasons.len(),
            all,
            reasons: reasons.join("; "),
        })
    }
}

impl StartExecution {
    /// The function over a client of its own.
    pub fn new(step_functions: Client, state_machine_arn: String) -> Self {
        Self {
            step_functions,
            state_machine_arn,
        }
    }

    /// The name of the execution for one record; `None` where the record is no upload of an image.
    async fn start_one(&self, index: usize, record: Value) -> Result<Option<String>, String> {
        let Some(upload) =
            Upload::of(record).map_err(|reason| format!("record {index}: {reason}"))?
        else {
            return Ok(None);
        };
        let name = upload.execution_name();
        let location = &upload.location;
        match self.start_execution(&name, upload.input()).await {
            Ok(new) => {
                tracing::info!(
                    s3_bucket = location.bucket,
                    s3_key = location.key,
                    name,
                    new,
                    "started"
                );
                Ok(Some(name))
            }
            Err(reason) => Err(format!("{location}: {reason}")),
        }
    }

    /// Returns true if the execution is a new one.
    async fn start_execution(&self, name: &str, input: Value) -> Result<bool, Failure> {
        let request = self.step_functions.start_execution();
        let answer = request
            .state_machine_arn(&self.state_machine_arn)
            .name(name)
            .input(input.to_string())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_execution_already_exists()) =>
            {
                Ok(false)
            }
            Err(error) => Err(Failure::of(&error)),
        }
    }
}

fn records(event: Value) -> Result<Vec<Value>, Error> {
    let Value::Object(mut event) = event else {
        return Err(Error::InvalidEvent(json_type(&event)));
    };
    match event.remove("Records") {
        Some(Value::Array(records)) => Ok(records),
        // What S3 sends when a notification is set up.
        None if event
            .get("Event")
            .is_some_and(|name| name == "s3:TestEvent") =>
        {
            Ok(Vec::new())
        }
        None => Err(Error::InvalidEvent("it is missing")),
        Some(other) => Err(Error::InvalidEvent(json_type(&other))),
    }
}

/// A new object in S3, as an event tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Upload {
    location: S3Uri,
    /// The object's version, which with `sequencer` tells one upload from the next of the same key.
    version: Option<String>,
    sequencer: Option<String>,
}

impl Upload {
    /// `None` for events about other things than new objects, and for the folders that the S3
    /// console makes.
    fn of(record: Value) -> Result<Option<Self>, String> {
        let record: S3EventRecord = serde_json::from_value(record)
            .map_err(|error| format!("not a record of S3: {error}"))?;
        let created = |name: &String| name.trim_start_matches("s3:").starts_with("ObjectCreated:");
        let object = record.s3.object;
        let key = object.key.ok_or("it has no object key")?;
        let upload = Self {
            location: S3Uri {
                bucket: record.s3.bucket.name.ok_or("it has no bucket name")?,
                key: decode(&key)?,
            },
            version: object.version_id,
            sequencer: object.sequencer,
        };
        let folder = upload.location.key.ends_with('/') && object.size == Some(0);
        let is_new = record.event_name.as_ref().is_some_and(created);
        Ok((is_new && !folder).then_some(upload))
    }

    /// Up to 80 characters of those that Step Functions allows: what a person knows the file by,
    /// and a hash.
    fn execution_name(&self) -> String {
        const READABLE: usize = 31;
        const HASH_BYTES: usize = 24;
        let S3Uri { bucket, key } = &self.location;
        // A JSON array, so that no two different uploads are the same text.
        let identity = json!([bucket, key, self.version, self.sequencer]).to_string();
        let hash = hex::encode(&Sha256::digest(identity)[..HASH_BYTES]);
        let file = key.rsplit('/').next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        };
        let readable: String = stem.chars().take(READABLE).map(safe).collect();
        format!("{readable}-{hash}")
    }

    /// The notebooks' payload.
    fn input(&self) -> Value {
        let S3Uri { bucket, key } = &self.location;
        json!({"image_data": "", "s3_bucket": bucket, "s3_key": key})
    }
}

/// Keys in S3 events are URL-encoded, as forms are: a plus sign is a space.
fn decode(key: &str) -> Result<String, String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| format!("the key {key} is not URL-encoded UTF-8"))
}

#[cfg(test)]
mod tests;
