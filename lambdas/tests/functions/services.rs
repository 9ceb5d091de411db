//! The AWS services that the functions call, as far as they call them, on a port of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves `router` for as long as the test runs; the address is without a scheme.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The services' objects and predictions, and the requests that they got.
#[derive(Default)]
pub(crate) struct Services {
    /// The objects of the bucket `pictures`.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// The keys of the objects that were read.
    pub(crate) reads: Mutex<Vec<String>>,
    /// Status and body of the endpoint `scones`.
    pub(crate) prediction: Option<(u16, String)>,
    /// The bodies that the endpoint was sent.
    pub(crate) images: Mutex<Vec<Vec<u8>>>,
    /// The executions that were started, by name.
    pub(crate) executions: Mutex<BTreeMap<String, Value>>,
}

impl Services {
    /// Serves them; the result is the value of `AWS_ENDPOINT_URL`.
    pub(crate) async fn start(self: &Arc<Self>) -> String {
        let router = Router::new()
            .route("/", post(step_functions))
            .route("/pictures/{*key}", get(get_object))
            .route("/endpoints/scones/invocations", post(invoke_endpoint))
            .with_state(self.clone());
        format!("http://{}", serve(router).await)
    }
}

async fn get_object(State(services): State<Arc<Services>>, Path(key): Path<String>) -> Response {
    services.reads.lock().expect("no panic").push(key.clone());
    match services.objects.get(&key) {
        Some(bytes) => bytes.clone().into_response(),
        None => {
            let error = "<Error><Code>NoSuchKey</Code><Message>The specified key does not \
                         exist.</Message></Error>";
            (StatusCode::NOT_FOUND, error).into_response()
        }
    }
}

async fn invoke_endpoint(State(services): State<Arc<Services>>, image: Bytes) -> Response {
    services.images.lock().expect("no panic").push(image.into());
    let Some((status, body)) = services.prediction.clone() else {
        let error = json!({"Message": "The endpoint has no instance in service."}).to_string();
        let name = [("x-amzn-errortype", "ServiceUnavailable")];
        return (StatusCode::SERVICE_UNAVAILABLE, name, error).into_response();
    };
    let status = StatusCode::from_u16(status).expect("a status");
    (status, body).into_response()
}

async fn step_functions(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers["x-amz-target"], "AWSStepFunctions.StartExecution");
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    let name = request["name"].as_str().expect("a name").to_owned();
    let mut executions = services.executions.lock().expect("no panic");
    if executions.contains_key(&name) {
        let error =
            json!({"__type": "ExecutionAlreadyExists", "message": "Execution Already Exists"});
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    }
    executions.insert(name, request);
    json!({"executionArn": "arn:e", "startDate": 1.7e9})
        .to_string()
        .into_response()
}
