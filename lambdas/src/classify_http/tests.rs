//! classify-http over the real SageMaker client, and requests as API Gateway sends them.

use aws_lambda_events::encodings::Body;
use serde_json::json;

use super::*;
use crate::aws::testing::{Request, answering};
use crate::diagnostic::FunctionError;

fn function(
    answer: impl Fn(&Request) -> (u16, &'static str, String) + Send + Sync + 'static,
) -> ClassifyHttp {
    let client = aws_sdk_sagemakerruntime::Client::new(&answering(answer));
    let labels = ["bicycle", "motorcycle"].map(str::to_owned).to_vec();
    let classify = ClassifyImage::new(client, "scones".into(), labels);
    ClassifyHttp::new("3,32,32".parse().unwrap(), classify, Threshold::DEFAULT)
}

/// Returns the AWS console's test event of a proxy integration, with this body.
fn request(body: &[u8], content_type: &str) -> Value {
    json!({
        "resource": "/classify", "path": "/classify", "httpMethod": "POST",
        "headers": {"Content-Type": content_type},
        "multiValueHeaders": {"Content-Type": [content_type]},
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "1234567890", "httpMethod": "POST", "path": "/v1/classify",
            "protocol": "HTTP/1.1", "requestId": "c6af9ac6", "requestTimeEpoch": 1428582896000u64,
            "requestTime": "09/Apr/2015:12:34:56 +0000", "resourceId": "123456", "resourcePath": "/classify",
            "stage": "v1", "identity": {"sourceIp": "127.0.0.1", "userAgent": "curl/8.5.0"}
        },
        "body": STANDARD.encode(body), "isBase64Encoded": true
    })
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(48, 40, |x, y| image::Rgb([x as u8, y as u8, 7]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

async fn answer_of(function: &ClassifyHttp, event: Value) -> (i64, Value) {
    let answer = function.handle(event).await.unwrap();
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let retry = answer.headers.contains_key("retry-after");
    assert_eq!(retry, [429, 503].contains(&answer.status_code));
    let Some(Body::Text(body)) = answer.body else {
        panic!("no text");
    };
    (answer.status_code, serde_json::from_str(&body).unwrap())
}

/// Status, error and message, where the endpoint answers with these.
async fn answered(status: u16, code: &'static str, body: &'static str) -> (i64, Value) {
    let function = function(move |_| (status, code, body.to_owned()));
    answer_of(&function, request(&png(), "image/png")).await
}

#[tokio::test]
async fn an_image_is_answered_with_its_label() {
    let (status, body) = answered(200, "", "[0.02, 0.98]").await;
    assert_eq!(status, 200);
    let id = body["inference_id"].as_str().unwrap();
    assert_eq!(id.len(), 64);
    assert_eq!(
        body,
        json!({"label": "motorcycle", "confidence": 0.98, "inferences": [0.02, 0.98], "inference_id": id})
    );
}

#[tokio::test]
async fn the_model_gets_the_image_fitted() {
    let function = function(|request| {
        let body = request.body().bytes().unwrap();
        let size = image::load_from_memory(body).unwrap();
        assert_eq!((size.width(), size.height()), (32, 32));
        (200, "", "[1.0, 0.0]".into())
    });
    // What curl says of --data-binary by itself.
    let event = request(&png(), "application/x-www-form-urlencoded");
    assert_eq!(answer_of(&function, event).await.0, 200);
}

#[tokio::test]
async fn a_doubtful_answer_is_told_with_what_was_asked() {
    let (status, body) = answered(200, "", "[0.6, 0.4]").await;
    assert_eq!(status, 422);
    assert_eq!(
        body,
        json!({
            "error": "ThresholdConfidenceNotMet",
            "message": "bicycle with confidence 0.6 is below the threshold 0.93",
            "request_id": "c6af9ac6", "label": "bicycle", "confidence": 0.6, "threshold": 0.93,
        })
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_said() {
    let check = async |event: Value, status: i64, error: &str, message: &str| {
        let function = function(|_| panic!("the model must not be asked"));
        let (found, body) = answer_of(&function, event).await;
        assert_eq!((found, body["error"].as_str()), (status, Some(error)));
        let text = body["message"].as_str().unwrap();
        assert!(text.contains(message), "{text}");
    };
    check(
        request(b"", "image/png"),
        400,
        "EmptyBody",
        "send the image itself",
    )
    .await;
    check(
        request(b"GIF", "image/png"),
        415,
        "NotAnImage",
        "not an image",
    )
    .await;
    check(
        request(&png()[..300], "image/png"),
        422,
        "TruncatedImage",
        "upload it again",
    )
    .await;
    let form = request(&png(), "multipart/form-data; boundary=x");
    check(form, 415, "UnsupportedBody", "forms are not read").await;
    let large = request(&vec![0; MAX_BYTES + 1], "image/png");
    check(
        large,
        413,
        "BodyTooLarge",
        "4194305 bytes, and 4194304 are taken here",
    )
    .await;
    let mut broken = request(b"", "image/png");
    broken["body"] = json!("%%%");
    check(broken, 400, "InvalidBody", "base64").await;
    let mut none = request(b"", "image/png");
    none["body"] = Value::Null;
    check(none, 400, "EmptyBody", "no body").await;
}

#[tokio::test]
async fn a_decompression_bomb_is_refused_from_its_header() {
    let mut bomb = Vec::from(*b"BM");
    for field in [
        54 + 4,
        0,
        54,
        40,
        60_000,
        60_000,
        1 | (24 << 16),
        0,
        0,
        0,
        0,
        0,
        0_u32,
    ] {
        bomb.extend(field.to_le_bytes());
    }
    let function = function(|_| panic!("the model must not be asked"));
    let (status, body) = answer_of(&function, request(&bomb, "image/bmp")).await;
    assert_eq!((status, &body["error"]), (413, &json!("ImageTooLarge")));
}

#[tokio::test]
async fn what_is_wrong_behind_the_door_is_named_and_not_told() {
    let check = |(status, body): (i64, Value), expected: i64, error: &str| {
        assert_eq!((status, body["error"].as_str()), (expected, Some(error)));
        assert_eq!(body["request_id"], "c6af9ac6");
        let text = body.to_string();
        assert!(
            !text.contains("scones") && !text.contains("secret"),
            "{text}"
        );
    };
    let throttled = answered(400, "ThrottlingException", r#"{"message": "secret"}"#).await;
    check(throttled, 429, "EndpointThrottled");
    let down = answered(503, "ServiceUnavailable", r#"{"message": "secret"}"#).await;
    check(down, 503, "EndpointUnavailable");
    let gone = answered(
        400,
        "ValidationError",
        r#"{"message": "Endpoint secret of account 1 not found."}"#,
    );
    check(gone.await, 500, "EndpointNotFound");
    check(
        answered(200, "", "[0.5, 0.25, 0.25]").await,
        500,
        "LabelsMismatch",
    );
    check(answered(200, "", "secret").await, 500, "InvalidPrediction");
    check(
        answered(200, "", "[0.9, 0.9]").await,
        500,
        "InvalidPrediction",
    );
}

#[tokio::test]
async fn something_else_than_api_gateway_is_told_what_is_expected() {
    let function = function(|_| panic!("the model must not be asked"));
    let error = function
        .handle(json!({"s3_key": "a.png"}))
        .await
        .unwrap_err();
    assert_eq!(error.name(), "InvalidEvent");
    let text = error.to_string();
    assert!(
        text.starts_with("the event is not a request as API Gateway's"),
        "{text}"
    );
}
