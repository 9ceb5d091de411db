//! The program filter-inferences.
#![expect(
    clippy::needless_pass_by_value,
    reason = "json!(..) in a call reads best"
)]

use serde_json::{Value, json};

use crate::lambda::Lambda;

async fn function(variables: &[(&str, &str)]) -> Lambda {
    Lambda::start(env!("CARGO_BIN_EXE_filter-inferences"), variables).await
}

fn event(inferences: Value) -> Value {
    json!({
        "inferences": inferences, "s3_key": "a.png", "s3_bucket": "pictures", "image_data": "aW1hZ2U=", "label": "bicycle",
    })
}

#[tokio::test]
async fn a_confident_answer_passes_without_its_image() {
    let answer = function(&[]).await.output(event(json!([0.93, 0.07]))).await;
    assert_eq!(
        answer,
        json!({
            "inferences": [0.93, 0.07], "s3_key": "a.png", "s3_bucket": "pictures", "label": "bicycle",
            "confidence": 0.93,
        })
    );
}

#[tokio::test]
async fn a_doubtful_one_and_text_for_scores_are_refused() {
    let mut function = function(&[("CONFIDENCE_THRESHOLD", "0.9")]).await;
    for (inferences, name, text) in [
        (
            json!([0.89, 0.11]),
            "ThresholdConfidenceNotMet",
            "bicycle with confidence 0.89 is below the threshold 0.9",
        ),
        (
            json!(["0.99", "0.01"]),
            "InferencesNotNumbers",
            "the inferences are not numbers: number 0 is a string: \"0.99\"",
        ),
    ] {
        let expected = (name.to_owned(), format!("s3://pictures/a.png: {text}"));
        assert_eq!(function.error(event(inferences)).await, expected);
    }
}
