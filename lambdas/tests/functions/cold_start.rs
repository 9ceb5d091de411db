//! Functions that can't start: the Runtime API is told which variable is wrong, and the process
//! ends.

use serde_json::json;

use crate::lambda::{Lambda, Report};

async fn check(program: &str, variables: &[(&str, &str)], text: &str) {
    let mut function = Lambda::start(program, variables).await;
    let name = "Runtime.ConfigInvalid";
    let expected = Report {
        kind: "init/error".into(),
        request_id: String::new(),
        error_header: Some(name.into()),
        body: json!({"errorType": name, "errorMessage": text}),
    };
    assert_eq!(function.report().await, expected);
    assert_eq!(function.exit().await.code(), Some(1));
}

#[tokio::test]
async fn a_missing_variable_is_an_init_error() {
    check(
        env!("CARGO_BIN_EXE_serialize-image"),
        &[],
        "serialize-image can't start: the environment variable IMAGE_SHAPE is not set: set it to \
         channels, height and width of the model's input as its hyperparameter image_shape has \
         them, for example 3,32,32",
    )
    .await;
    check(
        env!("CARGO_BIN_EXE_classify-image"),
        &[("LABELS", "bicycle,motorcycle")],
        "classify-image can't start: neither ENDPOINT_NAME nor MODEL_S3_URI is set: set one of \
         them, to the name of the SageMaker endpoint, or to the model.tar.gz that this function \
         scores with, for example s3://bucket/models/model.tar.gz",
    )
    .await;
    check(
        env!("CARGO_BIN_EXE_start-execution"),
        &[],
        "start-execution can't start: the environment variable STATE_MACHINE_ARN is not set: set \
         it to the ARN of the state machine to start, for example \
         arn:aws:states:us-east-1:123456789012:stateMachine:classify",
    )
    .await;
}

#[tokio::test]
async fn a_bad_value_is_an_init_error() {
    check(
        env!("CARGO_BIN_EXE_filter-inferences"),
        &[("CONFIDENCE_THRESHOLD", "93")],
        "filter-inferences can't start: the environment variable CONFIDENCE_THRESHOLD is \"93\": \
         not above 0 and up to 1; set it to a number above 0 and up to 1, for example 0.93",
    )
    .await;
}
