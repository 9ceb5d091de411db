//! One photograph by every way in: training, staging, evaluation, import, baseline, upload, HTTP
//! and the endpoint see the same pixels, so its scores are the same to the last bit.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use cifar_tools::stage::{Photographs, Share, Source, stage_to_dir};
use evaluation::Evaluation;
use image::{ImageFormat, Rgba, RgbaImage};
use scones_model::dataset::Dataset;
use scones_model::import::{self, Request};
use scones_model::serve::Predictor;
use scones_model::{artifact, trial};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::clients::Clients;
use crate::support::{Options, SCONES, Stack};

/// A PNG that is not square, transparent in part, and stored on its side (EXIF orientation 6).
fn photograph() -> Vec<u8> {
    let image = RgbaImage::from_fn(400, 260, |x, y| {
        let wave = ((x / 7) ^ (y / 5)) as u8;
        let alpha = if x < 100 { 0 } else { (y * 255 / 260) as u8 };
        Rgba([wave, (x * 255 / 400) as u8, 40, alpha])
    });
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let exif = b"eXIfII*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let chunk = [
        &(exif.len() as u32 - 4).to_be_bytes(),
        &exif[..],
        &crc32fast::hash(exif).to_be_bytes(),
    ]
    .concat();
    // After the signature and the first chunk.
    [&png[..33], &chunk, &png[33..]].concat()
}

fn scores(text: &[u8]) -> Vec<f32> {
    serde_json::from_slice(text).unwrap()
}

/// Runs `scones`; returns its standard output.
fn scones(arguments: &[&str], stack: &Stack) -> String {
    let output = Command::new(SCONES)
        .args(arguments)
        .current_dir(&stack.data_dir)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of images for each class, with a list beside them.
fn folder(photograph: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for class in ["bicycle", "motorcycle"] {
        std::fs::create_dir_all(folder.path().join("images").join(class)).unwrap();
        let file = folder.path().join("images").join(class).join("a.png");
        std::fs::write(file, photograph).unwrap();
    }
    std::fs::write(folder.path().join("a.lst"), "0\t1\tbicycle/a.png\n").unwrap();
    folder
}

/// The photograph as `cifar-tools stage --images` stages it.
fn staged(folder: &Path, shape: fit_image::Shape) -> Vec<u8> {
    let photographs = Photographs::find(&folder.join("images"), shape, Share::default());
    let out = folder.join("staged");
    let mut source = Source::Photographs(photographs.unwrap());
    stage_to_dir(&mut source, &out, &mut |_| ControlFlow::Continue(())).unwrap();
    std::fs::read(out.join("train/bicycle_a.png")).unwrap()
}

#[tokio::test]
async fn one_photograph_has_the_same_scores_by_every_way_in() {
    let file = photograph();
    let stack = Stack::with_model_and(&Options {
        parameters: &[("ConfidenceThreshold", "0.01")],
        ..Options::default()
    });
    let folder = folder(&file);
    let path = |name: &str| folder.path().join(name);
    artifact::unpack(
        &stack.data_dir.join("training/model.tar.gz"),
        &path("model"),
    )
    .unwrap();
    let model = Predictor::load(&path("model")).unwrap();
    let shape = model.config().input.shape;

    // Training.
    let data = Dataset::read(&path("images"), &path("a.lst"), 2, shape).unwrap();
    let expected = model.score(&data.images[0]).unwrap();
    // Staging.
    let png = staged(folder.path(), shape);
    assert_eq!(model.predict(&png).unwrap(), expected);
    check_cli(&stack, folder.path(), &expected).await;
    check_http(&stack, &file, &expected).await;
    imported(folder.path(), &file, &png);
    let without_endpoint = Stack::with_model_and(&Options {
        parameters: &[("DeployEndpoint", "false"), ("ModelInLambda", "true")],
        ..Options::default()
    });
    assert_eq!(uploaded(&without_endpoint, &file).await, expected);
}

/// `scones model evaluate` and `scones monitor baseline`.
async fn check_cli(stack: &Stack, folder: &Path, expected: &[f32]) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let [model, images, list, report] = ["model", "images", "a.lst", "report.json"].map(path);
    let of = ["--model", &model, "--images", &images, "--lst", &list];
    scones(
        &[&["model", "evaluate", "--json", &report], &of[..]].concat(),
        stack,
    );
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let loss = Evaluation::new(vec![expected.to_vec()], &[1]).log_loss();
    assert_eq!(report["log_loss"].as_f64().unwrap() as f32, loss);

    let baseline = ["monitor", "baseline", "--endpoint-url", &stack.url];
    scones(&[&baseline[..], &of].concat(), stack);
    let key = "monitoring/scones-classifier/baseline/statistics.json";
    let statistics: Value =
        serde_json::from_slice(&Clients::of(stack).await.get(key).await).unwrap();
    let mut features = statistics["features"].as_array().unwrap().iter();
    let confidence = features
        .find(|feature| feature["name"] == "confidence")
        .unwrap();
    let max = expected.iter().copied().fold(0.0, f32::max);
    assert_eq!(
        confidence["numerical_statistics"]["max"].as_f64().unwrap() as f32,
        max
    );
}

/// The endpoint, the workflow and the front door.
async fn check_http(stack: &Stack, file: &[u8], expected: &[f32]) {
    let clients = Clients::of(stack).await;
    for content_type in ["application/x-image", "image/png"] {
        let invoked = clients
            .runtime
            .invoke_endpoint()
            .endpoint_name("scones-classifier")
            .content_type(content_type)
            .body(file.to_vec().into());
        let body = invoked.send().await.unwrap().body.unwrap();
        assert_eq!(scores(body.as_ref()), expected, "{content_type}");
    }
    assert_eq!(uploaded(stack, file).await, expected);
    let url = format!("{}/_aws/execute-api/FrontDoor/v1/classify", stack.url);
    let body = file.to_vec();
    let posted = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent.post(&url).send(body).unwrap();
        response.body_mut().read_to_string().unwrap()
    });
    let object: Value = serde_json::from_str(&posted.await.unwrap()).unwrap();
    assert!(object["inferences"].is_array(), "{object}");
    assert_eq!(
        scores(object["inferences"].to_string().as_bytes()),
        expected
    );
}

/// The scores of an uploaded object, as they leave ClassifyImage.
async fn uploaded(stack: &Stack, file: &[u8]) -> Vec<f32> {
    let clients = Clients::of(stack).await;
    clients.put("test/photograph.png", file).await;
    let arn = clients.start("test/photograph.png").await;
    clients.wait(&arn).await;
    scores(clients.scores_of(&arn).await.to_string().as_bytes())
}

/// `scones model import`, whose model runs on ONNX alone: the photograph and what is staged of it
/// have the same scores.
fn imported(folder: &Path, file: &[u8], staged: &[u8]) {
    let request = Request {
        model: &folder.join("model/model.onnx"),
        labels: &["bicycle", "motorcycle"].map(str::to_owned),
        normalization: "unit".parse().unwrap(),
        shape: None,
        picture: Some(file),
    };
    let archive = folder.join("imported.tar.gz");
    let imported = import::import(&request, &archive).unwrap();
    artifact::unpack(&archive, &folder.join("imported")).unwrap();
    let model = trial::load(&folder.join("imported")).unwrap();
    assert_eq!(model.predict(staged).unwrap(), imported.scores);
}
