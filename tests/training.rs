//! train-and-deploy: a new model takes over without a gap, or ends with an error of its own while
//! the old one serves on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

use crate::support::Stack;
use crate::support::clients::{BUCKET, Clients};

const ENDPOINT: &str = "scones-classifier";
const STATE_MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:train-and-deploy";

/// Training images of the small data set, and test images.
const SMALL: (usize, usize) = (48, 16);

struct Trainer {
    _stack: Stack,
    clients: Clients,
}

impl Trainer {
    /// A stack with a model in service, and a data set that is learned in a moment under `small/`.
    async fn new() -> Self {
        let stack = Stack::with_model();
        let clients = Clients::of(&stack).await;
        let trainer = Self {
            _stack: stack,
            clients,
        };
        trainer.in_service().await;
        trainer.copy("train", SMALL.0).await;
        trainer.copy("test", SMALL.1).await;
        trainer
    }

    /// Copies images of every class, with their manifest.
    async fn copy(&self, set: &str, images: usize) {
        let manifest = self.clients.get(&format!("{set}.lst")).await;
        let manifest = String::from_utf8(manifest).unwrap();
        let lines: Vec<&str> = manifest.lines().collect();
        let step = lines.len() / images;
        let some: Vec<&str> = lines.into_iter().step_by(step).take(images).collect();
        for line in &some {
            let path = line.split('\t').nth(2).unwrap();
            let image = self.clients.get(&format!("{set}/{path}")).await;
            self.clients
                .put(&format!("small/{set}/{path}"), image)
                .await;
        }
        let manifest = some.join("\n") + "\n";
        self.clients
            .put(&format!("small/{set}.lst"), manifest)
            .await;
    }

    /// An input that any model meets, but for `changes`.
    fn input(changes: &Value) -> Value {
        let mut input = json!({
            "data": format!("s3://{BUCKET}/small"),
            "hyperparameters": hyperparameters(&json!({})),
            "minimum_accuracy": 0,
            "maximum_ece": 1,
            "poll_seconds": 1,
        });
        let changes = changes.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(changes);
        input
    }

    async fn run(&self, changes: &Value) -> DescribeExecutionOutput {
        let started = self
            .clients
            .sfn
            .start_execution()
            .state_machine_arn(STATE_MACHINE)
            .input(Self::input(changes).to_string())
            .send()
            .await
            .unwrap();
        self.clients.wait(&started.execution_arn).await
    }

    /// Runs what must fail, and leave the model in service that was there.
    async fn refused(&self, changes: &Value, error: &str, cause: &str) {
        let before = self.in_service().await;
        let ended = self.run(changes).await;
        assert_eq!(ended.status, ExecutionStatus::Failed, "{ended:?}");
        let told = ended.cause.unwrap_or_default();
        assert_eq!(ended.error.as_deref(), Some(error), "{told}");
        assert!(told.contains(cause), "{told}");
        assert_eq!(self.in_service().await, before);
    }

    /// The endpoint's configuration, once it is in service.
    async fn in_service(&self) -> String {
        let mut config = String::new();
        self.clients
            .until("the endpoint is in service", async || {
                let body = json!({ "EndpointName": ENDPOINT });
                let described = self.clients.sagemaker("DescribeEndpoint", &body).await;
                config = described["EndpointConfigName"].as_str().unwrap().to_owned();
                described["EndpointStatus"] == "InService"
            })
            .await;
        config
    }
}

/// Returns the hyperparameters of a network that learns the small data set in a moment.
fn hyperparameters(changes: &Value) -> Value {
    let mut values = json!({
        "num_classes": "2", "image_shape": "3,32,32", "labels": "bicycle,motorcycle", "epochs": "3",
        "mini_batch_size": "16",
    });
    let changes = changes.as_object().unwrap().clone();
    values.as_object_mut().unwrap().extend(changes);
    values
}

/// Returns the hyperparameters of the previous model.
fn same_as_before() -> Value {
    json!({
        "num_classes": "2", "num_training_samples": "1000", "image_shape": "3,32,32", "epochs": "4",
        "labels": "bicycle,motorcycle",
    })
}

/// Asks the endpoint again and again, until it is told to stop.
fn traffic(clients: &Clients, image: Vec<u8>) -> (Arc<AtomicBool>, tokio::task::JoinHandle<usize>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, runtime) = (Arc::clone(&stop), clients.runtime.clone());
    let asking = tokio::spawn(async move {
        let answered = AtomicUsize::new(0);
        while !stopped.load(Ordering::Relaxed) {
            let asked = runtime
                .invoke_endpoint()
                .endpoint_name(ENDPOINT)
                .content_type("application/x-image")
                .body(aws_sdk_sagemakerruntime::primitives::Blob::new(
                    image.clone(),
                ));
            asked.send().await.unwrap();
            answered.fetch_add(1, Ordering::Relaxed);
        }
        answered.into_inner()
    });
    (stop, asking)
}

