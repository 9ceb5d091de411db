//! monitor-endpoint over the real S3 client and answers as S3 gives them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use monitor::baseline::{Baseline, FILES};
use monitor::ground_truth::Classes;
use monitor::observed::{Observer, Prediction, Settings};
use serde_json::json;

use super::*;
use crate::aws::testing::{answering, unreachable};
use crate::diagnostic::FunctionError;

type Objects = Arc<Mutex<BTreeMap<String, String>>>;

const MISSING: &str = "<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>";

fn threshold(value: f64) -> Threshold {
    Threshold::new(value).unwrap()
}

/// The function over the objects of a bucket, with the threshold of the baseline.
fn function(objects: &Objects) -> MonitorEndpoint {
    function_with(objects, threshold(0.8))
}

fn function_with(objects: &Objects, threshold: Threshold) -> MonitorEndpoint {
    let objects = Arc::clone(objects);
    let config = answering(move |request| {
        let mut objects = objects.lock().unwrap();
        let key = request.uri().path().trim_start_matches('/').to_owned();
        let query = request
            .uri()
            .query()
            .unwrap_or_default()
            .replace("%2F", "/");
        if let Some(prefix) = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("prefix="))
        {
            return (
                200,
                "",
                listed(&objects, prefix, query.contains("delimiter")),
            );
        }
        if request.method() == http::Method::PUT {
            let body = request.body().bytes().unwrap_or_default();
            objects.insert(key, String::from_utf8_lossy(body).into_owned());
            return (200, "", String::new());
        }
        match objects.get(&key) {
            Some(body) => (200, "", body.clone()),
            None => (404, "", MISSING.into()),
        }
    });
    MonitorEndpoint::new(
        Client::new(&config),
        "pictures".into(),
        "scones".into(),
        threshold,
    )
}

fn listed(objects: &BTreeMap<String, String>, prefix: &str, folders: bool) -> String {
    let found = objects.keys().filter(|key| key.starts_with(prefix));
    let entry = |key: &String| match (folders, key[prefix.len()..].split_once('/')) {
        (true, Some((folder, _))) => {
            format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>")
        }
        _ => format!("<Contents><Key>{key}</Key></Contents>"),
    };
    let entries: std::collections::BTreeSet<String> = found.map(entry).collect();
    let entries: Vec<String> = entries.into_iter().collect();
    format!(
        "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>",
        entries.concat()
    )
}

/// Confidences from 0.7 to just under 1, three of four right.
fn confidence(number: usize) -> f32 {
    0.7 + 0.299 * (number * 37 % 100) as f32 / 100.0
}

