//! The container's HTTP interface, without a socket, on a tree of one split.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tables::{OnError, Reader, Schema};
use tower::ServiceExt;
use trees::boosting::{Dataset, train};
use trees::parameters::Parameters;
use trees::preprocessing::{Pipeline, Recipe};

use super::*;
use crate::artifact::{Model, Output};

const TABLE: &str = "size,kind,price\n1,a,10\n2,b,20\n3,a,30\n4,b,40\n";
const RECIPE: &str = r#"{"steps": [{"rank": {"columns": ["kind"]}}]}"#;

/// A model of the table, which predicts 15 up to the size 2 and 35 from 3 on.
fn model() -> Model {
    let schema = Schema::infer(TABLE.as_bytes()).unwrap();
    let schema = schema.with_target("price").unwrap();
    let table = Reader::new(&schema).csv(TABLE.as_bytes()).unwrap().table;
    let recipe = Recipe::parse(RECIPE).unwrap();
    let (pipeline, training) = Pipeline::fit_transform(&recipe, &table).unwrap();
    let parameters = Parameters {
        num_round: 1,
        eta: 1.0,
        max_depth: 1,
        lambda: 0.0,
        ..Parameters::default()
    };
    let data = Dataset {
        matrix: &training.matrix,
        labels: &[10.0, 20.0, 30.0, 40.0],
        weights: None,
    };
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut log = std::io::sink();
    let trees = train(&parameters, &data, None, None, &stop, &mut log, &mut |_| {}).unwrap();
    Model {
        preprocessing: Some((schema, pipeline)),
        trees: Some(trees),
        output: Output::default(),
    }
}

async fn send(model: Model, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
    let mut request = Request::post("/invocations");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let routes = router(Predictor::new(model), Defaults::default());
    let response = routes.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, kind, String::from_utf8(body.to_vec()).unwrap())
}

async fn check(headers: &[(&str, &str)], body: &str, status: u16, expected: &str) {
    let (actual, _, text) = send(model(), headers, body).await;
    assert_eq!((actual, &*text), (status, expected), "{headers:?} {body}");
}

const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");

