//! Requests that are meant to break the stack: it answers them with an error, and goes on.

use serde_json::{Value, json};

use crate::support::Stack;
use crate::support::clients::{Clients, STATE_MACHINE};

const DEPTH: usize = 10_000;

/// Arrays in arrays; parsing them naively would overflow the stack of a thread.
fn nested() -> String {
    "[".repeat(DEPTH) + &"]".repeat(DEPTH)
}

/// Sends a request of the AWS JSON protocol; status and body.
fn send(url: &str, target: Option<&str>, body: String) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.post(url).content_type("application/x-amz-json-1.0");
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
    }
    let mut response = request.send(body).unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().read_to_string().unwrap())
}

#[tokio::test]
async fn json_nested_ten_thousand_deep_is_refused_by_every_service() {
    let stack = Stack::with_model();
    let url = stack.url.clone();
    let refused = tokio::task::spawn_blocking(move || {
        let machine = Value::from(STATE_MACHINE);
        let as_input = json!({"stateMachineArn": machine, "input": nested()}).to_string();
        let as_definition = json!({"definition": nested()}).to_string();
        let function = format!("{url}/2015-03-31/functions/filter-inferences/invocations");
        let cases = [
            (
                url.clone(),
                Some("AWSStepFunctions.StartExecution"),
                nested(),
            ),
            (
                url.clone(),
                Some("AWSStepFunctions.StartExecution"),
                as_input,
            ),
            (
                url.clone(),
                Some("AWSStepFunctions.CreateStateMachine"),
                nested(),
            ),
            (
                url.clone(),
                Some("AWSStepFunctions.CreateStateMachine"),
                as_definition,
            ),
            (url.clone(), Some("SageMaker.CreateModel"), nested()),
            (function, None, nested()),
            (
                format!("{url}/endpoints/scones-classifier/invocations"),
                None,
                nested(),
            ),
            (
                format!("{url}/_aws/execute-api/FrontDoor/v1/classify"),
                None,
                nested(),
            ),
        ];
        cases.map(|(url, target, body)| {
            let (status, said) = send(&url, target, body);
            (url, target, status, said)
        })
    })
    .await
    .unwrap();
    for (url, target, status, said) in &refused {
        // Lambda tells what became of a function with 200: the function has refused it, or ended
        // without an answer.
        let function_error = *status == 200 && said.contains("errorType");
        assert!(
            (400..500).contains(status) || function_error,
            "{url} {target:?}: {status} {said}"
        );
    }
    // The stack is there, and so is the function that was asked.
    let clients = Clients::of(&stack).await;
    assert_eq!(clients.executions_of("none").await, [""; 0]);
    let wire = json!({"inferences": [1.0, 0.0], "s3_bucket": "b", "s3_key": "k"});
    clients.invoke("filter-inferences", &wire).await;
}
