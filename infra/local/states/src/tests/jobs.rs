//! Tasks that create SageMaker's resources, and wait for its jobs.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::integrations::{failure, result, service, without_ids};
use super::*;
use local_s3::S3;
use local_sagemaker::{Config, ContainerPrograms, Control, SageMaker};
use service::Objects;

const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/training";
const RESOURCE: &str = "sagemaker:createTrainingJob.sync";

/// Step Functions with SageMaker and S3.
struct SageMakerSetup {
    fixture: Fixture,
    s3: S3,
    sagemaker: SageMaker,
}

async fn setup() -> SageMakerSetup {
    let dir = tempfile::tempdir().unwrap();
    let s3 = S3::open(dir.path(), Identity::default()).unwrap();
    let create = http::Request::put("/bucket").body(Body::empty()).unwrap();
    assert_eq!(s3.handle(create).await.status(), 200);
    s3.put("bucket", "train/a", "1".into(), "text/plain")
        .await
        .unwrap();
    let programs = ContainerPrograms::any(
        Arc::new(|_| Command::new("false")),
        Arc::new(|launch| {
            let this_program = std::env::current_exe().unwrap();
            let program = this_program
                .ancestors()
                .nth(2)
                .unwrap()
                .join("examples/sagemaker-training");
            let mut command = Command::new(program);
            command.arg(launch.root);
            command
        }),
    );
    let config = Config::new(vec![], programs);
    let objects = Arc::new(s3.clone());
    let sagemaker = SageMaker::open(dir.path(), Identity::default(), config, objects).unwrap();
    let functions = Arc::new(Functions::default());
    let states = open(dir.path(), &sagemaker);
    let fixture = Fixture {
        states,
        functions,
        _dir: dir,
    };
    SageMakerSetup {
        fixture,
        s3,
        sagemaker,
    }
}

fn open(dir: &Path, sagemaker: &SageMaker) -> States {
    let reachable = ReachableServices::new(Arc::new(Functions::default()))
        .with_service("sagemaker", Arc::new(Control(sagemaker.clone())))
        .with_jobs("sagemaker", Arc::new(Control(sagemaker.clone())));
    States::open(dir, Identity::default(), reachable).unwrap()
}

fn job(name: &str, does: &str) -> Value {
    let source = json!({ "S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/" });
    json!({
        "TrainingJobName": name,
        "HyperParameters": { "do": does, "model": "m" },
        "AlgorithmSpecification": { "TrainingImage": "i", "TrainingInputMode": "File" },
        "RoleArn": ROLE_ARN,
        "InputDataConfig": [{ "ChannelName": "train", "DataSource": { "S3DataSource": source } }],
        "OutputDataConfig": { "S3OutputPath": "s3://bucket/out" },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
    })
}

