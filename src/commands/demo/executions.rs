//! Runs executions on test images, as both kinds of user do: by test payload and by upload.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use evaluation::Threshold;
use serde::Serialize;
use serde_json::{Value, json};

/// Time that an execution may take before the demo calls it lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// The error of a doubtful image, as `filter-inferences` names it.
const REFUSED: &str = "ThresholdConfidenceNotMet";

/// The way in which an execution was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Trigger {
    /// `StartExecution` with the notebooks' test payload.
    Payload,
    /// An object put under `incoming/`.
    Upload,
}

/// The result of one execution.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExecutionResult {
    pub(crate) name: String,
    pub(crate) trigger: Trigger,
    pub(crate) key: String,
    pub(crate) status: String,
    pub(crate) label: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) threshold: Threshold,
    /// The duration of the execution, by the service's own clock.
    pub(crate) milliseconds: i64,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
}

impl ExecutionResult {
    /// The gate let it pass.
    pub(crate) fn passed(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// The gate refused it for its confidence.
    pub(crate) fn refused(&self) -> bool {
        self.status == "FAILED" && self.error.as_deref() == Some(REFUSED)
    }

    /// Returns true if the outcome matches the confidence; anything else is a bug of the workflow.
    pub(crate) fn is_consistent(&self) -> bool {
        match (self.confidence, &self.label) {
            (Some(confidence), Some(_)) if self.threshold.passes(confidence) => self.passed(),
            (Some(_), Some(_)) => self.refused(),
            _ => false,
        }
    }
}

/// The workflow's clients and names.
pub(crate) struct Workflow {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sfn: aws_sdk_sfn::Client,
    pub(crate) bucket: String,
    pub(crate) state_machine_arn: String,
    /// The gate's threshold, unless an input carries its own.
    pub(crate) threshold: Threshold,
}

impl Workflow {
    /// Starts an execution by the notebooks' payload, with a threshold of its own where one is
    /// given.
    pub(crate) async fn by_payload(
        &self,
        key: &str,
        threshold: Option<Threshold>,
    ) -> anyhow::Result<ExecutionResult> {
        let mut input = json!({ "image_data": "", "s3_bucket": self.bucket, "s3_key": key });
        if let Some(threshold) = threshold {
            input["threshold"] = json!(threshold);
        }
        let started = self
            .sfn
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .input(input.to_string())
            .send()
            .await
            .map_err(aws_sdk_sfn::Error::from)
            .with_context(|| format!("starting an execution for {key}"))?;
        let ended = self
            .wait(&started.execution_arn, Trigger::Payload, key)
            .await?;
        Ok(ExecutionResult {
            threshold: threshold.unwrap_or(self.threshold),
            ..ended
        })
    }

    /// Uploads the image under `incoming/` and finds the execution that the event starts.
    pub(crate) async fn by_upload(&self, key: &str) -> anyhow::Result<ExecutionResult> {
        let before = self.known().await?;
        let image = self.get(key).await?;
        let name = key.rsplit('/').next().unwrap_or(key);
        let incoming = format!("incoming/{name}");
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(&incoming)
            .content_type("image/png")
            .body(ByteStream::from(image))
            .send()
            .await
            .map_err(aws_sdk_s3::Error::from)
            .with_context(|| format!("uploading {incoming}"))?;
        let arn = self.started_for(&incoming, &before).await?;
        self.wait(&arn, Trigger::Upload, &incoming).await
    }

    async fn get(&self, key: &str) -> anyhow::Result<Vec<u8>> {
        let object = self
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        let object = object
            .map_err(aws_sdk_s3::Error::from)
            .with_context(|| format!("reading {key}"))?;
        Ok(object.body.collect().await?.to_vec())
    }