fn with_baseline() -> Objects {
    let window = Window::new(
        "2026-03-01T00:00:00Z".parse().unwrap(),
        "2026-03-02T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let labels = ["bicycle", "motorcycle"].map(str::to_owned).to_vec();
    let mut observer = Observer::new(Settings {
        truth: Classes::new(&labels),
        labels,
        threshold: threshold(0.8),
        window,
        embed: Err("none".into()),
    });
    for number in 0..200 {
        let scores = [confidence(number), 1.0 - confidence(number)];
        let class = Some(usize::from(number % 4 == 0));
        observer
            .observe(&Prediction {
                id: "x",
                time: window.from(),
                scores: &scores,
                image: None,
                class,
            })
            .unwrap();
    }
    let files = Baseline::of(observer.finish()).to_files();
    let objects = FILES.iter().zip(files).map(|(file, bytes)| {
        (
            format!("monitoring/scones/baseline/{file}"),
            String::from_utf8(bytes).unwrap(),
        )
    });
    Arc::new(Mutex::new(objects.collect()))
}

fn capture(objects: &Objects, confidence: impl Fn(usize) -> f32) {
    let line = |number: usize| {
        let scores = json!([confidence(number), 1.0 - confidence(number)]).to_string();
        let output = json!({"data": scores, "encoding": "JSON"});
        let event = json!({"eventId": number.to_string(), "inferenceTime": "2026-03-05T07:30:00Z"});
        json!({"captureData": {"endpointOutput": output}, "eventMetadata": event}).to_string()
    };
    let lines: Vec<String> = (0..100).map(line).collect();
    let key = "captured/scones/AllTraffic/2026/03/05/07/30-00-000-x.jsonl";
    objects.lock().unwrap().insert(key.into(), lines.join("\n"));
}

fn event() -> Value {
    json!({"to": "2026-03-05T08:00:00Z", "hours": 24})
}

#[tokio::test]
async fn the_same_traffic_is_completed_and_published() {
    let objects = with_baseline();
    capture(&objects, confidence);
    let verdict = function(&objects).handle(event()).await.unwrap();
    assert_eq!((verdict.status, verdict.answers), (Status::Completed, 100));
    let folder = "monitoring/scones/runs/2026/03/04/20260304T080000Z-20260305T080000Z/";
    assert_eq!(verdict.report, format!("s3://pictures/{folder}report.html"));
    let objects = objects.lock().unwrap();
    for file in [
        "statistics.json",
        "constraint_violations.json",
        "report.html",
    ] {
        assert!(objects.contains_key(&format!("{folder}{file}")), "{file}");
    }
}

/// The pass rate was judged at the baseline's threshold, whatever the gate was deployed with.
#[tokio::test]
async fn the_pass_rate_is_judged_at_the_deployed_threshold() {
    let objects = with_baseline();
    capture(&objects, confidence);
    let function = function_with(&objects, threshold(0.9));
    let verdict = function.handle(event()).await.unwrap();
    assert_eq!(verdict.status, Status::Completed);
    let folder = "monitoring/scones/runs/2026/03/04/20260304T080000Z-20260305T080000Z/";
    let read = |file: &str| -> Value {
        serde_json::from_str(&objects.lock().unwrap()[&format!("{folder}{file}")]).unwrap()
    };
    let own = read("statistics.json")["image_classification"].clone();
    let passed = (0..100).filter(|number| confidence(*number) >= 0.9).count();
    assert_eq!(
        (own["threshold"].as_f64(), own["passed"].as_u64()),
        (Some(0.9), Some(passed as u64))
    );
    let tests = read("constraint_violations.json")["image_classification"]["tests"].clone();
    let test = tests
        .as_array()
        .unwrap()
        .iter()
        .find(|test| test["feature"] == "pass_rate");
    // The baseline's answers are these a hundred twice: at any one threshold they pass as often.
    assert_eq!(test.unwrap()["distance"], 0.0, "{tests}");
}

#[tokio::test]
async fn less_sure_answers_are_violations() {
    let objects = with_baseline();
    capture(&objects, |number| 0.5 + 0.3 * (confidence(number) - 0.7));
    let verdict = function(&objects).handle(event()).await.unwrap();
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["status"], "CompletedWithViolations");
    assert_eq!(json["violations"][0]["feature_name"], "confidence");
    assert_eq!(
        (&json["from"], &json["to"]),
        (
            &"2026-03-04T08:00:00Z".into(),
            &"2026-03-05T08:00:00Z".into()
        )
    );
}

#[tokio::test]
async fn no_traffic_is_no_verdict() {
    let verdict = function(&with_baseline()).handle(event()).await.unwrap();
    assert_eq!(
        (verdict.status, verdict.answers),
        (Status::NothingToTest, 0)
    );
}

async fn check_error(function: &MonitorEndpoint, event: Value, name: &str, text: &str) {
    let error = function.handle(event).await.expect_err("no verdict");
    assert_eq!(error.name(), name);
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn what_cant_be_done_has_a_name() {
    let empty = Objects::default();
    let text = "there is no baseline in s3://pictures/monitoring/scones/baseline/: make it with \
                `scones monitor baseline`";
    check_error(&function(&empty), event(), "BaselineMissing", text).await;
    let broken = with_baseline();
    broken.lock().unwrap().insert(
        "monitoring/scones/baseline/statistics.json".into(),
        "{}".into(),
    );
    check_error(
        &function(&broken),
        event(),
        "BaselineInvalid",
        "statistics.json is not one of a baseline",
    )
    .await;
    let text = "the event can't be used: hours is 0, and may be 1 to 8784";
    check_error(&function(&empty), json!({"hours": 0}), "InvalidEvent", text).await;
    check_error(
        &function(&empty),
        json!({"to": "noon"}),
        "InvalidEvent",
        "the event can't be used",
    )
    .await;
    let lost = MonitorEndpoint::new(
        Client::new(&unreachable()),
        "b".into(),
        "scones".into(),
        threshold(0.8),
    );
    check_error(
        &lost,
        event(),
        "StorageUnavailable",
        "s3://b/monitoring/scones/baseline/statistics.json",
    )
    .await;
}
