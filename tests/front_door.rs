//! The front door: an image by POST, and its label in the answer.

use serde_json::Value;

use crate::support::clients::Clients;
use crate::support::{Options, Stack};

/// Posts a body as `curl --data-binary @FILE URL` does; returns status and JSON body.
fn post(url: &str, body: Vec<u8>) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .send(body)
        .unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
    (response.status().as_u16(), json)
}

async fn classify(stack: &Stack, body: Vec<u8>) -> (u16, Value) {
    let url = format!("{}/_aws/execute-api/FrontDoor/v1/classify", stack.url);
    tokio::task::spawn_blocking(move || post(&url, body))
        .await
        .unwrap()
}

/// The same image, through the front door and as an execution.
#[tokio::test]
async fn an_image_is_answered_as_the_workflow_answers_it() {
    let stack = Stack::with_model_and(&Options {
        parameters: &[("ConfidenceThreshold", "0.5")],
        ..Options::default()
    });
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let (status, json) = classify(&stack, clients.get(&key).await).await;
    assert_eq!(status, 200, "{json}");
    let execution = clients.run(&key).await;
    let object: Value = serde_json::from_str(execution.output().unwrap()).unwrap();
    for field in ["label", "confidence", "inferences"] {
        assert_eq!(json[field], object[field], "{field}");
    }
    let id = json["inference_id"].as_str().unwrap();
    // The stack uploads what it captured when it stops.
    let (data_dir, _kept) = stack.stop();
    let stack = Stack::on(&data_dir, &Options::default());
    let lines = Clients::of(&stack).await.captured().await;
    let is_captured = lines
        .iter()
        .any(|line| line["eventMetadata"]["inferenceId"] == id);
    assert!(is_captured, "{id}");
}

#[tokio::test]
async fn what_the_gate_refuses_is_told_with_its_label() {
    let stack = Stack::with_model_and(&Options {
        parameters: &[("ConfidenceThreshold", "1")],
        ..Options::default()
    });
    let clients = Clients::of(&stack).await;
    let key = clients.test_image().await;
    let (status, json) = classify(&stack, clients.get(&key).await).await;
    // A model may well be sure to the last digit of an f32.
    if json["confidence"] != 1.0 {
        assert_eq!(
            (status, &json["error"]),
            (422, &"ThresholdConfidenceNotMet".into())
        );
    }
    assert!(json["label"].is_string(), "{json}");
}

#[tokio::test]
async fn what_is_no_image_is_told_so() {
    let data_dir = tempfile::tempdir().unwrap();
    let stack = Stack::on(data_dir.path(), &Options::default());
    let (status, json) = classify(&stack, b"not an image".to_vec()).await;
    assert_eq!(
        (status, &json["error"]),
        (415, &"NotAnImage".into()),
        "{json}"
    );
    let (status, json) = classify(&stack, vec![0; (4 << 20) + 1]).await;
    assert_eq!(
        (status, &json["error"]),
        (413, &"BodyTooLarge".into()),
        "{json}"
    );
    let (status, json) = classify(&stack, vec![0; 11_000_000]).await;
    assert_eq!(
        (status, &json["message"]),
        (413, &"Request Too Long".into())
    );
    let (status, json) = classify(&stack, Vec::new()).await;
    assert_eq!(
        (status, &json["error"]),
        (400, &"EmptyBody".into()),
        "{json}"
    );
}
