//! serialize-image over the real S3 client and answers as S3 gives them.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use ::image::{ImageFormat, Rgb, RgbImage};

use super::*;
use crate::aws::testing::{Request, answering, unreachable};
use crate::diagnostic::FunctionError;

fn function(
    answer: impl Fn(&Request) -> (u16, &'static str, String) + Send + Sync + 'static,
) -> SerializeImage {
    of_config(&answering(answer))
}

fn of_config(config: &aws_config::SdkConfig) -> SerializeImage {
    SerializeImage::new(Client::new(config), "3,32,32".parse().expect("a shape"))
}

fn event() -> Value {
    json!({"image_data": "", "s3_bucket": "pictures", "s3_key": "test/a b.png"})
}

fn s3_error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>As S3 says it.</Message></Error>")
}

/// An uncompressed format, so that its bytes can be text here.
fn bmp() -> String {
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(40, 30, Rgb([10, 20, 30]));
    image.write_to(&mut file, ImageFormat::Bmp).expect("a BMP");
    String::from_utf8(file.into_inner()).expect("no byte above 127")
}

async fn error(status: u16, body: String) -> Error {
    let function = function(move |_| (status, "", body.clone()));
    function.handle(event()).await.expect_err("no image")
}

#[track_caller]
fn check(error: &Error, name: &str, text: &str) {
    assert_eq!((error.name(), error.to_string().as_str()), (name, text));
}

#[tokio::test]
async fn the_image_is_fitted_into_the_object() {
    let function = function(|_| (200, "", bmp()));
    let event = json!({
        "s3_bucket": "pictures", "s3_key": "a.bmp", "inferences": [0.5, 0.5], "label": "old", "confidence": 0.5,
        "inference_id": "old", "threshold": 0.8, "customer": 7,
    });
    let object = function.handle(event).await.unwrap();
    let png = STANDARD.decode(&object.image_data).unwrap();
    let image = ::image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
    assert_eq!((image.width(), image.height()), (32, 32));
    let rest = json!({
        "inferences": [], "s3_key": "a.bmp", "s3_bucket": "pictures", "image_data": object.image_data,
        "threshold": 0.8, "customer": 7,
    });
    assert_eq!(serde_json::to_value(object).unwrap(), rest);
}

#[tokio::test]
async fn the_key_is_taken_as_it_is() {
    let requested = Arc::new(Mutex::new(String::new()));
    let log = requested.clone();
    let function = function(move |request| {
        *log.lock().unwrap() = request.uri().to_string();
        (200, "", bmp())
    });
    let event = json!({"s3_bucket": "pictures", "s3_key": "a+b%20c/ü.png"});
    function.handle(event).await.unwrap();
    let expected =
        "https://pictures.s3.us-east-1.amazonaws.com/a%2Bb%2520c/%C3%BC.png?x-id=GetObject";
    assert_eq!(*requested.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_event_without_an_address_is_invalid() {
    let function = function(|_| unreachable!("there is nothing to ask S3 for"));
    for (event, text) in [
        (json!({"s3_key": "k"}), "the event has no s3_bucket"),
        (
            json!({"s3_bucket": "b", "s3_key": ""}),
            "the event has no s3_key",
        ),
        (
            json!({"s3_bucket": "b", "s3_key": 7}),
            "the event's s3_key is a number, not a string",
        ),
    ] {
        let error = function.handle(event).await.unwrap_err();
        check(&error, "InvalidEvent", text);
    }
}

#[tokio::test]
async fn what_s3_refuses_has_a_name_of_its_own() {
    let object = "s3://pictures/test/a b.png";
    for (status, code, name, text) in [
        (404, "NoSuchKey", "NoSuchKey", "the object does not exist"),
        (
            404,
            "NoSuchBucket",
            "NoSuchBucket",
            "the bucket does not exist",
        ),
        (
            403,
            "AccessDenied",
            "AccessDenied",
            "access denied: the role needs s3:GetObject on it, and s3:ListBucket to tell what is \
             missing",
        ),
        (
            403,
            "InvalidObjectState",
            "StorageRefused",
            "S3 refused to read it: InvalidObjectState: As S3 says it.",
        ),
        (
            503,
            "SlowDown",
            "StorageUnavailable",
            "S3 did not deliver it: SlowDown: As S3 says it. (HTTP 503)",
        ),
        (
            500,
            "InternalError",
            "StorageUnavailable",
            "S3 did not deliver it: InternalError: As S3 says it. (HTTP 500)",
        ),
    ] {
        let error = error(status, s3_error(code)).await;
        check(&error, name, &format!("{object}: {text}"));
    }
}

#[tokio::test]
async fn an_s3_that_is_not_there_is_unavailable() {
    let error = of_config(&unreachable()).handle(event()).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.name(), "StorageUnavailable");
    assert!(
        text.starts_with("s3://pictures/test/a b.png: S3 did not deliver it: "),
        "{text}"
    );
    assert!(text.contains("Connection refused"), "{text}");
}

#[tokio::test]
async fn an_object_that_is_no_image_has_a_name_of_its_own() {
    let object = "s3://pictures/test/a b.png";
    let truncated = bmp()[..2000].to_owned();
    for (body, name, text) in [
        (String::new(), "EmptyObject", "the object is empty"),
        (
            "Dear Sir or Madam,".into(),
            "NotAnImage",
            "not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read",
        ),
        (
            truncated,
            "TruncatedImage",
            "the BMP image is truncated: its end is missing; upload it again",
        ),
        (
            "\0\0\0\x18ftypheic\0\0\0\0".into(),
            "UnsupportedImage",
            "HEIC images are not read: convert it to JPEG or PNG",
        ),
    ] {
        check(&error(200, body).await, name, &format!("{object}: {text}"));
    }
}

#[tokio::test]
async fn too_many_bytes_are_not_read() {
    let error = error(200, "x".repeat((MAX_BYTES + 1) as usize)).await;
    check(
        &error,
        "ObjectTooLarge",
        "s3://pictures/test/a b.png: the object has 33554433 bytes, and images are read up to \
         33554432: upload a smaller one",
    );
}