    /// The newest executions' ARNs.
    async fn known(&self) -> anyhow::Result<HashSet<String>> {
        let listed = self
            .sfn
            .list_executions()
            .state_machine_arn(&self.state_machine_arn)
            .max_results(100)
            .send();
        let listed = listed
            .await
            .map_err(aws_sdk_sfn::Error::from)
            .context("listing executions")?;
        Ok(listed
            .executions
            .into_iter()
            .map(|execution| execution.execution_arn)
            .collect())
    }

    async fn started_for(&self, key: &str, before: &HashSet<String>) -> anyhow::Result<String> {
        let mut pause = Pause::new();
        loop {
            for arn in self.known().await?.difference(before) {
                let execution = self.describe(arn).await?;
                let input: Value =
                    serde_json::from_str(execution.input.as_deref().unwrap_or("null"))?;
                if input["s3_key"] == key {
                    return Ok(arn.clone());
                }
            }
            pause
                .or_give_up(|| format!("the upload of {key} started no execution"))
                .await?;
        }
    }

    async fn describe(&self, arn: &str) -> anyhow::Result<DescribeExecutionOutput> {
        let described = self
            .sfn
            .describe_execution()
            .execution_arn(arn)
            .send()
            .await;
        described
            .map_err(aws_sdk_sfn::Error::from)
            .with_context(|| format!("describing {arn}"))
    }

    async fn wait(
        &self,
        arn: &str,
        trigger: Trigger,
        key: &str,
    ) -> anyhow::Result<ExecutionResult> {
        let mut pause = Pause::new();
        loop {
            let execution = self.describe(arn).await?;
            if execution.status != ExecutionStatus::Running {
                return self.ended(&execution, trigger, key).await;
            }
            pause
                .or_give_up(|| format!("the execution {arn} is still RUNNING"))
                .await?;
        }
    }

    async fn ended(
        &self,
        execution: &DescribeExecutionOutput,
        trigger: Trigger,
        key: &str,
    ) -> anyhow::Result<ExecutionResult> {
        let inference = self.inference(&execution.execution_arn).await?;
        let stopped = execution
            .stop_date
            .context("an execution that ended has no stop date")?;
        Ok(ExecutionResult {
            name: execution.name.clone().unwrap_or_default(),
            trigger,
            key: key.to_owned(),
            status: execution.status.as_str().to_owned(),
            label: inference["label"].as_str().map(str::to_owned),
            confidence: inference["confidence"].as_f64(),
            threshold: self.threshold,
            milliseconds: stopped.to_millis()? - execution.start_date.to_millis()?,
            error: execution.error.clone(),
            cause: execution.cause.clone(),
        })
    }

    /// The object as it left ClassifyImage: a refused execution has no output that could be asked.
    async fn inference(&self, arn: &str) -> anyhow::Result<Value> {
        let history = self
            .sfn
            .get_execution_history()
            .execution_arn(arn)
            .send()
            .await;
        let history = history
            .map_err(aws_sdk_sfn::Error::from)
            .with_context(|| format!("the history of {arn}"))?;
        let left = history
            .events
            .iter()
            .filter(|event| event.r#type == HistoryEventType::TaskStateExited)
            .filter_map(|event| event.state_exited_event_details.as_ref())
            .find(|details| details.name == "ClassifyImage");
        let output = left
            .and_then(|details| details.output.as_deref())
            .unwrap_or("null");
        Ok(serde_json::from_str(output)?)
    }
}

/// Waits between looks, a little longer each time, and not for ever.
struct Pause {
    next: Duration,
    waited: Duration,
}

impl Pause {
    fn new() -> Self {
        Self {
            next: Duration::from_millis(5),
            waited: Duration::ZERO,
        }
    }

    async fn or_give_up(&mut self, what: impl Fn() -> String) -> anyhow::Result<()> {
        if self.waited > PATIENCE {
            bail!(
                "{} after {} s; see `scones logs`",
                what(),
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(self.next).await;
        self.waited += self.next;
        self.next = (self.next * 2).min(Duration::from_millis(100));
        Ok(())
    }
}
