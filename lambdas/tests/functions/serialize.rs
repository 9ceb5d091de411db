//! The program serialize-image.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::lambda::Lambda;
use crate::pictures::{bomb, drawn, file, photograph};
use crate::services::Services;

async fn function(objects: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Lambda {
    let objects = objects.into_iter().map(|(key, bytes)| (key.into(), bytes));
    let services = Arc::new(Services {
        objects: BTreeMap::from_iter(objects),
        ..Services::default()
    });
    let url = services.start().await;
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("IMAGE_SHAPE", "3,32,32"),
    ];
    Lambda::start(env!("CARGO_BIN_EXE_serialize-image"), &variables).await
}

fn event(key: &str) -> Value {
    json!({"image_data": "", "s3_bucket": "pictures", "s3_key": key})
}

fn image_of(object: &Value) -> RgbImage {
    let data = object["image_data"].as_str().expect("an image");
    let png = STANDARD.decode(data).expect("base64");
    let image = image::load_from_memory_with_format(&png, ImageFormat::Png).expect("a PNG");
    assert_eq!((image.width(), image.height()), (32, 32));
    image.into_rgb8()
}

fn is_red(image: &RgbImage, x: u32, y: u32) -> bool {
    let [red, _, blue] = image.get_pixel(x, y).0;
    red > 150 && blue < 80
}

#[tokio::test]
async fn whatever_people_upload_is_fitted_to_the_model() {
    let image = drawn(300, 200);
    let gray = DynamicImage::from(image.to_luma8());
    let mut function = function([
        ("photograph.jpg", photograph(1600, 1200)),
        ("web.webp", file(&image, ImageFormat::WebP)),
        ("moving.gif", file(&image, ImageFormat::Gif)),
        ("gray.png", file(&gray, ImageFormat::Png)),
        ("deep.png", file(&image.to_rgb16().into(), ImageFormat::Png)),
    ])
    .await;
    for key in ["web.webp", "moving.gif", "deep.png"] {
        let image = image_of(&function.output(event(key)).await);
        assert!(is_red(&image, 4, 16) && !is_red(&image, 28, 16), "{key}");
    }
    let gray = image_of(&function.output(event("gray.png")).await);
    assert!(gray.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]));
    let upright = image_of(&function.output(event("photograph.jpg")).await);
    assert!(is_red(&upright, 16, 4) && !is_red(&upright, 16, 28));
}

#[tokio::test]
async fn the_answer_is_the_notebooks_object() {
    let mut function = function([("a b+c.png", file(&drawn(32, 32), ImageFormat::Png))]).await;
    let mut answer = function
        .output(json!({"execution": "arn:e", "body": event("a b+c.png")}))
        .await;
    assert_eq!(image_of(&answer), drawn(32, 32).into_rgb8());
    answer["image_data"] = "".into();
    let expected =
        json!({"inferences": [], "s3_key": "a b+c.png", "s3_bucket": "pictures", "image_data": ""});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn what_is_no_image_fails_by_name_and_the_function_goes_on() {
    let whole = file(&drawn(300, 200), ImageFormat::Png);
    let mut function = function([
        ("letter.txt", b"Dear Sir or Madam,".to_vec()),
        ("empty.png", Vec::new()),
        ("half.png", whole[..whole.len() / 2].to_vec()),
        ("bomb.png", bomb()),
        ("whole.png", whole),
    ])
    .await;
    // Three bytes a pixel, and its file three times.
    let bytes = 10_800_000_000 + 3 * bomb().len();
    let too_large = format!(
        "the image is too large: 60000 x 60000 pixels, {bytes} bytes to decode it; \
         the limits are 50000000 pixels and 400000000 bytes"
    );
    for (key, name, text) in [
        (
            "letter.txt",
            "NotAnImage",
            "not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read",
        ),
        ("empty.png", "EmptyObject", "the object is empty"),
        (
            "half.png",
            "TruncatedImage",
            "the PNG image is truncated: its end is missing; upload it again",
        ),
        ("bomb.png", "ImageTooLarge", &too_large),
        ("missing.png", "NoSuchKey", "the object does not exist"),
    ] {
        let expected = (name.to_owned(), format!("s3://pictures/{key}: {text}"));
        assert_eq!(function.error(event(key)).await, expected);
    }
    image_of(&function.output(event("whole.png")).await);
}

#[tokio::test]
async fn the_log_says_which_request_execution_and_object() {
    let mut function = function([("a.png", file(&drawn(32, 32), ImageFormat::Png))]).await;
    let call = |key| json!({"execution": "arn:e", "body": event(key)});
    let about = |request_id: &str, key: &str| {
        json!({
            "function": "serialize-image", "request_id": request_id, "execution": "arn:e",
            "s3_bucket": "pictures", "s3_key": key, "name": "invocation",
        })
    };
    function.output(call("a.png")).await;
    let line = function.logged("done").await;
    assert_eq!(line["span"], about("request-1", "a.png"));
    assert_eq!(line["level"], "INFO");
    function.error(call("b.png")).await;
    let line = function.logged("failed").await;
    assert_eq!(line["span"], about("request-2", "b.png"));
    assert_eq!(line["error_type"], "NoSuchKey");
    assert_eq!(
        line["error_message"],
        "s3://pictures/b.png: the object does not exist"
    );
}
