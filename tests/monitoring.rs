//! A model that is watched: a baseline, traffic, and what `scones monitor` says of it, typed as a
//! user types it.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};
use serde_json::Value;

use crate::support::clients::{BUCKET, Clients};
use crate::support::{Options, SCONES, Stack};

/// Runs `scones monitor` on the stack.
async fn monitor(stack: &Stack, arguments: &[&str]) -> Output {
    let mut command = Command::new(SCONES);
    command
        .arg("monitor")
        .args(arguments)
        .args(["--endpoint-url", &stack.url])
        .current_dir(&stack.data_dir)
        .stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

#[track_caller]
fn check(output: &Output, status: i32) -> (String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(status), "{out}\n{err}");
    (out, err)
}

fn places() -> [String; 6] {
    let uri = |key: &str| format!("s3://{BUCKET}/{key}");
    [
        "--images".into(),
        uri("test/"),
        "--lst".into(),
        uri("test.lst"),
        "--model".into(),
        uri("models/model.tar.gz"),
    ]
}

/// `baseline`, of the test images.
async fn baseline(stack: &Stack) {
    let places = places();
    let mut arguments = vec!["baseline", "--threshold=0.8"];
    arguments.extend(places.iter().map(String::as_str));
    let (out, _) = check(&monitor(stack, &arguments).await, 0);
    assert!(
        out.contains("of them with labels") && out.contains("/baseline/statistics.json"),
        "{out}"
    );
}

/// `traffic`, from test images; the window that it says.
async fn traffic(stack: &Stack, more: &[&str]) -> [String; 2] {
    let places = places();
    let mut arguments = vec!["traffic", "--count=150", "--rate=400"];
    arguments.extend(places[..4].iter().map(String::as_str));
    arguments.extend(more);
    // Captured times have whole seconds: what comes begins in another than what came.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (out, _) = check(&monitor(stack, &arguments).await, 0);
    let words: Vec<&str> = out.split_whitespace().collect();
    let [.., "from", from, "to", to] = words[..] else {
        panic!("{out}");
    };
    [from.to_owned(), to.to_owned()]
}

/// Restarts the stack: captured data becomes objects when the stack stops.
async fn restarted(stack: Stack) -> (Stack, Option<tempfile::TempDir>) {
    let (dir, temporary) = stack.stop();
    (Stack::on(&dir, &Options::default()), temporary)
}

#[tokio::test]
async fn darkened_traffic_is_found_and_clean_traffic_raises_no_alarm() {
    let stack = Stack::with_model();
    let (_, err) = check(&monitor(&stack, &["run"]).await, 1);
    assert!(
        err.contains("there is no baseline in s3://") && err.contains("`scones monitor baseline`"),
        "{err}"
    );
    baseline(&stack).await;
    let (_, err) = check(&monitor(&stack, &["run"]).await, 3);
    assert!(
        err.contains("are too few to tell: at least 30 are needed"),
        "{err}"
    );
    let [clean, clean_end] = traffic(&stack, &[]).await;
    let [dark, _] = traffic(&stack, &["--corrupt=dark", "--severity=5", "--seed=1"]).await;
    let (stack, _temporary) = restarted(stack).await;
    let model = &places()[5];
    let (out, err) = check(
        &monitor(
            &stack,
            &[
                "run", "--from", &clean, "--to", &clean_end, "--model", model,
            ],
        )
        .await,
        0,
    );
    let metrics: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&metrics["answers"], &metrics["violations"]),
        (&150.0.into(), &0.0.into()),
        "{err}"
    );
    assert!(!err.contains("not computed"), "{err}");
    let (out, err) = check(
        &monitor(&stack, &["run", "--from", &dark, "--model", model]).await,
        2,
    );
    let metrics: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(metrics["answers"], 150.0);
    assert!(
        metrics["feature_baseline_drift_brightness"]
            .as_f64()
            .unwrap()
            > 0.5,
        "{out}"
    );
    let folder = err
        .lines()
        .last()
        .unwrap()
        .strip_prefix(&format!("s3://{BUCKET}/"))
        .unwrap()
        .to_owned();
    let violations = Clients::of(&stack)
        .await
        .get(&format!("{folder}constraint_violations.json"))
        .await;
    let violations: Value = serde_json::from_slice(&violations).unwrap();
    let mut features = violations["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| &violation["feature_name"]);
    assert!(
        features.any(|feature| feature == "brightness"),
        "{violations:#}"
    );
    assert_eq!(
        violations["image_classification"]["quality"]["labeled"],
        150
    );

    let (out, _) = check(
        &monitor(&stack, &["report", "--plots=plots", "--model", model]).await,
        0,
    );
    assert!(
        out.starts_with("report.html\n") && out.contains("plots/reliability.svg"),
        "{out}"
    );
    let page = std::fs::read_to_string(stack.data_dir.join("report.html")).unwrap();
    assert!(
        page.contains("<strong>brightness</strong>") && page.contains("data:image/png;base64,")
    );
    assert!(!page.contains("src=\"http") && !page.contains("<script"));
}