impl SageMakerSetup {
    async fn describe(&self, name: &str) -> Value {
        let request = http::Request::post("/")
            .header("x-amz-target", "SageMaker.DescribeTrainingJob")
            .body(Body::from(json!({ "TrainingJobName": name }).to_string()))
            .unwrap();
        let response = self.sagemaker.handle(request).await.into_body();
        let body = axum::body::to_bytes(response, usize::MAX).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Waits for a job's second status.
    async fn until(&self, name: &str, status: &str) -> Value {
        for _ in 0..1000 {
            let described = self.describe(name).await;
            if described["SecondaryStatus"] == status {
                return described;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{name} is never {status}: {}", self.describe(name).await);
    }

    async fn stop_by_hand(&self, name: &str) {
        let request = http::Request::post("/")
            .header("x-amz-target", "SageMaker.StopTrainingJob")
            .body(Body::from(json!({ "TrainingJobName": name }).to_string()))
            .unwrap();
        assert_eq!(self.sagemaker.handle(request).await.status(), 200);
    }
}

#[tokio::test]
async fn a_job_that_is_waited_for_gives_its_description() {
    let setup = setup().await;
    let done = result(&setup.fixture, "m", RESOURCE, job("j", "")).await;
    assert_eq!(done["TrainingJobStatus"], "Completed");
    assert_eq!(
        done["ModelArtifacts"]["S3ModelArtifacts"],
        "s3://bucket/out/j/output/model.tar.gz"
    );
    assert!(done["CreationTime"].is_i64(), "{}", done["CreationTime"]);
    assert!(
        setup
            .s3
            .etag("bucket", "out/j/output/model.tar.gz")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_job_that_fails_fails_the_task_that_waits_for_it() {
    let setup = setup().await;
    let (error, cause) = failure(&setup.fixture, "m", RESOURCE, job("j", "fail")).await;
    assert_eq!(error, "States.TaskFailed");
    let cause: Value = serde_json::from_str(&cause).unwrap();
    assert_eq!(
        cause["FailureReason"],
        "AlgorithmError: out of ideas, exit code: 3"
    );
}

#[tokio::test]
async fn refusals_have_the_names_of_the_first_sdk() {
    let setup = setup().await;
    result(&setup.fixture, "m", RESOURCE, job("j", "")).await;
    let (error, cause) = failure(&setup.fixture, "n", RESOURCE, job("j", "")).await;
    assert_eq!(error, "SageMaker.ResourceInUseException");
    assert_eq!(
        without_ids(&cause),
        "Training job names must be unique within an AWS account and region, and a training job \
         with this name already exists (arn:aws:sagemaker:us-east-1:123456789012:training-job/j) \
         (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse; Request ID: R; \
         Proxy: null)"
    );
    let endpoint = json!({ "EndpointName": "e", "EndpointConfigName": "c" });
    let (error, _) = failure(&setup.fixture, "o", "sagemaker:updateEndpoint", endpoint).await;
    assert_eq!(error, "SageMaker.AmazonSageMakerException");
    let unknown = json!({ "EndpointName": "e", "EndpointConfigName": "c", "Colour": "red" });
    let (error, cause) = failure(&setup.fixture, "p", "sagemaker:createEndpoint", unknown).await;
    assert_eq!(error, "States.Runtime");
    assert!(
        cause.ends_with("[The field \"Colour\" is not supported by Step Functions]"),
        "{cause}"
    );
    let (error, _) = failure(
        &setup.fixture,
        "q",
        "aws-sdk:sagemaker:describeModel",
        json!({ "ModelName": "m" }),
    )
    .await;
    assert_eq!(error, "SageMaker.SageMakerException");
}

#[tokio::test]
async fn resources_are_created_and_described() {
    let setup = setup().await;
    let model = json!({ "ModelName": "m", "PrimaryContainer": { "Image": "i" } });
    let created = result(&setup.fixture, "m", "sagemaker:createModel", model).await;
    let names: Vec<&String> = created.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["ModelArn", "SdkHttpMetadata", "SdkResponseMetadata"]
    );
    let named = json!({ "ModelName": "m" });
    let described = result(
        &setup.fixture,
        "n",
        "aws-sdk:sagemaker:describeModel",
        named,
    )
    .await;
    let created = described["CreationTime"].as_str().unwrap();
    assert!(created.parse::<jiff::Timestamp>().is_ok(), "{created}");
}

#[tokio::test]
async fn stopping_the_execution_stops_the_job() {
    let setup = setup().await;
    let f = &setup.fixture;
    f.create("m", super::single(service(RESOURCE, &job("j", "wait"))))
        .await;
    let execution = f.start_of("m", json!({})).await;
    setup.until("j", "Training").await;
    f.ok("StopExecution", json!({ "executionArn": execution }))
        .await;
    setup.until("j", "Stopped").await;
}

#[tokio::test]
async fn a_task_that_times_out_stops_its_job() {
    let setup = setup().await;
    let f = &setup.fixture;
    let mut state = service(RESOURCE, &job("j", "wait"));
    state["TimeoutSeconds"] = 1.into();
    f.create("m", super::single(state)).await;
    let ended = f.run_of("m", json!({})).await;
    assert_eq!(ended.error.as_deref(), Some("States.Timeout"));
    setup.until("j", "Stopped").await;
}

#[tokio::test]
async fn a_restart_waits_for_the_job_that_the_task_has_created() {
    let mut setup = setup().await;
    let f = &setup.fixture;
    f.create("m", super::single(service(RESOURCE, &job("j", "wait"))))
        .await;
    let execution = f.start_of("m", json!({})).await;
    setup.until("j", "Training").await;
    setup.fixture.states.shut_down().await;
    let states = open(setup.fixture._dir.path(), &setup.sagemaker);
    assert_eq!(states.resume().await.unwrap(), 1);
    // Not given up: the job runs on.
    assert_eq!(setup.describe("j").await["SecondaryStatus"], "Training");
    setup.stop_by_hand("j").await;
    let ended = states.wait(&execution).await.unwrap();
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        ("FAILED".into(), Some("States.TaskFailed"))
    );
    setup.fixture.states = states;
}