/// The shapes are those of SageMaker's XGBoost container (1.7-1), from its `encoder.py`.
#[tokio::test]
async fn rows_get_predictions_in_the_accepted_format() {
    let both = "1,a\n4,b\n";
    check(&[CSV], both, 200, "15.0\n35.0\n").await;
    check(&[CSV], "kind,size\n\"b\",\"4\"", 200, "35.0\n").await;
    check(&[CSV], "Id,size,kind,price\n7,1,a,99\n", 200, "15.0\n").await;
    let charset = ("content-type", "text/csv; charset=utf-8; header=absent");
    check(&[charset], "4,b", 200, "35.0\n").await;
    check(&[], "4,b", 200, "35.0\n").await;
    let json = r#"{"predictions":[{"score":15.0},{"score":35.0}]}"#;
    check(&[CSV, ("accept", "application/json")], both, 200, json).await;
    let lines = "{\"score\":15.0}\n{\"score\":35.0}\n";
    check(
        &[CSV, ("accept", "application/jsonlines")],
        both,
        200,
        lines,
    )
    .await;
    check(&[CSV, ("accept", "*/*")], "1,a", 200, "15.0\n").await;
    check(&[JSON], r#"{"size": 1, "kind": "a"}"#, 200, "15.0\n").await;
    check(
        &[JSON],
        r#"[{"size": 1, "kind": "a"}, [4, "b"]]"#,
        200,
        "15.0\n35.0\n",
    )
    .await;
    let instances = r#"{"instances": [{"features": [4, "b"]}]}"#;
    check(&[JSON], instances, 200, "35.0\n").await;
    let lines = ("content-type", "application/jsonlines");
    check(&[lines], "[1,\"a\"]\n[4,\"b\"]\n", 200, "15.0\n35.0\n").await;
    let (_, kind, _) = send(model(), &[CSV], both).await;
    assert_eq!(kind, "text/csv; charset=utf-8");
}

#[tokio::test]
async fn requests_without_predictions_are_refused_with_a_reason() {
    check(&[CSV], "", 204, "").await;
    check(
        &[("content-type", "text/libsvm")],
        "1 0:1",
        415,
        r#"{"error":"\"text/libsvm\" is not supported; send text/csv, application/json or application/jsonlines"}"#,
    )
    .await;
    check(
        &[CSV, ("accept", "image/png")],
        "1,a",
        406,
        r#"{"error":"the Accept header asks for image/png; the response is text/csv, application/json or application/jsonlines"}"#,
    )
    .await;
    check(
        &[CSV],
        "1,a\nx,b",
        400,
        r#"{"error":"row 2 (line 2), column size: \"x\" is not a number"}"#,
    )
    .await;
    check(
        &[CSV],
        "1,c",
        400,
        r#"{"error":"row 1, column kind: the model does not know the label \"c\""}"#,
    )
    .await;
    check(
        &[JSON],
        r#"{"size": 1}"#,
        400,
        r#"{"error":"row 1, column kind: the value is missing; the schema allows no missing values here"}"#,
    )
    .await;
    check(
        &[("content-type", "text/csv; on_error=skip")],
        "1,a",
        400,
        r#"{"error":"the content type has on_error=skip; expected fail or report"}"#,
    )
    .await;
}

#[tokio::test]
async fn errors_can_be_reported_beside_the_other_rows() {
    let report = ("content-type", "text/csv; on_error=report");
    let rows = "1,a\nx,b\n1,c\n4,b\n";
    let csv = "15.0\n\
               \"error: row 2 (line 2), column size: \"\"x\"\" is not a number\"\n\
               \"error: row 3, column kind: the model does not know the label \"\"c\"\"\"\n\
               35.0\n";
    check(&[report], rows, 200, csv).await;
    let json = r#"{"predictions":[{"error":"row 1, column kind: the model does not know the label \"c\""},{"score":35.0}]}"#;
    let accept = ("accept", "application/json");
    check(&[report, accept], "1,c\n4,b\n", 200, json).await;
}

#[tokio::test]
async fn a_model_cut_in_two_predicts_the_same() {
    let (preprocessing, trees) = model().split();
    let (status, kind, features) = send(preprocessing.clone(), &[CSV], "4,b\n1,a\n").await;
    assert_eq!((status, &*features), (200, "4.0,1.0\n1.0,0.0\n"));
    let (status, _, scores) = send(trees.clone(), &[("content-type", &kind)], &features).await;
    assert_eq!((status, &*scores), (200, "35.0\n15.0\n"));
    let json = [CSV, ("accept", "application/json")];
    let (_, kind, features) = send(preprocessing, &json, "4,b").await;
    assert_eq!(features, r#"{"instances":[{"features":[4.0,1.0]}]}"#);
    let (_, _, scores) = send(trees, &[("content-type", &kind)], &features).await;
    assert_eq!(scores, "35.0\n");
}

/// In a pipeline model each container has the environment of its own, here the same.
#[tokio::test]
async fn the_second_container_passes_the_errors_of_the_first_on() {
    let (preprocessing, trees) = model().split();
    let report = [("content-type", "text/csv; on_error=report")];
    let (_, _, features) = send(preprocessing, &report, "4,b\n1,c\nx,a\n").await;
    let (status, _, scores) = send(trees.clone(), &report, &features).await;
    let expected = "35.0\n\
         \"error: row 2, column kind: the model does not know the label \"\"c\"\"\"\n\
         \"error: row 3, column size: \"\"x\"\" is not a number\"\n";
    assert_eq!((status, &*scores), (200, expected));
    let json = r#"{"instances": [{"error": "row 1: not a row"}]}"#;
    let (status, _, scores) = send(trees, &[JSON], json).await;
    let expected = r#"{"error":"row 1, column error: the schema has no such column"}"#;
    assert_eq!((status, &*scores), (400, expected));
}

/// XGBoost: `multi:softmax` predicts the class, `multi:softprob` the probabilities.
#[tokio::test]
async fn classes_without_labels_are_numbers() {
    let (_, mut part) = model().split();
    let ensemble = part.trees.as_mut().unwrap();
    ensemble.objective = trees::objective::Objective::Softmax;
    ensemble.outputs = 2;
    ensemble.base_score = vec![0.0, 0.0];
    let (_, _, classes) = send(part.clone(), &[CSV], "1,0\n4,0\n").await;
    assert_eq!(classes, "1.0\n0.0\n");
    part.trees.as_mut().unwrap().objective = trees::objective::Objective::Softprob;
    let (_, _, scores) = send(part, &[CSV], "4,0\n").await;
    assert!(scores.starts_with("0.9999"), "{scores}");
}

#[tokio::test]
async fn batch_transform_gets_its_limits() {
    let routes = router(Predictor::new(model()), Defaults::default());
    let request = Request::get("/execution-parameters");
    let response = routes.oneshot(request.body(Body::empty()).unwrap()).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
    let end = r#","BatchStrategy":"MultiRecord","MaxPayloadInMB":6}"#;
    assert!(
        body.starts_with(r#"{"MaxConcurrentTransforms":"#) && body.ends_with(end),
        "{body}"
    );
}

#[test]
fn reported_errors_keep_their_place() {
    let predictor = Predictor::new(model());
    let input = crate::predictor::Input {
        format: tables::Format::Csv,
        header: tables::Header::Detect,
        on_error: OnError::Report,
    };
    let predictions = predictor.predict(input, b"x,a\n1,a\n4,b\n2,").unwrap();
    let rows: Vec<bool> = predictions.rows().map(|row| row.is_ok()).collect();
    assert_eq!(rows, [false, true, true, false]);
}