#[tokio::test]
async fn labels_come_from_a_csv_file() {
    let stack = Stack::with_model();
    std::fs::write(
        stack.data_dir.join("labels.csv"),
        "id,label\na,bicycle\nb,1\n",
    )
    .unwrap();
    std::fs::write(stack.data_dir.join("odd.csv"), "image,class\na,bicycle\n").unwrap();
    let (out, _) = check(&monitor(&stack, &["label", "labels.csv"]).await, 0);
    let key = out
        .trim()
        .rsplit(&format!("s3://{BUCKET}/"))
        .next()
        .unwrap()
        .to_owned();
    assert!(
        out.starts_with("2 labels: ") && key.starts_with("ground-truth/scones-classifier/20"),
        "{out}"
    );
    let lines = String::from_utf8(Clients::of(&stack).await.get(&key).await).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (
            &first["groundTruthData"]["data"],
            &first["eventMetadata"]["eventId"]
        ),
        (&"bicycle".into(), &"a".into())
    );
    let (_, err) = check(&monitor(&stack, &["label", "odd.csv"]).await, 1);
    assert!(
        err.contains("odd.csv: the first line has no column id"),
        "{err}"
    );
}

#[tokio::test]
async fn what_cant_be_done_is_said() {
    let stack = Stack::with_model();
    let says = async |arguments: &[&str], expected: &str| {
        let (_, err) = check(&monitor(&stack, arguments).await, 1);
        assert!(err.contains(expected), "{arguments:?}: {err}");
    };
    says(
        &["traffic"],
        "there are no images to send: give --images and --lst",
    )
    .await;
    says(
        &["traffic", "--images=x"],
        "--images and --lst belong together: give both",
    )
    .await;
    says(&["run", "--from=1h", "--to=2h"], "give --from before --to").await;
    says(
        &[
            "baseline",
            "--labels=a,b",
            "--from=2020-01-01",
            "--to=2020-01-02",
        ],
        "there is no answer to make a baseline of",
    )
    .await;
    says(&["baseline", "--labels=a"], "--labels names 1 classes").await;
}

const MONITOR: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:monitor";

/// The newest execution of the monitor, waited for.
async fn monitored(clients: &Clients) -> DescribeExecutionOutput {
    for _ in 0..3000 {
        let listed = clients.sfn.list_executions().state_machine_arn(MONITOR);
        if let Some(newest) = listed.send().await.unwrap().executions.first() {
            return clients.wait(&newest.execution_arn).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the monitor was not started");
}

#[tokio::test]
async fn without_a_baseline_the_monitor_says_how_to_make_one() {
    let stack = Stack::with_model();
    let clients = Clients::of(&stack).await;
    let start = clients.sfn.start_execution().state_machine_arn(MONITOR);
    start.input("{}").send().await.unwrap();
    let execution = monitored(&clients).await;
    assert_eq!(execution.error(), Some("BaselineMissing"));
    let cause = execution.cause().unwrap();
    assert!(cause.contains("`scones monitor baseline`"), "{cause}");
}

#[tokio::test]
async fn a_schedule_finds_the_drift_and_starts_a_training() {
    let stack = Stack::with_model();
    baseline(&stack).await;
    traffic(&stack, &["--corrupt=dark", "--severity=5"]).await;
    let (dir, _temporary) = stack.stop();
    let stack = Stack::on(
        &dir,
        &Options {
            parameters: &[("RetrainOnDrift", "true")],
            ..Options::default()
        },
    );
    let clients = Clients::of(&stack).await;
    let own = clients.scheduler.get_schedule().name("scones-monitor");
    let own = own.send().await.unwrap();
    assert_eq!(own.schedule_expression(), Some("cron(0 6 * * ? *)"));

    let soon = Timestamp::now().to_zoned(TimeZone::UTC).datetime() + 2.seconds();
    let once = clients
        .scheduler
        .create_schedule()
        .name("once")
        .schedule_expression(format!("at({})", soon.round(Unit::Second).unwrap()))
        .set_flexible_time_window(own.flexible_time_window)
        .set_target(own.target);
    once.send().await.unwrap();

    let execution = monitored(&clients).await;
    let cause = execution.cause().unwrap();
    assert_eq!(execution.error(), Some("ModelDrifted"), "{cause}");
    assert!(cause.contains("brightness: "), "{cause}");
    assert!(cause.contains("embeddings: "), "{cause}");
    let (_, report) = cause
        .rsplit_once(&format!("The report: s3://{BUCKET}/"))
        .unwrap();
    let report = String::from_utf8(clients.get(report).await).unwrap();
    assert!(report.contains("<strong>brightness</strong>"));

    let training = clients.sfn.list_executions();
    let training = training.state_machine_arn(MONITOR.replace(":monitor", ":train-and-deploy"));
    let training = training.send().await.unwrap().executions;
    let name = execution.name().unwrap();
    assert_eq!(training[0].name(), format!("drift-{name}"));
}
