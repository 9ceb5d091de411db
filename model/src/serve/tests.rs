//! The container's HTTP interface, without a socket, on a small random network.

use super::*;
use crate::artifact::{self, Config, Input};
use crate::drawn;
use crate::network::Network;
use axum::body::Body;
use axum::http::Request;
use fit_image::Shape;
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

fn model() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let input = Input {
        shape: Shape::new(16, 16).unwrap(),
        mean: [0.5; 3],
        std: [0.25; 3],
    };
    let config = Config::new(input, vec!["stripes".into(), "disc".into()], vec![4, 4]);
    artifact::write(folder.path(), &config, &Network::new(&[4, 4], 2, 1)).unwrap();
    folder
}

async fn send(request: Request<Body>) -> (StatusCode, String) {
    let predictor = Predictor::load(model().path()).unwrap();
    let response = router(predictor).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn invoke(headers: &[(&str, &str)], body: Vec<u8>) -> (StatusCode, String) {
    let mut request = Request::post("/invocations");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request.body(Body::from(body)).unwrap()).await
}

async fn check(headers: &[(&str, &str)], body: Vec<u8>, status: u16, expected: &str) {
    let (actual, text) = invoke(headers, body).await;
    assert_eq!(actual.as_u16(), status, "{headers:?}: {text}");
    assert!(text.contains(expected), "{headers:?}: {text}");
}

#[tokio::test]
async fn ping_returns_200() {
    let (status, body) = send(Request::get("/ping").body(Body::empty()).unwrap()).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn an_image_gets_the_probabilities_of_the_classes() {
    for kind in [
        "application/x-image",
        "image/png",
        "Image/PNG; charset=binary",
    ] {
        let (status, body) = invoke(&[("content-type", kind)], drawn::png(0, 1)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let scores: Vec<f32> = serde_json::from_str(&body).unwrap();
        assert_eq!(scores.len(), 2);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

/// The developer guide's "Inference with the Image Format Algorithm": `accept:
/// application/jsonlines`.
#[tokio::test]
async fn jsonlines_is_an_object_with_the_prediction_and_not_a_bare_array() {
    let image = ("content-type", "application/x-image");
    let (_, array) = invoke(&[image], drawn::png(0, 1)).await;
    for accept in [
        "application/jsonlines",
        "Application/JSONLines;q=0.9, application/json",
        "text/csv, application/jsonlines",
    ] {
        let (status, line) = invoke(&[image, ("accept", accept)], drawn::png(0, 1)).await;
        assert_eq!(status, StatusCode::OK, "{line}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let scores: serde_json::Value = serde_json::from_str(&array).unwrap();
        assert_eq!(line, serde_json::json!({ "prediction": scores }));
    }
    let request = Request::post("/invocations")
        .header("content-type", "image/png")
        .header("accept", "application/jsonlines")
        .body(Body::from(drawn::png(0, 1)))
        .unwrap();
    let predictor = Predictor::load(model().path()).unwrap();
    let response = router(predictor).oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/jsonlines");
}

#[tokio::test]
async fn requests_without_scores_are_refused_with_a_reason() {
    let png = || drawn::png(0, 1);
    let image = ("content-type", "application/x-image");
    check(
        &[],
        png(),
        415,
        "the content type is missing; expected one of application/x-image",
    )
    .await;
    check(
        &[("content-type", "text/csv")],
        png(),
        415,
        "the content type is text/csv; expected",
    )
    .await;
    check(
        &[image, ("accept", "text/csv")],
        png(),
        406,
        "asks for text/csv; the answer is application/json or application/jsonlines",
    )
    .await;
    check(
        &[image, ("accept", "text/csv, */*;q=0.1")],
        png(),
        200,
        "[0.",
    )
    .await;
    check(&[image], b"hello".to_vec(), 400, "not an image: PNG, JPEG").await;
    check(&[image], Vec::new(), 400, "not an image").await;
    check(
        &[image],
        png()[..100].to_vec(),
        400,
        "the PNG image is truncated",
    )
    .await;
    check(
        &[image],
        vec![0; serve::MAX_BODY + 1],
        413,
        "length limit exceeded",
    )
    .await;
}

#[tokio::test]
async fn other_paths_and_methods_are_not_there() {
    let request = Request::get("/invocations").body(Body::empty()).unwrap();
    assert_eq!(send(request).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let request = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(send(request).await.0, StatusCode::NOT_FOUND);
}

#[test]
fn models_that_cannot_be_served_are_refused_with_a_reason() {
    let error = |folder: &TempDir| {
        Predictor::load(folder.path())
            .err()
            .expect("an error")
            .to_string()
    };
    let folder = model();
    let path = folder.path().join(artifact::CONFIG);
    let weights = folder.path().join(artifact::WEIGHTS);
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("\"disc\"", "\"disc\", \"star\"")).unwrap();
    assert!(error(&folder).ends_with(
        "weights.safetensors: tensor linear0.weight is F32 [4, 2]; this network needs F32 [4, 3]"
    ));
    std::fs::write(&weights, "no weights").unwrap();
    assert!(error(&folder).contains("weights.safetensors: not a safetensors file"));
    std::fs::remove_file(weights).unwrap();
    assert!(error(&folder).ends_with("model.onnx gives 2 scores, but config.json names 3 labels"));

    std::fs::write(folder.path().join(artifact::MODEL), "not a model").unwrap();
    assert!(
        error(&folder).contains("model.onnx can't be served"),
        "{}",
        error(&folder)
    );
    std::fs::remove_file(path).unwrap();
    assert!(
        error(&folder).contains("config.json: No such file"),
        "{}",
        error(&folder)
    );
}

#[test]
fn an_embedding_is_what_the_last_layer_sees() {
    let folder = model();
    let predictor = Predictor::load(folder.path()).unwrap();
    let [one, same, other] = [(0, 1), (0, 1), (1, 5)]
        .map(|(class, seed)| predictor.embed(&drawn::png(class, seed)).unwrap());
    assert_eq!((one.len(), &one), (4, &same));
    assert_ne!(one, other);
    assert!(matches!(
        predictor.embed(b"no image"),
        Err(PredictError::Image(_))
    ));
    // Through the last layer's own weights it gives the scores.
    let network = Network::new(&[4, 4], 2, 1);
    let Some(crate::network::Layer::Linear(linear)) = network.layers.last() else {
        panic!("a linear layer is the last");
    };
    let logit = |class: usize| -> f32 {
        let weights = (0..4).map(|input| linear.weight.value[input * 2 + class]);
        weights
            .zip(&one)
            .map(|(weight, seen)| weight * seen)
            .sum::<f32>()
            + linear.bias.value[class]
    };
    let scores = predictor.predict(&drawn::png(0, 1)).unwrap();
    let ratio = (logit(0) - logit(1)).exp();
    assert!(
        (scores[0] / scores[1] - ratio).abs() < 1e-3 * ratio,
        "{scores:?} {ratio}"
    );
}
