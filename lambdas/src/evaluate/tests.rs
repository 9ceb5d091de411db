//! evaluate-model over the real S3 client and answers as S3 gives them.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::json;

use super::*;
use crate::aws::testing::{answering, unreachable};
use crate::diagnostic::FunctionError;

type Objects = BTreeMap<&'static str, &'static str>;

fn labels() -> Vec<String> {
    ["bicycle", "motorcycle"].map(str::to_owned).to_vec()
}

/// The function over the objects of a bucket.
fn function(objects: Objects) -> EvaluateModel {
    let config = answering(move |request| {
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
        match objects.get(path.trim_start_matches('/')) {
            Some(body) => (200, "", (*body).to_owned()),
            None => (
                404,
                "",
                "<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>".into(),
            ),
        }
    });
    EvaluateModel::new(Client::new(&config), labels(), Threshold::DEFAULT)
}

fn objects() -> Objects {
    Objects::from([
        (
            "test.lst",
            "5\t0\ta.png\n6\t0\tb c.png\n9\t1\tdeep/d.png\n7\t1\te.png\n",
        ),
        ("out/a.png.out", "[0.95, 0.05]"),
        ("out/b c.png.out", "[0.4, 0.6]"),
        ("out/deep/d.png.out", r#"{"prediction": [0.0, 1.0]}"#),
        ("out/e.png.out", "[0.1, 0.9]\n"),
    ])
}

fn event() -> Value {
    json!({"bucket": "pictures", "lst": "test.lst", "prefix": "test/", "outputs": "out/"})
}

async fn evaluate(objects: Objects, event: Value) -> EvaluationResult {
    function(objects).handle(event).await.expect("figures")
}

async fn check_error(objects: Objects, event: Value, name: &str, text: &str) {
    let error = function(objects)
        .handle(event)
        .await
        .expect_err("no figures");
    assert_eq!((error.name(), error.to_string().as_str()), (name, text));
}

#[tokio::test]
async fn the_figures_are_those_of_all_images() {
    let metrics = evaluate(objects(), event()).await;
    let json = serde_json::to_value(&metrics).unwrap();
    assert_eq!(json["images"], 4);
    assert_eq!(json["accuracy"], 0.75);
    assert_eq!(json["passRate"], 0.5);
    assert_eq!(json["precision"], 1.0);
    assert_eq!(json["labels"], json!(["bicycle", "motorcycle"]));
    assert_eq!(json["confusion"], json!([[1, 1], [0, 2]]));
    assert_eq!(json["classes"][1]["label"], "motorcycle");
    // Gaps of 0.05, 0.6, 0 and 0.1, each in a bin of its own but for the first and the third.
    assert!(
        (metrics.ece - (0.05 + 0.6 + 0.1) / 4.0).abs() < 1e-6,
        "{json}"
    );
}

#[tokio::test]
async fn an_event_may_bring_a_threshold_and_labels() {
    let mut request = event();
    request["threshold"] = json!(0.9);
    request["labels"] = json!(["a", "b"]);
    let metrics = evaluate(objects(), request).await;
    assert_eq!(metrics.pass_rate, 0.75);
    assert_eq!(metrics.labels, ["a", "b"]);
}

#[tokio::test]
async fn outputs_may_be_an_s3_uri() {
    let mut request = event();
    request["outputs"] = json!("s3://pictures/out");
    assert_eq!(evaluate(objects(), request).await.images, 4);
}

#[tokio::test]
async fn an_event_that_asks_nothing_is_invalid() {
    let none = Objects::new;
    let text = "the event can't be used: missing field `lst`";
    check_error(none(), json!({"bucket": "b"}), "InvalidEvent", text).await;
    let mut request = event();
    request["threshold"] = json!(1.5);
    let text = "the event can't be used: the threshold 1.5 is not a number above 0 and up to 1";
    check_error(none(), request, "InvalidEvent", text).await;
}

#[tokio::test]
async fn a_missing_prediction_is_named_with_its_image() {
    let mut objects = objects();
    objects.remove("out/e.png.out");
    let text = "s3://pictures/out/e.png.out: the object does not exist: there is no prediction \
                for s3://pictures/test/e.png";
    check_error(objects, event(), "PredictionsMissing", text).await;
}

#[tokio::test]
async fn a_prediction_that_is_not_scores_is_named() {
    let uri = "s3://pictures/out/e.png.out";
    for (answer, text) in [
        ("[0.2, 0.3, 0.5]", "it has 3 scores, and there are 2 labels"),
        (
            "[3.0, 0.1]",
            "the inferences are not probabilities: number 0 is 3, not from 0 to 1: \"[3.0, 0.1]\"",
        ),
    ] {
        let mut objects = objects();
        objects.insert("out/e.png.out", answer);
        let text = format!("{uri}: {text}");
        check_error(objects, event(), "PredictionsInvalid", &text).await;
    }
}

#[tokio::test]
async fn a_manifest_that_cant_be_used_is_named() {
    let text = "s3://pictures/test.lst: the object does not exist: lst is the key of the manifest";
    check_error(Objects::new(), event(), "ListMissing", text).await;
    for (list, text) in [
        ("", "it names no image"),
        (
            "1\tx\ta.png",
            "line 1 has the label \"x\", which is not a whole number from 0",
        ),
        (
            "1\t2\ta.png",
            "a.png has the class 2, but there are 2 classes, numbered from 0",
        ),
    ] {
        let objects = Objects::from([("test.lst", list)]);
        let text = format!("s3://pictures/test.lst: {text}");
        check_error(objects, event(), "ListInvalid", &text).await;
    }
}

#[tokio::test]
async fn an_s3_that_is_not_there_is_unavailable() {
    let function = EvaluateModel::new(Client::new(&unreachable()), labels(), Threshold::DEFAULT);
    let error = function.handle(event()).await.unwrap_err();
    assert_eq!(error.name(), "StorageUnavailable");
}