#[tokio::test]
async fn a_new_model_takes_over_without_a_gap() {
    let trainer = Trainer::new().await;
    let before = trainer.in_service().await;
    let key = trainer.clients.test_image().await;
    let image = trainer.clients.get(&key).await;
    let (stop, asking) = traffic(&trainer.clients, image);
    // As the model before was trained: it can't be worse.
    let whole = json!({ "data": format!("s3://{BUCKET}"), "hyperparameters": same_as_before() });
    let ended = trainer.run(&whole).await;
    stop.store(true, Ordering::Relaxed);
    assert!(asking.await.unwrap() > 0, "no request failed");
    assert_eq!(
        ended.status,
        ExecutionStatus::Succeeded,
        "{:?}",
        ended.cause
    );
    let output: Value = serde_json::from_str(ended.output.as_deref().unwrap()).unwrap();
    assert_eq!(trainer.in_service().await, output["model"]);
    assert_eq!(output["before"]["config"], before);
    assert_eq!(output["figures"]["images"], 200);
    assert_eq!(output["figures"], output["before"]["figures"]);
    assert!(output["smokeTest"]["confidence"].as_f64().unwrap() >= 0.5);
    let job = json!({ "TrainingJobName": output["model"] });
    let job = trainer.clients.sagemaker("DescribeTrainingJob", &job).await;
    assert_eq!(job["TrainingJobStatus"], "Completed");
    let metrics = job["FinalMetricDataList"].as_array().unwrap();
    assert!(
        metrics
            .iter()
            .any(|metric| metric["MetricName"] == "train:accuracy"),
        "{job}"
    );
    // The workflow gets the new model's answer, which the gate may pass or refuse.
    let execution = trainer.clients.run(&key).await;
    let refused = execution.error.as_deref() == Some("ThresholdConfidenceNotMet");
    assert!(
        execution.status == ExecutionStatus::Succeeded || refused,
        "{:?}",
        execution.error
    );
}

#[tokio::test]
async fn what_is_not_good_enough_is_not_deployed() {
    let trainer = Trainer::new().await;
    let wrong = json!({ "hyperparameters": hyperparameters(&json!({ "num_classes": "two" })) });
    let cause = "failed: AlgorithmError: ClientError: the hyperparameter `num_classes` is `two`";
    trainer.refused(&wrong, "TrainingFailed", cause).await;
    let cause = "on the test images is ";
    let strict = json!({ "minimum_accuracy": 1.01 });
    trainer.refused(&strict, "ModelNotAccurate", cause).await;
    let strict = json!({ "maximum_ece": -0.01 });
    trainer.refused(&strict, "ModelNotCalibrated", cause).await;
    // What it leaves out is the template's.
    let ignorant = json!({ "epochs": "1", "learning_rate": "0.00001" });
    let worse = json!({ "hyperparameters": ignorant });
    trainer
        .refused(&worse, "ModelWorse", "; the model in service, ")
        .await;

    let text = ByteStream::from_static(b"no image");
    let object = trainer.clients.s3.put_object().bucket(BUCKET);
    object
        .key("small/test/text.png")
        .body(text)
        .send()
        .await
        .unwrap();
    trainer
        .refused(
            &json!({}),
            "ModelNotServable",
            "does not answer for the test images",
        )
        .await;
}

#[tokio::test]
async fn a_model_that_fails_its_first_request_is_taken_back() {
    let trainer = Trainer::new().await;
    let before = trainer.in_service().await;
    // The wait before the first request is long enough for what follows.
    let input = json!({ "hyperparameters": same_as_before(), "tolerance": 1, "poll_seconds": 5 });
    let refused = trainer.refused(&input, "SmokeTestFailed", "NotAnImage");
    // The first image was one when both models were evaluated, and is none when the new model is
    // tried with it.
    let spoiled = async {
        trainer
            .clients
            .until("the endpoint is updated", async || {
                let body = json!({ "EndpointName": ENDPOINT });
                let described = trainer.clients.sagemaker("DescribeEndpoint", &body).await;
                described["EndpointStatus"] != "InService"
                    || described["EndpointConfigName"] != before.as_str()
            })
            .await;
        let images = trainer.clients.s3.list_objects_v2().bucket(BUCKET);
        let images = images
            .prefix("small/test/")
            .max_keys(1)
            .send()
            .await
            .unwrap();
        let first = images.contents()[0].key().unwrap();
        trainer.clients.put(first, "no image").await;
    };
    futures::join!(refused, spoiled);
}
