//! The program classify-image.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::lambda::Lambda;
use crate::services::Services;

async fn function(prediction: Option<(u16, &str)>) -> (Lambda, Arc<Services>) {
    let services = Arc::new(Services {
        prediction: prediction.map(|(status, body)| (status, body.to_owned())),
        ..Services::default()
    });
    let url = services.start().await;
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("ENDPOINT_NAME", "scones"),
        ("LABELS", "bicycle,motorcycle"),
    ];
    let function = Lambda::start(env!("CARGO_BIN_EXE_classify-image"), &variables).await;
    (function, services)
}

fn event() -> Value {
    json!({"s3_bucket": "pictures", "s3_key": "a.png", "image_data": "aW1hZ2U=", "inferences": []})
}

#[tokio::test]
async fn the_image_goes_to_the_endpoint_and_the_scores_into_the_object() {
    let (mut function, services) = function(Some((200, "[0.03, 0.97]"))).await;
    let answer = function.output(event()).await;
    assert_eq!(*services.images.lock().unwrap(), [b"image"]);
    assert_eq!(
        answer,
        json!({
            "inferences": [0.03, 0.97], "s3_key": "a.png", "s3_bucket": "pictures", "image_data": "aW1hZ2U=",
            "label": "motorcycle", "confidence": 0.97,
        })
    );
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_asked_twice_and_then_unavailable() {
    let (mut function, services) = function(None).await;
    let (name, text) = function.error(event()).await;
    assert_eq!(name, "EndpointUnavailable");
    assert_eq!(
        text,
        "s3://pictures/a.png: the endpoint scones is unavailable: \
         ServiceUnavailable: The endpoint has no instance in service. (HTTP 503)"
    );
    assert_eq!(services.images.lock().unwrap().len(), 2);
}
