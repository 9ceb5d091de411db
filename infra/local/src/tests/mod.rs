//! The stack as a whole, with more than one service.

mod made_up;
mod routing;
mod signed;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local_sagemaker::ContainerPrograms;
use service::Identity;
use tempfile::TempDir;

use crate::stack::{Config, Stack};

/// Starts a stack without a template, on loopback, as `configure` has it.
async fn start_with(data_dir: &TempDir, configure: impl FnOnce(&mut Config)) -> Stack {
    Stack::start(config(data_dir, configure)).await.unwrap()
}

fn config(data_dir: &TempDir, configure: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config {
        identity: Identity::default(),
        listen: "127.0.0.1:0".parse().unwrap(),
        key: None,
        data_dir: data_dir.path().join("data"),
        template: None,
        parameters: BTreeMap::new(),
        retention: Duration::from_hours(1),
        function_command: Box::new(|_| None),
        containers: ContainerPrograms::any(
            Arc::new(|_| Command::new("false")),
            Arc::new(|_| Command::new("false")),
        ),
        services: Vec::new(),
        evaluator: None,
    };
    configure(&mut config);
    config
}

/// Sends a request of any kind; returns the status and the body of the response.
async fn send(request: Request<Vec<u8>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.map(|body| Full::new(Bytes::from(body)));
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}
