//! Training jobs with real processes.

use super::*;
use service::logs;
use service::sdk::{Jobs as _, SdkError};

/// A request whose program does as `parameters` say.
pub(super) fn job(name: &str, parameters: Value) -> Value {
    let mut request = json!({
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": "scones-model:latest",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{ "Name": "accuracy", "Regex": "accuracy=([0-9.]+)" }],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/training",
        "InputDataConfig": [channel("train", "train")],
        "OutputDataConfig": { "S3OutputPath": "s3://b/out" },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
        "Environment": { "SETTING": "from the job" },
    });
    request["HyperParameters"] = parameters;
    request
}

fn channel(name: &str, prefix: &str) -> Value {
    let source = json!({ "S3DataType": "S3Prefix", "S3Uri": format!("s3://b/{prefix}") });
    json!({ "ChannelName": name, "DataSource": { "S3DataSource": source } })
}

/// A stack with input for [`job`].
pub(super) async fn stack() -> Stack {
    let stack = Stack::empty();
    for (key, body) in [
        ("train/a", "1"),
        ("train/b/c", "2"),
        ("train/d", "3"),
        ("train/", ""),
    ] {
        stack.put(key, body.into()).await;
    }
    stack
}

async fn create(stack: &Stack, request: &Value) {
    let created = stack.ok("CreateTrainingJob", request.clone()).await;
    let name = request["TrainingJobName"].as_str().unwrap();
    let arn = format!("arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}");
    assert_eq!(created, json!({ "TrainingJobArn": arn }));
}

async fn describe(stack: &Stack, name: &str) -> Value {
    let request = json!({ "TrainingJobName": name });
    stack.ok("DescribeTrainingJob", request).await
}

/// Waits until the job is over.
async fn ended(stack: &Stack, name: &str) -> Value {
    stack
        .service
        .0
        .job_ended(Kind::TrainingJob, name)
        .await
        .unwrap();
    describe(stack, name).await
}

async fn run(stack: &Stack, request: Value) -> Value {
    create(stack, &request).await;
    ended(stack, request["TrainingJobName"].as_str().unwrap()).await
}

fn states(description: &Value) -> Vec<&str> {
    let transitions = description["SecondaryStatusTransitions"]
        .as_array()
        .unwrap();
    let states = transitions
        .iter()
        .map(|transition| transition["Status"].as_str().unwrap());
    states.collect()
}

fn statuses(description: &Value) -> (&str, &str, &str) {
    let text = |member: &str| description[member].as_str().unwrap_or_default();
    (
        text("TrainingJobStatus"),
        text("SecondaryStatus"),
        text("FailureReason"),
    )
}

/// Waits until the process of a job says that it waits.
async fn waits(stack: &Stack, name: &str) {
    let file = stack
        .folder
        .path()
        .join("training-jobs")
        .join(name)
        .join("waiting");
    until("the process waits", || async { file.exists() }).await;
}

fn logged(stack: &Stack, name: &str) -> Vec<String> {
    let lines = logs::read(
        stack.folder.path(),
        Some(&format!("training-job/{name}")),
        100,
    )
    .unwrap();
    lines.into_iter().map(|line| line.message).collect()
}

/// The files of an archive in S3.
async fn unpacked(stack: &Stack, key: &str) -> Vec<(String, String)> {
    let bytes = stack
        .objects
        .get("b", key)
        .await
        .unwrap()
        .expect("an object");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = String::new();
        std::io::Read::read_to_string(&mut entry, &mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    });
    files.collect()
}

