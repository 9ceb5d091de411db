//! Tests the start of `scones up`: its use of the machine, its isolation, and its errors.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::json;

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, SCONES, Stack, processes};

/// A data directory's files were 0644, and its folders 0755: every user of the machine read the
/// images.
#[tokio::test]
async fn the_data_directory_is_the_users_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let stack = Stack::on(&data_dir, &Options::default());
    let clients = Clients::of(&stack).await;
    clients.put("k", *b"v").await;
    clients.run("there-is-none.png").await;
    let wire = json!({"inferences": [1.0, 0.0], "s3_bucket": "b", "s3_key": "k"});
    clients.invoke("filter-inferences", &wire).await;
    let seen = check_private(&data_dir);
    for expected in [
        "stack.json",
        "states.db-wal",
        "s3",
        "logs/filter-inferences.log",
    ] {
        assert!(seen.contains(expected), "{expected} is not in {seen:?}");
    }
}

/// Checks everything below `folder`, and returns what there is.
fn check_private(folder: &Path) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}: {mode:o}", path.display());
        seen.insert(path.strip_prefix(folder).unwrap().display().to_string());
        if metadata.is_dir() {
            left.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
    seen
}

/// A secret that no child process may receive.
const PLANTED: &str = "planted-0f8fad5bd9cb469fa16570867728950e";

/// Model servers, training jobs and the watchdog had everything that whoever started the stack had.
#[tokio::test]
async fn no_child_process_has_a_secret_of_the_user() {
    let stack = Stack::with_model_and(&Options {
        environment: &[
            ("AWS_SECRET_ACCESS_KEY", PLANTED),
            ("GITHUB_TOKEN", PLANTED),
            ("SCONES_SECRET_ACCESS_KEY", PLANTED),
            ("SCONES_ACCESS_KEY_ID", "AKIAPLANTED"),
        ],
        ..Options::default()
    });
    let clients = Clients::with_key(&stack, ("AKIAPLANTED", PLANTED)).await;
    let image = clients.test_image().await;
    clients.run(&image).await; // functions, and the model server
    train(&clients).await;
    let mut kinds = BTreeSet::new();
    clients
        .until("all kinds of children were seen", async || {
            for (pid, kind) in children(stack.pid()) {
                // A process that has ended has none.
                let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                let environment = String::from_utf8_lossy(&environment).into_owned();
                assert!(!environment.contains(PLANTED), "{kind}: {environment}");
                kinds.insert(kind);
            }
            ["/bin/sh", "lambda", "serve", "train"]
                .iter()
                .all(|kind| kinds.contains(*kind))
        })
        .await;
}

/// Starts a training job that goes on for long.
async fn train(clients: &Clients) {
    let channel = |name: &str, key: &str| {
        let uri = format!("s3://{BUCKET}/{key}");
        let source = json!({ "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": uri } });
        json!({ "ChannelName": name, "DataSource": source, "ContentType": "application/x-image" })
    };
    let request = json!({
        "TrainingJobName": "long",
        "AlgorithmSpecification": { "TrainingImage": "scones-model", "TrainingInputMode": "File" },
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "InputDataConfig": [
            channel("train", "train/"), channel("validation", "test/"),
            channel("train_lst", "train.lst"), channel("validation_lst", "test.lst"),
        ],
        "OutputDataConfig": { "S3OutputPath": format!("s3://{BUCKET}/out") },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 600 },
        "HyperParameters": {
            "num_classes": "2", "image_shape": "3,32,32", "labels": "bicycle,motorcycle", "epochs": "1000",
        },
    });
    let resource = "arn:aws:states:::aws-sdk:sagemaker:createTrainingJob";
    let state = json!({ "Type": "Task", "Resource": resource, "Parameters": request, "End": true });
    let definition = json!({ "StartAt": "Train", "States": { "Train": state } });
    let machine = clients.sfn.create_state_machine().name("train");
    let machine = machine
        .definition(definition.to_string())
        .role_arn("arn:aws:iam::123456789012:role/r");
    let arn = machine.send().await.unwrap().state_machine_arn;
    let started = clients
        .sfn
        .start_execution()
        .state_machine_arn(arn)
        .send()
        .await;
    let ended = clients.wait(&started.unwrap().execution_arn).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");
}

/// The processes below `parent`: their ids, and which kind each is.
fn children(parent: u32) -> Vec<(u32, String)> {
    let kinds = ["/bin/sh", "lambda", "serve", "train"];
    let found = kinds.map(|kind| {
        let pids = processes::child_pids(parent, kind).into_iter();
        pids.map(move |pid| (pid, kind.to_owned()))
            .collect::<Vec<_>>()
    });
    found.concat()
}

/// `scones up` in a shell with a soft limit of 256 files.
#[test]
fn the_limit_of_open_files_is_raised() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let up = "ulimit -Sn 256; exec \"$0\" up --empty --port=0 --no-console --until-stdin-ends \
              --data-dir \"$1\"";
    let mut stack = Command::new("sh")
        .args(["-c", up, SCONES])
        .arg(&data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(data_dir.join("stack.json"))
        .is_ok_and(|text| text.contains("http"))
    {
        assert!(begun.elapsed().as_secs() < 60, "the stack does not start");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", stack.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let limits: Vec<&str> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(limits[0], limits[1], "{line}");
    drop(stack.stdin.take());
    assert!(stack.wait().unwrap().success());
}

/// A start's error was told twice, by the service and by what the service had been told.
#[test]
fn why_it_does_not_start_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("states.db")).unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for (data_dir, cause) in [
        (dir.path().to_owned(), "unable to open database file"),
        (dir.path().join("file"), "File exists"),
    ] {
        let refused = Command::new(SCONES)
            .args(["up", "--empty", "--port=0", "--no-console", "--data-dir"])
            .arg(&data_dir)
            .output()
            .unwrap();
        assert!(!refused.status.success());
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(told.matches(cause).count(), 1, "{told}");
    }
}
