//! AWS Lambda, small: the Runtime API on a port of its own, and one process of a function in front
//! of it.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Mutex, mpsc};

use crate::services::serve;

/// A function's report to the Runtime API.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    /// `response`, `error` or `init/error`.
    pub(crate) kind: String,
    /// The invocation that it is about.
    pub(crate) request_id: String,
    /// `Lambda-Runtime-Function-Error-Type`
    pub(crate) error_header: Option<String>,
    pub(crate) body: Value,
}

/// One execution environment: a process, and the Runtime API that it talks to.
pub(crate) struct Lambda {
    process: Child,
    log: Lines<BufReader<ChildStdout>>,
    events: mpsc::UnboundedSender<(String, Value)>,
    reports: mpsc::UnboundedReceiver<Report>,
    invocations: usize,
}

struct RuntimeApi {
    events: Mutex<mpsc::UnboundedReceiver<(String, Value)>>,
    reports: mpsc::UnboundedSender<Report>,
}

/// Nothing here takes this long, unless it never comes.
const FOREVER: Duration = Duration::from_secs(120);

impl Lambda {
    /// Starts `program` with the variables that Lambda sets, and `variables`; nothing else is in
    /// its environment.
    pub(crate) async fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let (events, next) = mpsc::unbounded_channel();
        let (report, reports) = mpsc::unbounded_channel();
        let address = serve(runtime_api(RuntimeApi {
            events: Mutex::new(next),
            reports: report,
        }))
        .await;
        let mut process = Command::new(program)
            .env_clear()
            .envs(set_by_lambda(&address))
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the function's program");
        let log = process.stdout.take().expect("its output");
        Self {
            process,
            log: BufReader::new(log).lines(),
            events,
            reports,
            invocations: 0,
        }
    }

    /// Sends an event and waits for the function's report.
    pub(crate) async fn invoke(&mut self, event: Value) -> Report {
        self.invocations += 1;
        let request_id = format!("request-{}", self.invocations);
        self.events
            .send((request_id.clone(), event))
            .expect("a Runtime API");
        let report = self.report().await;
        assert_eq!(report.request_id, request_id);
        report
    }

    /// Invokes the function and returns its output; panics on an error.
    pub(crate) async fn output(&mut self, event: Value) -> Value {
        let report = self.invoke(event).await;
        assert_eq!(report.kind, "response", "{}", report.body);
        report.body
    }

    /// Invokes the function and returns the type and message of its error.
    pub(crate) async fn error(&mut self, event: Value) -> (String, String) {
        let report = self.invoke(event).await;
        assert_eq!(report.kind, "error", "{}", report.body);
        assert_eq!(report.error_header.as_deref(), Some("unhandled"));
        let field = |name: &str| report.body[name].as_str().expect("text").to_owned();
        (field("errorType"), field("errorMessage"))
    }

    /// Waits for the function's next report.
    pub(crate) async fn report(&mut self) -> Report {
        let report = tokio::time::timeout(FOREVER, self.reports.recv()).await;
        report
            .expect("the function says nothing")
            .expect("a Runtime API")
    }

    /// The next line of the log whose message is `message`.
    pub(crate) async fn logged(&mut self, message: &str) -> Value {
        loop {
            let line = tokio::time::timeout(FOREVER, self.log.next_line()).await;
            let line = line
                .expect("no such line")
                .expect("text")
                .expect("the log ended");
            let line: Value = serde_json::from_str(&line).expect("a line of JSON");
            if line["message"] == message {
                return line;
            }
        }
    }

    /// Waits for the process to end by itself.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let status = tokio::time::timeout(FOREVER, self.process.wait()).await;
        status
            .expect("the function does not end")
            .expect("a status")
    }
}

fn set_by_lambda(runtime_api: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "function".into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
    ])
}

fn runtime_api(api: RuntimeApi) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(outcome))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(Arc::new(api))
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> impl IntoResponse {
    let event = api.events.lock().await.recv().await;
    // The test is over: the function waits for the event that never comes, as it would on AWS.
    let Some((request_id, event)) = event else {
        std::future::pending().await
    };
    let headers = [
        ("lambda-runtime-aws-request-id", request_id),
        ("lambda-runtime-deadline-ms", "4102444800000".into()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:f".into(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".into(),
        ),
    ];
    (headers, event.to_string())
}

async fn outcome(
    State(api): State<Arc<RuntimeApi>>,
    Path((request_id, kind)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    record_report(&api, kind, request_id, &headers, &body)
}

async fn init_error(
    State(api): State<Arc<RuntimeApi>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    record_report(&api, "init/error".into(), String::new(), &headers, &body)
}

fn record_report(
    api: &RuntimeApi,
    kind: String,
    request_id: String,
    headers: &HeaderMap,
    body: &[u8],
) -> impl IntoResponse + use<> {
    let header = headers.get("lambda-runtime-function-error-type");
    let report = Report {
        kind,
        request_id,
        error_header: header.map(|name| name.to_str().expect("text").to_owned()),
        body: serde_json::from_slice(body).expect("JSON"),
    };
    // Nobody listens any more where a test is over.
    let _ = api.reports.send(report);
    (StatusCode::ACCEPTED, json!({"status": "OK"}).to_string())
}