#[tokio::test]
async fn a_job_reads_its_input_and_leaves_its_model() {
    let stack = stack().await;
    let mut request = job("j", json!({ "model": "one", "report": "fine" }));
    request["InputDataConfig"] = json!([channel("train", "train"), channel("other", "train/d")]);
    let done = run(&stack, request.clone()).await;
    assert_eq!(statuses(&done), ("Completed", "Completed", ""));
    assert_eq!(
        states(&done),
        [
            "Starting",
            "Downloading",
            "Training",
            "Uploading",
            "Completed"
        ]
    );
    let model = "s3://b/out/j/output/model.tar.gz";
    assert_eq!(done["ModelArtifacts"], json!({ "S3ModelArtifacts": model }));
    let file = |name: &str, content: &str| (name.to_owned(), content.to_owned());
    let found = unpacked(&stack, "out/j/output/model.tar.gz").await;
    assert_eq!(found, [file("model", "one")]);
    let found = unpacked(&stack, "out/j/output/output.tar.gz").await;
    assert_eq!(found, [file("report", "fine")]);
    assert_eq!(
        logged(&stack, "j"),
        [
            "epoch=1 accuracy=0.5",
            "read other/d: 3",
            "read train/a: 1",
            "read train/b/c: 2",
            "read train/d: 3",
            "environment from the job",
            "epoch=2 accuracy=0.75",
        ]
    );
    let metrics = &done["FinalMetricDataList"];
    assert_eq!(
        (&metrics[0]["MetricName"], &metrics[0]["Value"]),
        (&json!("accuracy"), &json!(0.75))
    );
    assert!(metrics[0]["Timestamp"].as_f64() > done["CreationTime"].as_f64());
    for member in [
        "HyperParameters",
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "Environment",
    ] {
        assert_eq!(done[member], request[member]);
    }
    assert!(done["TrainingEndTime"].as_f64() >= done["TrainingStartTime"].as_f64());
    assert_eq!(done["TrainingTimeInSeconds"], 1);
    assert!(!stack.folder.path().join("training-jobs/j").exists());
}

#[tokio::test]
async fn the_folder_is_what_a_container_finds() {
    let stack = stack().await;
    create(&stack, &job("j", json!({ "do": "wait", "epochs": "3" }))).await;
    waits(&stack, "j").await;
    let config = |name: &str| {
        let folder = stack.folder.path().join("training-jobs/j/input/config");
        let text = std::fs::read(folder.join(name)).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()
    };
    assert_eq!(
        config("hyperparameters.json"),
        json!({ "do": "wait", "epochs": "3" })
    );
    let channel = json!({ "train": {
        "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
    } });
    assert_eq!(config("inputdataconfig.json"), channel);
    let resources = config("resourceconfig.json");
    assert_eq!(resources["current_host"], "algo-1");
    assert_eq!(resources["current_instance_type"], "ml.m5.large");
    stack
        .ok("StopTrainingJob", json!({ "TrainingJobName": "j" }))
        .await;
    ended(&stack, "j").await;
}

#[tokio::test]
async fn a_job_that_fails_says_why() {
    let stack = stack().await;
    let failed = run(&stack, job("a", json!({ "do": "fail" }))).await;
    let reason = "AlgorithmError: out of ideas, exit code: 3";
    assert_eq!(statuses(&failed), ("Failed", "Failed", reason));
    assert_eq!(failed.get("ModelArtifacts"), None);
    assert_eq!(logged(&stack, "a"), ["epoch=1 accuracy=0.5", "Traceback"]);
    assert_eq!(failed["FinalMetricDataList"][0]["Value"], 0.5);
    let crashed = run(&stack, job("b", json!({ "do": "crash" }))).await;
    assert_eq!(
        statuses(&crashed),
        ("Failed", "Failed", "AlgorithmError: , exit code: 134")
    );
    let mut config = config(vec![]);
    let nowhere: StartTraining = Arc::new(|_| Command::new("/nowhere/scones"));
    config.programs = ContainerPrograms::any(Arc::new(start), nowhere);
    let stack = stack.restart_with(config).await;
    let lost = run(&stack, job("c", json!({}))).await;
    let reason = "AlgorithmError: the training program /nowhere/scones can't be started: No such \
                  file or directory (os error 2)";
    assert_eq!(statuses(&lost), ("Failed", "Failed", reason));
}

