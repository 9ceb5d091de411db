//! classify-batch over the real clients, and S3 and an endpoint that answer by key.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;

use super::*;
use crate::aws::testing::{Request, answering};

type StubResponse = (u16, &'static str, String);

/// An uncompressed format, so that its bytes can be text here; its color says what the endpoint
/// thinks of it.
fn bmp(red: u8) -> String {
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(32, 32, Rgb([red, 0, 0]));
    image.write_to(&mut file, ImageFormat::Bmp).expect("a BMP");
    String::from_utf8(file.into_inner()).expect("no byte above 127")
}

const SURE: u8 = 100;
const DOUBTFUL: u8 = 50;
const POISON: u8 = 25;

fn object(key: &str) -> StubResponse {
    let error = |status, code: &str| {
        let body = format!("<Error><Code>{code}</Code><Message>As S3 says it.</Message></Error>");
        (status, "", body)
    };
    match key {
        _ if key.contains("sure") => (200, "", bmp(SURE)),
        _ if key.contains("doubtful") => (200, "", bmp(DOUBTFUL)),
        _ if key.contains("poison") => (200, "", bmp(POISON)),
        _ if key.contains("letter") => (200, "", "Dear Sir or Madam,".into()),
        _ if key.ends_with('/') => (200, "", String::new()),
        _ if key.contains("secret") => error(403, "AccessDenied"),
        _ if key.contains("slow") => error(503, "SlowDown"),
        _ => error(404, "NoSuchKey"),
    }
}

fn scores(png: &[u8]) -> StubResponse {
    let image = ::image::load_from_memory_with_format(png, ImageFormat::Png).expect("a PNG");
    match image.to_rgb8().get_pixel(0, 0).0[0] {
        SURE => (200, "", "[0.02, 0.98]".into()),
        DOUBTFUL => (200, "", "[0.4, 0.6]".into()),
        _ => {
            let body =
                json!({"OriginalStatusCode": 500, "OriginalMessage": "boom", "Message": "m"});
            (424, "ModelError", body.to_string())
        }
    }
}

fn function(endpoint: impl Fn(&[u8]) -> StubResponse + Send + Sync + 'static) -> ClassifyBatch {
    let config = answering(move |request: &Request| {
        let path = request.uri().path();
        if path.starts_with("/endpoints/") {
            return endpoint(request.body().bytes().unwrap_or_default());
        }
        object(path)
    });
    let labels = ["bicycle", "motorcycle"].map(str::to_owned).to_vec();
    ClassifyBatch::new(
        SerializeImage::new(
            aws_sdk_s3::Client::new(&config),
            "3,32,32".parse().expect("a shape"),
        ),
        ClassifyImage::new(
            aws_sdk_sagemakerruntime::Client::new(&config),
            "scones".into(),
            labels,
        ),
        FilterInferences::new(Threshold::DEFAULT),
    )
}

fn event(keys: &[&str]) -> Value {
    let items: Vec<Value> = keys.iter().map(|key| json!({"Key": key})).collect();
    json!({"BatchInput": {"bucket": "pictures", "execution": "arn:e"}, "Items": items})
}

async fn lines_of(keys: &[&str]) -> Value {
    let lines = function(scores).handle(event(keys)).await.expect("lines");
    serde_json::to_value(lines).unwrap()
}

async fn error_of(keys: &[&str]) -> (&'static str, String) {
    let error = function(scores).handle(event(keys)).await;
    let error = error.expect_err("no lines");
    (error.name(), error.to_string())
}

#[tokio::test]
async fn every_image_has_a_line_in_its_place() {
    let lines = lines_of(&[
        "doubtful.bmp",
        "in/",
        "sure b+c.bmp",
        "letter.txt",
        "gone.png",
    ])
    .await;
    let id = |at: usize| lines[at]["inference_id"].clone();
    let expected = json!([
        {
            "s3_bucket": "pictures", "s3_key": "doubtful.bmp", "status": "REFUSED", "label": "motorcycle",
            "confidence": 0.6, "inference_id": id(0), "error": "ThresholdConfidenceNotMet",
            "cause": "motorcycle with confidence 0.6 is below the threshold 0.93",
        },
        {
            "s3_bucket": "pictures", "s3_key": "in/", "status": "FAILED", "error": "EmptyObject",
            "cause": "the object is empty",
        },
        {
            "s3_bucket": "pictures", "s3_key": "sure b+c.bmp", "status": "PASSED", "label": "motorcycle",
            "confidence": 0.98, "inference_id": id(2),
        },
        {
            "s3_bucket": "pictures", "s3_key": "letter.txt", "status": "FAILED", "error": "NotAnImage",
            "cause": "not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read",
        },
        {
            "s3_bucket": "pictures", "s3_key": "gone.png", "status": "FAILED", "error": "NoSuchKey",
            "cause": "the object does not exist",
        },
    ]);
    assert_eq!(lines, expected);
    assert!(id(0).is_string() && id(0) != id(2));
}

#[tokio::test]
async fn an_item_that_names_no_image_is_a_line_too() {
    let mut event = event(&["sure.bmp"]);
    event["Items"] = json!([{"Name": "x"}, "sure.bmp"]);
    let lines = function(scores).handle(event).await.unwrap();
    assert_eq!(lines[0].error.as_deref(), Some("InvalidItem"));
    assert_eq!(lines[1].status, Status::Passed);
}

#[tokio::test]
async fn the_execution_may_ask_for_a_threshold() {
    let mut event = event(&["doubtful.bmp"]);
    event["BatchInput"]["threshold"] = json!(0.5);
    let lines = function(scores).handle(event.clone()).await.unwrap();
    assert_eq!(lines[0].status, Status::Passed);
    event["BatchInput"]["threshold"] = json!("high");
    let error = function(scores).handle(event).await.unwrap_err();
    assert_eq!(
        (error.name(), error.to_string().as_str()),
        (
            "InvalidThreshold",
            "the threshold \"high\" is not a number above 0 and up to 1"
        )
    );
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let error = function(scores).handle(json!([1])).await.unwrap_err();
    assert_eq!(error.name(), "InvalidBatch");
    let none = lines_of(&[]).await;
    assert_eq!(none, json!([]));
}

#[tokio::test(start_paused = true)]
async fn an_image_that_the_model_fails_on_is_its_own_fault_where_others_do_well() {
    let lines = lines_of(&["poison.bmp", "sure.bmp", "secret.bmp"]).await;
    assert_eq!(lines[0]["error"], "ModelFailed");
    assert_eq!(lines[1]["status"], "PASSED");
    assert_eq!(lines[2]["error"], "AccessDenied");
}

#[tokio::test(start_paused = true)]
async fn where_no_image_is_answered_the_batch_fails_by_name() {
    let (name, text) = error_of(&["letter.txt", "poison.bmp", "poison2.bmp"]).await;
    assert_eq!(name, "ModelFailed");
    assert_eq!(
        text,
        "s3://pictures/poison.bmp: the endpoint scones failed: HTTP 500: boom"
    );
    assert_eq!(
        error_of(&["secret.bmp", "secret2.bmp"]).await.0,
        "AccessDenied"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_busy_fails_the_batch_though_others_do_well() {
    let (name, _) = error_of(&["sure.bmp", "slow.bmp"]).await;
    assert_eq!(name, "StorageUnavailable");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_endpoint_is_asked_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let throttled = move |png: &[u8]| match counter.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => (
            400,
            "ThrottlingException",
            json!({"message": "Rate exceeded"}).to_string(),
        ),
        _ => scores(png),
    };
    let lines = function(throttled)
        .handle(event(&["sure.bmp"]))
        .await
        .unwrap();
    assert_eq!(lines[0].status, Status::Passed);
    assert_eq!(requests.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_stays_throttled_fails_the_batch() {
    let throttled = |_: &[u8]| {
        let body = json!({"message": "Rate exceeded"}).to_string();
        (400, "ThrottlingException", body)
    };
    let error = function(throttled).handle(event(&["sure.bmp"])).await;
    assert_eq!(error.unwrap_err().name(), "EndpointThrottled");
}

/// Step Functions' limit of a state's result.
const PAYLOAD: usize = 262_144;

#[test]
fn the_largest_result_of_a_batch_fits_a_payload() {
    let key = |index: usize| format!("{index:03}{}", "ü".repeat(442));
    let keys: Vec<String> = (0..MAX_ITEMS).map(key).collect();
    let input = event(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let bytes = input.to_string().len();
    assert!((MAX_BYTES - 1_500..=MAX_BYTES).contains(&bytes), "{bytes}");
    let line = |key: &String| {
        let object = Object {
            s3_bucket: "b".repeat(63),
            s3_key: key.clone(),
            label: Some("l".repeat(64)),
            confidence: Some(0.123_456_789_012_345_67),
            inference_id: Some("i".repeat(64)),
            ..Object::default()
        };
        Line::refused(object, "ThresholdConfidenceNotMet", &"\u{1}".repeat(500))
    };
    let lines: Vec<Line> = keys.iter().map(line).collect();
    let bytes = serde_json::to_vec(&lines).unwrap().len();
    assert!(bytes < PAYLOAD, "{bytes}");
}
