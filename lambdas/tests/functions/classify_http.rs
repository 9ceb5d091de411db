//! The program classify-http.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::lambda::Lambda;
use crate::pictures::{bomb, drawn, file};
use crate::services::Services;

/// Status and body of the answer to a request with these bytes.
async fn invoke_with(function: &mut Lambda, bytes: &[u8]) -> (Value, Value) {
    let event = json!({
        "resource": "/classify", "path": "/classify", "httpMethod": "POST",
        "headers": {"content-type": "image/jpeg"},
        "requestContext": {"requestId": "r", "httpMethod": "POST", "stage": "v1", "identity": {}},
        "body": STANDARD.encode(bytes), "isBase64Encoded": true
    });
    let mut response = function.output(event).await;
    let body = response["body"].as_str().expect("a body");
    let body = serde_json::from_str(body).expect("JSON");
    (response["statusCode"].take(), body)
}

#[tokio::test]
async fn a_photograph_is_fitted_asked_about_and_answered() {
    let services = Arc::new(Services {
        prediction: Some((200, "[0.03, 0.97]".to_owned())),
        ..Services::default()
    });
    let url = services.start().await;
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("ENDPOINT_NAME", "scones"),
        ("LABELS", "bicycle,motorcycle"),
        ("IMAGE_SHAPE", "3,32,32"),
    ];
    let mut function = Lambda::start(env!("CARGO_BIN_EXE_classify-http"), &variables).await;
    let photograph = file(&drawn(640, 480), ImageFormat::Jpeg);
    let (status, body) = invoke_with(&mut function, &photograph).await;
    assert_eq!((status, &body["label"]), (json!(200), &json!("motorcycle")));
    let (status, body) = invoke_with(&mut function, &bomb()).await;
    assert_eq!(
        (status, &body["error"]),
        (json!(413), &json!("ImageTooLarge"))
    );
    let images = services.images.lock().unwrap();
    assert_eq!(images.len(), 1, "the model was asked about one of them");
    let fitted = image::load_from_memory(&images[0]).unwrap();
    assert_eq!((fitted.width(), fitted.height()), (32, 32));
}