#[tokio::test]
async fn a_stopped_job_keeps_the_model_that_it_has_saved() {
    let stack = stack().await;
    create(&stack, &job("j", json!({ "do": "wait" }))).await;
    waits(&stack, "j").await;
    let named = json!({ "TrainingJobName": "j" });
    stack.ok("StopTrainingJob", named.clone()).await;
    let stopped = ended(&stack, "j").await;
    assert_eq!(statuses(&stopped), ("Stopped", "Stopped", ""));
    assert_eq!(
        states(&stopped),
        ["Starting", "Downloading", "Training", "Stopping", "Stopped"]
    );
    let found = unpacked(&stack, "out/j/output/model.tar.gz").await;
    assert_eq!(found, [("model".to_owned(), "stopped early".to_owned())]);
    let refused = stack.refused("StopTrainingJob", named).await;
    let text = "The request was rejected because the training job is in status Stopped.";
    assert_eq!(refused, ("ValidationException".to_owned(), text.to_owned()));
}

#[tokio::test]
async fn a_job_that_does_not_stop_is_killed() {
    let folder = stack().await;
    let mut config = config(vec![]);
    config.stop_timeout = Duration::from_millis(100);
    let stack = folder.restart_with(config).await;
    let mut request = job("j", json!({ "do": "ignore" }));
    request["StoppingCondition"]["MaxRuntimeInSeconds"] = 1.into();
    let timed_out = run(&stack, request).await;
    assert_eq!(statuses(&timed_out), ("Stopped", "MaxRuntimeExceeded", ""));
    assert_eq!(timed_out.get("ModelArtifacts"), None);
}

#[tokio::test]
async fn a_restart_runs_a_job_again_from_its_checkpoint() {
    let stack = stack().await;
    let mut request = job("j", json!({ "do": "resume", "model": "whole" }));
    request["CheckpointConfig"] = json!({ "S3Uri": "s3://b/checkpoints/j" });
    create(&stack, &request).await;
    waits(&stack, "j").await;
    let stack = stack.restart_with(config(vec![])).await;
    let done = ended(&stack, "j").await;
    assert_eq!(statuses(&done), ("Completed", "Completed", ""));
    assert_eq!(
        states(&done),
        [
            "Starting",
            "Downloading",
            "Training",
            "Restarting",
            "Downloading",
            "Training",
            "Uploading",
            "Completed"
        ]
    );
    let kept = stack.objects.get("b", "checkpoints/j/one").await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"of two"[..]));
    // Another job begins with what is in S3.
    request["TrainingJobName"] = "k".into();
    let done = run(&stack, request).await;
    assert_eq!(statuses(&done), ("Completed", "Completed", ""));
}

#[tokio::test]
async fn jobs_wait_for_their_turn_and_can_be_stopped_before() {
    let stack = stack().await;
    let mut config = config(vec![]);
    config.jobs = 1;
    let stack = stack.restart_with(config).await;
    create(&stack, &job("one", json!({ "do": "wait" }))).await;
    waits(&stack, "one").await;
    create(&stack, &job("two", json!({}))).await;
    create(&stack, &job("three", json!({}))).await;
    until("the others wait", || async {
        describe(&stack, "two").await["SecondaryStatus"] == "Pending"
            && describe(&stack, "three").await["SecondaryStatus"] == "Pending"
    })
    .await;
    stack
        .ok("StopTrainingJob", json!({ "TrainingJobName": "two" }))
        .await;
    let stopped = ended(&stack, "two").await;
    assert_eq!(
        states(&stopped),
        ["Starting", "Pending", "Stopping", "Stopped"]
    );
    stack
        .ok("StopTrainingJob", json!({ "TrainingJobName": "one" }))
        .await;
    assert_eq!(statuses(&ended(&stack, "three").await).0, "Completed");
}

#[tokio::test]
async fn a_name_is_used_once_and_input_must_be_there() {
    let stack = stack().await;
    run(&stack, job("j", json!({}))).await;
    let (name, text) = stack
        .refused("CreateTrainingJob", job("j", json!({})))
        .await;
    assert_eq!(name, "ResourceInUse");
    assert_eq!(
        text,
        "Training job names must be unique within an AWS account and region, and a training job \
         with this name already exists (arn:aws:sagemaker:us-east-1:123456789012:training-job/j)"
    );
    let mut request = job("k", json!({}));
    request["InputDataConfig"] = json!([channel("train", "nothing")]);
    let (name, text) = stack.refused("CreateTrainingJob", request).await;
    assert_eq!(name, "ValidationException");
    assert_eq!(
        text,
        "No S3 objects found under S3 URL \"s3://b/nothing\" given in input data source. Please \
         ensure that the bucket exists in the selected region (us-east-1), that objects exist \
         under that S3 prefix, and that the role \"arn:aws:iam::123456789012:role/training\" has \
         \"s3:ListBucket\" permissions on bucket \"b\"."
    );
    let (_, text) = stack
        .refused("DescribeTrainingJob", json!({ "TrainingJobName": "k" }))
        .await;
    assert_eq!(text, "Requested resource not found.");
}

