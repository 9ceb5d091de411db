//! The program classify-image with a model of its own instead of an endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat;
use scones_model::artifact::{self, Config, Input};
use scones_model::network::Network;
use scones_model::serve::Predictor;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lambda::Lambda;
use crate::pictures::{drawn, file};
use crate::services::Services;

const KEY: &str = "models/model.tar.gz";

/// An untrained network, as training writes it.
fn model() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let input = Input {
        shape: "3,16,16".parse().expect("a shape"),
        mean: [0.5; 3],
        std: [0.25; 3],
    };
    let labels = ["bicycle", "motorcycle"].map(str::to_owned).to_vec();
    let widths = vec![4, 5];
    let network = Network::new(&widths, labels.len(), 7);
    let config = Config::new(input, labels, widths);
    artifact::write(folder.path(), &config, &network).expect("an artifact");
    folder
}

fn packed(folder: &TempDir) -> Vec<u8> {
    let archive_folder = tempfile::tempdir().expect("a folder");
    let file = archive_folder.path().join("model.tar.gz");
    artifact::pack(folder.path(), &file).expect("an archive");
    std::fs::read(file).expect("bytes")
}

async fn function(objects: &[(&str, Vec<u8>)], labels: Option<&str>) -> (Lambda, Arc<Services>) {
    let objects = objects.iter().cloned();
    let objects = objects.map(|(key, bytes)| (key.to_owned(), bytes));
    let services = Arc::new(Services {
        objects: BTreeMap::from_iter(objects),
        ..Services::default()
    });
    let url = services.start().await;
    let uri = format!("s3://pictures/{KEY}");
    let mut variables = vec![("AWS_ENDPOINT_URL", url.as_str()), ("MODEL_S3_URI", &uri)];
    variables.extend(labels.map(|labels| ("LABELS", labels)));
    let function = Lambda::start(env!("CARGO_BIN_EXE_classify-image"), &variables).await;
    (function, services)
}

fn png() -> Vec<u8> {
    file(&drawn(16, 16), ImageFormat::Png)
}

fn event() -> Value {
    json!({"s3_bucket": "pictures", "s3_key": "a.png", "image_data": STANDARD.encode(png()), "inferences": []})
}

#[tokio::test]
async fn the_scores_are_the_containers_and_the_model_is_read_once() {
    let folder = model();
    let scores = Predictor::load(folder.path()).expect("a model");
    let scores = scores.predict(&png()).expect("scores");
    let (mut function, services) = function(&[(KEY, packed(&folder))], None).await;
    let answer = function.output(event()).await;
    for (found, score) in answer["inferences"]
        .as_array()
        .expect("scores")
        .iter()
        .zip(&scores)
    {
        let difference = found.as_f64().expect("a number") - f64::from(*score);
        assert!(difference.abs() < 1e-5, "{answer} is not {scores:?}");
    }
    let best = usize::from(scores[1] > scores[0]);
    assert_eq!(answer["label"], ["bicycle", "motorcycle"][best]);
    assert_eq!(answer["image_data"], event()["image_data"]);
    function.output(event()).await;
    assert_eq!(*services.reads.lock().unwrap(), [KEY]);
}

#[tokio::test]
async fn labels_may_be_given_and_must_be_the_models() {
    let archive = packed(&model());
    let (mut same, _) = function(&[(KEY, archive.clone())], Some("bicycle,motorcycle")).await;
    assert!(same.output(event()).await["label"].is_string());
    let (mut other, _) = function(&[(KEY, archive)], Some("motorcycle,bicycle")).await;
    let expected = "s3://pictures/a.png: the model s3://pictures/models/model.tar.gz can't be \
                    used: its labels are bicycle, motorcycle, and LABELS has motorcycle, bicycle";
    assert_eq!(
        other.error(event()).await,
        ("ModelUnusable".into(), expected.into())
    );
}

#[tokio::test]
async fn a_model_that_is_none_is_named() {
    for (objects, text) in [
        (vec![], "the object does not exist"),
        (vec![(KEY, b"not an archive".to_vec())], "model.tar.gz: "),
    ] {
        let (mut function, _) = function(&objects, None).await;
        let (name, message) = function.error(event()).await;
        assert_eq!(name, "ModelUnusable");
        assert!(message.contains(text), "{message}");
    }
}

#[tokio::test]
async fn an_image_that_is_none_is_refused() {
    let (mut function, _) = function(&[(KEY, packed(&model()))], None).await;
    let mut event = event();
    event["image_data"] = json!("aW1hZ2U=");
    assert_eq!(function.error(event).await.0, "ImageRefused");
}
