//! Tests of the service as a whole: its API over the wire, and what a restart leaves.

mod activities;
mod aliases;
mod burst;
mod disk;
mod durable;
mod executions;
mod histories;
mod integrations;
mod jobs;
mod machines;
mod map_run_redrives;
mod map_runs;
mod redrive;
mod retention;
mod stepping;
mod test_state;
mod versions;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use local_lambda::LambdaApi;
use service::Identity;
use service::{Invocation, Invoke, InvokeError};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// Functions by name: `echo` answers its payload, `fail` fails as its payload says, `second` fails
/// the first call with a payload, `hang` never answers, `count` writes a line to a file before it
/// answers. Others do not exist.
#[derive(Default)]
struct Functions {
    /// The functions called, in order.
    calls: Mutex<Vec<String>>,
    /// The file that `count` writes to.
    log: Option<PathBuf>,
    /// The payloads that `second` was called with.
    seen_payloads: Mutex<HashSet<Bytes>>,
}

impl Functions {
    fn response(&self, payload: Bytes, function_error: Option<String>) -> Invocation {
        Invocation {
            request_id: "request".into(),
            payload,
            function_error,
            ..Invocation::default()
        }
    }
}

#[async_trait]
impl Invoke for Functions {
    async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        let name = function.rsplit(':').next().unwrap_or_default();
        self.calls.lock().unwrap().push(name.to_owned());
        match name {
            "echo" => Ok(self.response(payload, None)),
            "fail" => Ok(self.response(payload, Some("Unhandled".into()))),
            "second" => {
                let first = self.seen_payloads.lock().unwrap().insert(payload.clone());
                Ok(self.response(payload, first.then(|| "Unhandled".into())))
            }
            "hang" => std::future::pending().await,
            "count" => {
                append(self.log.as_deref().unwrap(), &payload);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Ok(self.response(payload, None))
            }
            _ => Err(InvokeError {
                code: "ResourceNotFoundException",
                status: 404,
                message: format!("Function not found: {function}"),
            }),
        }
    }

    async fn enqueue(&self, _function: &str, _payload: Bytes) -> Result<(), InvokeError> {
        Ok(())
    }
}

fn append(log: &Path, line: &[u8]) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(log)
        .unwrap();
    file.write_all(&[line, b"\n"].concat()).unwrap();
}

/// A service with a directory of its own.
struct Fixture {
    states: States,
    functions: std::sync::Arc<Functions>,
    // Goes last: the database is in it.
    _dir: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let functions = std::sync::Arc::new(Functions::default());
    let states = States::open(
        dir.path(),
        Identity::default(),
        ReachableServices::new(functions.clone())
            .with_service("lambda", std::sync::Arc::new(LambdaApi(functions.clone()))),
    )
    .unwrap();
    Fixture {
        states,
        functions,
        _dir: dir,
    }
}

impl Fixture {
    /// The status and the body of the answer.
    async fn call(&self, operation: &str, body: &str) -> (u16, Value) {
        let request = http::Request::post("/")
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.states.handle(request).await;
        let status = response.status().as_u16();
        assert_eq!(
            response.headers()["content-type"],
            "application/x-amz-json-1.0"
        );
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The answer to a request that succeeds.
    async fn ok(&self, operation: &str, body: Value) -> Value {
        let (status, response) = self.call(operation, &body.to_string()).await;
        assert_eq!(status, 200, "{operation} {body}: {response}");
        response
    }

    /// Checks a request that is refused: `400 InvalidName: Invalid Name: 'a b'`.
    async fn refused(&self, operation: &str, body: Value, expected: &str) {
        let (status, response) = self.call(operation, &body.to_string()).await;
        let code = response["__type"].as_str().unwrap_or_default();
        let message = response["message"].as_str().unwrap_or_default();
        assert_eq!(
            format!("{status} {code}: {message}"),
            expected,
            "{operation} {body}"
        );
    }

    /// Waits until functions were called so many times in all.
    async fn called(&self, times: usize) {
        while self.functions.calls.lock().unwrap().len() < times {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Creates the state machine `m`.
    async fn machine(&self, definition: Value) {
        self.create("m", definition).await;
    }

    async fn create(&self, name: &str, definition: Value) {
        let body = json!({ "name": name, "definition": definition.to_string(), "roleArn": ROLE });
        self.ok("CreateStateMachine", body).await;
    }

    /// Starts `m` and waits for its end.
    async fn run(&self, input: Value) -> Execution {
        self.run_of("m", input).await
    }

    /// The same for another state machine.
    async fn run_of(&self, machine: &str, input: Value) -> Execution {
        let arn = self.start_of(machine, input).await;
        self.states.wait(&arn).await.unwrap()
    }

    /// Starts a state machine, and gives the execution's ARN.
    async fn start_of(&self, machine: &str, input: Value) -> String {
        let start = StartExecution {
            state_machine_arn: arn::machine(&Identity::default(), machine),
            input: Some(input.to_string()),
            ..StartExecution::default()
        };
        self.states.start(start).await.unwrap().execution_arn
    }
}

/// Returns a state machine of one state that ends.
fn single(mut state: Value) -> Value {
    state["End"] = json!(true);
    json!({ "StartAt": "S", "States": { "S": state } })
}

fn pass() -> Value {
    single(json!({ "Type": "Pass" }))
}

/// A state that calls a function by its ARN.
fn task(function: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:lambda:us-east-1:123456789012:function:{function}"),
    })
}

/// A state that calls a function through `lambda:invoke`.
fn invoke(function: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": function, "Payload.$": "$" },
    })
}

#[tokio::test]
async fn operations_that_are_not_there_are_named() {
    let f = fixture();
    for operation in ["CreateStack", "Nonsense"] {
        let text = format!("The operation {operation} is not available in the local stack");
        f.refused(
            operation,
            json!({}),
            &format!("400 UnknownOperationException: {text}"),
        )
        .await;
    }
    let request = http::Request::post("/").body(Body::empty()).unwrap();
    assert_eq!(f.states.handle(request).await.status(), 400);
}

#[tokio::test]
async fn requests_that_are_not_json() {
    let f = fixture();
    let (status, response) = f.call("StartExecution", "{").await;
    assert_eq!(
        (status, &response["__type"]),
        (400, &json!("SerializationException"))
    );
}

#[tokio::test]
async fn a_database_of_another_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("states.db")).unwrap();
    db.execute_batch("PRAGMA user_version=99").unwrap();
    let opened = States::open(
        dir.path(),
        Identity::default(),
        ReachableServices::new(std::sync::Arc::new(Functions::default())),
    );
    let error = opened.err().unwrap().to_string();
    assert!(
        error.ends_with(
            "has format 99 and this program reads format 4: use the program that wrote it, or \
             move the file away"
        ),
        "{error}"
    );
}