#[tokio::test]
async fn a_task_that_is_run_again_finds_the_job_that_it_has_created() {
    let stack = stack().await;
    let control = Control(stack.service.clone());
    let create = async |task: &str| {
        control
            .create("createTrainingJob", &job("j", json!({})), task)
            .await
    };
    let created = create("execution 1").await;
    assert!(created.is_ok());
    assert_eq!(create("execution 1").await, created);
    let Err(SdkError::Exception(refusal)) = create("execution 2").await else {
        panic!("another task's name");
    };
    assert_eq!((&*refusal.code, refusal.modeled), ("ResourceInUse", true));
    let ended = control
        .wait("createTrainingJob", &job("j", json!({})))
        .await;
    assert!(ended.unwrap().succeeded);
}

#[tokio::test]
async fn a_manifest_names_a_channels_files() {
    let stack = stack().await;
    let manifest = json!([{ "prefix": "s3://b/train/" }, "b/c", "a"]).to_string();
    stack.put("manifest", manifest.into()).await;
    let mut request = job("j", json!({}));
    let source = &mut request["InputDataConfig"][0]["DataSource"]["S3DataSource"];
    *source = json!({ "S3DataType": "ManifestFile", "S3Uri": "s3://b/manifest" });
    run(&stack, request.clone()).await;
    let read = logged(&stack, "j");
    let read: Vec<&String> = read
        .iter()
        .filter(|line| line.starts_with("read"))
        .collect();
    assert_eq!(read, ["read train/a: 1", "read train/b/c: 2"]);
    let manifest = json!([{ "prefix": "s3://b/train/" }, "gone"]).to_string();
    stack.put("manifest", manifest.into()).await;
    request["TrainingJobName"] = "k".into();
    let failed = run(&stack, request).await;
    let reason = "ClientError: Data download failed:s3://b/train/gone does not exist";
    assert_eq!(statuses(&failed), ("Failed", "Failed", reason));
}

#[tokio::test]
async fn jobs_are_listed_in_pages() {
    let stack = stack().await;
    for name in ["a1", "a2", "b1"] {
        run(&stack, job(name, json!({}))).await;
    }
    let names = async |request: Value| {
        let listed = stack.ok("ListTrainingJobs", request).await;
        let jobs = listed["TrainingJobSummaries"].as_array().unwrap().clone();
        let names = jobs
            .iter()
            .map(|job| job["TrainingJobName"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), listed["NextToken"].clone())
    };
    assert_eq!(
        names(json!({})).await,
        (vec!["a1".into(), "a2".into(), "b1".into()], Value::Null)
    );
    let first = json!({ "MaxResults": 2, "SortBy": "Name", "SortOrder": "Descending" });
    let (page, token) = names(first.clone()).await;
    assert_eq!(page, ["b1", "a2"]);
    let mut next = first;
    next["NextToken"] = token;
    assert_eq!(names(next).await, (vec!["a1".into()], Value::Null));
    assert_eq!(names(json!({ "NameContains": "b" })).await.0, ["b1"]);
    assert_eq!(names(json!({ "StatusEquals": "Failed" })).await.0, [""; 0]);
}

#[tokio::test]
async fn network_isolation_is_described_and_takes_no_network_away() {
    let stack = stack().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // A job that did not connect fails the test, and does not make it wait.
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut isolated = job("j", json!({ "do": "connect", "address": address }));
    isolated["EnableNetworkIsolation"] = true.into();
    let described = run(&stack, isolated).await;
    assert_eq!(described["EnableNetworkIsolation"], true);
    assert_eq!(described["TrainingJobStatus"], "Completed", "{described}");
    listener.accept().unwrap();
}
