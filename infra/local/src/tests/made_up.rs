//! A service that is not the stack's own: what it takes to add one, and how it is reached.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Builder;
use axum::body::Body;
use http::{Request, Response};
use serde_json::{Value, json};
use service::sdk::{SdkError, SdkService};
use service::{ErrorResponse, RequestHead, Service, ServiceError, Stop};

use super::start_with;
use crate::stack::Stack;

/// A token service whose caller the template names.
#[derive(Clone, Default)]
struct Tokens(Arc<State>);

#[derive(Default)]
struct State {
    caller: Mutex<String>,
    runs: AtomicBool,
    has_ended: AtomicBool,
}

impl Tokens {
    fn caller(&self) -> String {
        self.0.caller.lock().unwrap().clone()
    }
}

#[async_trait]
impl Service for Tokens {
    fn name(&self) -> &'static str {
        "Tokens"
    }

    fn signing_name(&self) -> &'static str {
        "sts"
    }

    async fn handle(&self, _: Request<Body>) -> Response<Body> {
        let caller = self.caller();
        let mut xml = String::from("<GetCallerIdentityResponse><GetCallerIdentityResult>");
        write!(xml, "<UserId>{caller}</UserId>").unwrap();
        xml.push_str("</GetCallerIdentityResult></GetCallerIdentityResponse>");
        Response::new(Body::from(xml))
    }

    fn error(&self, head: &RequestHead, error: ErrorResponse) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{}: {}", head.path, error.code)));
        *response.status_mut() = error.status;
        response
    }

    fn apis(&self) -> Vec<(&'static str, Arc<dyn SdkService>)> {
        vec![("sts", Arc::new(self.clone()))]
    }

    fn resource_types(&self) -> &'static [&'static str] {
        &["AWS::Tokens::Caller"]
    }

    async fn declare(&self, _: &str, name: &str, with: &Value) -> Result<(), ServiceError> {
        let user = with["UserId"].as_str();
        let user = user.ok_or_else(|| format!("{name}: UserId is missing"))?;
        user.clone_into(&mut self.0.caller.lock().unwrap());
        Ok(())
    }

    async fn run(&self, stop: Stop) {
        self.0.runs.store(true, Ordering::Relaxed);
        stop.stopped().await;
        self.0.has_ended.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl SdkService for Tokens {
    async fn call(&self, operation: &str, _: &Value) -> Result<Value, SdkError> {
        match operation {
            "getCallerIdentity" => Ok(json!({ "UserId": self.caller() })),
            _ => Err(SdkError::NoOperation),
        }
    }
}

const TEMPLATE: &str = r#"
Resources:
  Caller:
    Type: AWS::Tokens::Caller
    Properties: {UserId: !Sub "${AWS::Region}-${Role}"}
  Role:
    Type: AWS::IAM::Role
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: ask
      RoleArn: !GetAtt Role.Arn
      DefinitionString: |
        {"StartAt": "Ask", "States": {"Ask": {
          "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": true}}}
"#;

#[tokio::test]
async fn a_service_is_reached_by_the_sdk_from_a_state_and_from_a_template() {
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template.yaml");
    std::fs::write(&template, TEMPLATE).unwrap();
    let tokens = Tokens::default();
    let stack = start_with(&dir, |config| {
        config.template = Some(template);
        config.services.push(Arc::new(tokens.clone()));
    });
    let stack = stack.await;
    assert_eq!(stack.application().notes, [""; 0]);

    let identity = sts(&stack).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.user_id(), Some("us-east-1-Role"));
    assert_eq!(output(&stack).await, r#"{"UserId":"us-east-1-Role"}"#);

    assert!(tokens.0.runs.load(Ordering::Relaxed));
    stack.shut_down().await;
    assert!(tokens.0.has_ended.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_page_gets_the_services_own_error() {
    let dir = tempfile::tempdir().unwrap();
    let stack = start_with(&dir, |config| {
        config.services.push(Arc::new(Tokens::default()));
    });
    let stack = stack.await;
    let scope = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/sts/aws4_request, Signature=0";
    let request = Request::post(format!("{}/look", stack.url()))
        .header("authorization", scope)
        .header("origin", "https://example.com");
    let refused = super::send(request.body(Vec::new()).unwrap()).await;
    let expected = (403, "/look: AccessDeniedException".to_owned());
    assert_eq!(refused, expected);
    stack.shut_down().await;
}

#[tokio::test]
async fn a_resource_that_its_service_refuses_keeps_the_stack_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template.yaml");
    std::fs::write(
        &template,
        "Resources: {Caller: {Type: AWS::Tokens::Caller}}",
    )
    .unwrap();
    let config = super::config(&dir, |config| {
        config.template = Some(template);
        config.services.push(Arc::new(Tokens::default()));
    });
    let refused = Stack::start(config).await.err().unwrap().to_string();
    assert_eq!(refused, "Tokens: Caller: UserId is missing");
}

fn sts(stack: &Stack) -> aws_sdk_sts::Client {
    use aws_sdk_sts::config::{BehaviorVersion, Config, Credentials, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("k", "s", None, None, "tests"))
        .region(Region::new("us-east-1"))
        .endpoint_url(stack.url())
        .http_client(Builder::new().build_http());
    aws_sdk_sts::Client::from_conf(config.build())
}

/// Returns the output of an execution of the template's state machine.
async fn output(stack: &Stack) -> String {
    let states = stack.service("sfn").unwrap();
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:ask";
    let started = states
        .call("startExecution", &json!({ "StateMachineArn": machine }))
        .await
        .unwrap();
    let arn = json!({ "ExecutionArn": started["ExecutionArn"] });
    loop {
        let execution = states.call("describeExecution", &arn).await.unwrap();
        if execution["Status"] != "RUNNING" {
            return execution["Output"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
