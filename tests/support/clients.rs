//! AWS SDK clients of a stack, as any user's, and what tests do with them.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use aws_smithy_http_client::Builder;
use serde_json::{Value, json};

use super::Stack;

pub(crate) const BUCKET: &str = "scones-unlimited-123456789012-us-east-1";
pub(crate) const STATE_MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:classify-images";

pub(crate) struct Clients {
    url: String,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sfn: aws_sdk_sfn::Client,
    pub(crate) scheduler: aws_sdk_scheduler::Client,
    pub(crate) runtime: aws_sdk_sagemakerruntime::Client,
}

impl Clients {
    pub(crate) async fn of(stack: &Stack) -> Self {
        Self::with_key(stack, ("dummy", "dummy")).await
    }

    pub(crate) async fn with_key(stack: &Stack, (id, secret): (&str, &str)) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&stack.url)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(id, secret, None, None, "test"))
            .http_client(Builder::new().build_http())
            .load()
            .await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build();
        Self {
            url: stack.url.clone(),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sfn: aws_sdk_sfn::Client::new(&config),
            scheduler: aws_sdk_scheduler::Client::new(&config),
            runtime: aws_sdk_sagemakerruntime::Client::new(&config),
        }
    }

    /// Performs an operation of SageMaker, for which there is no SDK here.
    pub(crate) async fn sagemaker(&self, operation: &str, body: &Value) -> Value {
        let (url, body) = (self.url.clone(), body.to_string());
        let target = format!("SageMaker.{operation}");
        let response = tokio::task::spawn_blocking(move || {
            let scope = "AWS4-HMAC-SHA256 \
                         Credential=dummy/20261121/us-east-1/sagemaker/aws4_request, \
                         SignedHeaders=host, Signature=0";
            let request = ureq::post(&url)
                .header("authorization", scope)
                .header("x-amz-target", &target)
                .header("content-type", "application/x-amz-json-1.1");
            request.send(body).unwrap().body_mut().read_to_string()
        });
        serde_json::from_str(&response.await.unwrap().unwrap()).unwrap()
    }

    pub(crate) async fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        let body = ByteStream::from(body.into());
        self.s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(body)
            .send()
            .await
            .unwrap();
    }

    /// Starts an execution with the notebooks' payload.
    pub(crate) async fn start(&self, key: &str) -> String {
        self.start_with(&json!({ "image_data": "", "s3_bucket": BUCKET, "s3_key": key }))
            .await
    }

    pub(crate) async fn start_with(&self, input: &Value) -> String {
        let started = self
            .sfn
            .start_execution()
            .state_machine_arn(STATE_MACHINE)
            .input(input.to_string());
        started.send().await.unwrap().execution_arn
    }

    /// Starts an execution and waits for its end.
    pub(crate) async fn run(&self, key: &str) -> DescribeExecutionOutput {
        let arn = self.start(key).await;
        self.wait(&arn).await
    }

    pub(crate) async fn wait(&self, arn: &str) -> DescribeExecutionOutput {
        for _ in 0..6000 {
            let execution = self
                .sfn
                .describe_execution()
                .execution_arn(arn)
                .send()
                .await
                .unwrap();
            if execution.status != ExecutionStatus::Running {
                return execution;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{arn} does not end");
    }

    /// The ARNs of the executions whose input names `key`, in the order they started.
    pub(crate) async fn executions_of(&self, key: &str) -> Vec<String> {
        let listed = self
            .sfn
            .list_executions()
            .state_machine_arn(STATE_MACHINE)
            .send()
            .await
            .unwrap();
        let mut found = Vec::new();
        for execution in listed.executions.into_iter().rev() {
            let described = self
                .sfn
                .describe_execution()
                .execution_arn(&execution.execution_arn)
                .send()
                .await
                .unwrap();
            let input: Value = serde_json::from_str(&described.input.unwrap()).unwrap();
            if input["s3_key"] == key {
                found.push(execution.execution_arn);
            }
        }
        found
    }

    pub(crate) async fn history(&self, arn: &str) -> Vec<HistoryEvent> {
        self.sfn
            .get_execution_history()
            .execution_arn(arn)
            .send()
            .await
            .unwrap()
            .events
    }

    /// The key of a staged test image.
    pub(crate) async fn test_image(&self) -> String {
        let listed = self
            .s3
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix("test/")
            .send()
            .await
            .unwrap();
        listed.contents()[0].key().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, key: &str) -> Vec<u8> {
        let object = self
            .s3
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    /// Invokes a function over Lambda's Invoke API, which must answer without a function error.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let event = event.to_string();
        let mut response = tokio::task::spawn_blocking(move || ureq::post(&url).send(event))
            .await
            .unwrap()
            .unwrap();
        let error = response.headers().get("x-amz-function-error").cloned();
        assert!(
            error.is_none(),
            "{}",
            response.body_mut().read_to_string().unwrap()
        );
    }

    /// Waits for what must come true, and says what did not.
    pub(crate) async fn until(&self, what: &str, mut is_true: impl AsyncFnMut() -> bool) {
        for _ in 0..600 {
            if is_true().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("in vain: {what}");
    }

    pub(crate) async fn first_execution_of(&self, key: &str) -> String {
        self.until(&format!("{key} starts an execution"), async || {
            !self.executions_of(key).await.is_empty()
        })
        .await;
        self.executions_of(key).await.swap_remove(0)
    }

    /// Returns true if the execution has scheduled the Lambda function.
    pub(crate) async fn scheduled(&self, arn: &str, function: &str) -> bool {
        self.history(arn).await.iter().any(|event| {
            let details = event.task_scheduled_event_details.as_ref();
            details.is_some_and(|details| details.parameters.contains(function))
        })
    }

    /// The scores as they left ClassifyImage.
    pub(crate) async fn scores_of(&self, arn: &str) -> Value {
        let history = self.history(arn).await;
        let mut left = history
            .iter()
            .filter_map(|event| event.state_exited_event_details.as_ref());
        let classified = left
            .find(|details| details.name == "ClassifyImage")
            .unwrap();
        let object: Value = serde_json::from_str(classified.output.as_deref().unwrap()).unwrap();
        object["inferences"].clone()
    }

    /// Every line of the captured data in the bucket.
    pub(crate) async fn captured(&self) -> Vec<Value> {
        let listed = self
            .s3
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix("captured/")
            .send()
            .await
            .unwrap();
        let mut lines = Vec::new();
        for object in listed.contents() {
            let text = String::from_utf8(self.get(object.key().unwrap()).await).unwrap();
            lines.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Value>(line).unwrap()),
            );
        }
        lines
    }
}
