//! The service with real child processes and an S3 in memory.

mod capture;
mod deployment;
mod endpoints;
mod invoke;
mod model_packages;
mod multi_model;
mod pipeline;
mod process;
mod resources;
mod training;
mod transform;
mod transform_batches;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::kind::Kind;
use super::*;
use sam_template::{DataCapture, Endpoint, Variant};
use service::{Identity, ObjectSummary, Objects, ObjectsError};

/// An S3 that forgets.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl Objects for Memory {
    async fn put(&self, bucket: &str, key: &str, body: Bytes, _: &str) -> Result<(), ObjectsError> {
        self.0
            .lock()
            .unwrap()
            .insert(format!("{bucket}/{key}"), body);
        Ok(())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, ObjectsError> {
        Ok(self
            .0
            .lock()
            .unwrap()
            .get(&format!("{bucket}/{key}"))
            .cloned())
    }

    async fn piece(
        &self,
        bucket: &str,
        key: &str,
        _: Option<&str>,
        at: u64,
        most: usize,
    ) -> Result<Option<Bytes>, ObjectsError> {
        let whole = self.get(bucket, key).await?;
        Ok(whole.map(|body| body.iter().skip(at as usize).take(most).copied().collect()))
    }

    async fn etag(&self, bucket: &str, key: &str) -> Result<Option<String>, ObjectsError> {
        let object = self.get(bucket, key).await?;
        Ok(object.map(|body| hex::encode(Sha256::digest(body))))
    }

    async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<ObjectSummary>, ObjectsError> {
        let objects = self.0.lock().unwrap();
        let keys = objects.iter().filter_map(|(name, body)| {
            let key = name.strip_prefix(&format!("{bucket}/"))?.to_owned();
            let size = body.len() as u64;
            Some(ObjectSummary { key, size })
        });
        let wanted = keys.filter(|listed| {
            let follows = after.is_none_or(|after| listed.key.as_str() > after);
            listed.key.starts_with(prefix) && follows
        });
        // Small pages, so that tests see more than one.
        Ok(wanted.take(2).collect())
    }

    async fn save(&self, bucket: &str, key: &str, path: &Path) -> Result<bool, ObjectsError> {
        let object = self.get(bucket, key).await?;
        Ok(object
            .map(|body| std::fs::write(path, body).unwrap())
            .is_some())
    }

    async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        path: &Path,
        content_type: &str,
    ) -> Result<(), ObjectsError> {
        let body = std::fs::read(path).unwrap().into();
        self.put(bucket, key, body, content_type).await
    }
}

/// The program of `tests/programs/model.rs`.
fn model_server() -> PathBuf {
    program("sagemaker-model")
}

/// One of the programs of `tests/programs`, which `cargo test` builds beside this one.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: cargo build -p scones-local --examples",
        program.display()
    );
    program
}

fn start(launch: &Launch<'_>) -> Command {
    let mut command = Command::new(model_server());
    command.arg(launch.model_dir).arg(launch.port.to_string());
    command
}

fn train(launch: &TrainingLaunch<'_>) -> Command {
    let mut command = Command::new(program("sagemaker-training"));
    command.arg(launch.root);
    command
}

fn config(endpoints: Vec<Endpoint>) -> Config {
    Config {
        capture_interval: Duration::from_secs(3600),
        jobs: 2,
        ..Config::new(
            endpoints,
            ContainerPrograms::any(Arc::new(start), Arc::new(train)),
        )
    }
}

fn variant(name: &str, weight: f64) -> Variant {
    Variant {
        name: name.into(),
        weight,
        instance_count: 1,
        instance_type: "ml.t2.medium".into(),
        model_name: format!("Model-{name}"),
        image: "scones-model:latest".into(),
        model_data_url: format!("s3://b/{name}.tar.gz"),
        environment: BTreeMap::from([("SETTING".into(), "from the model".into())]),
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        logical_id: "Endpoint".into(),
        name: "e".into(),
        config_name: "Config".into(),
        variants: vec![variant("main", 1.0)],
        capture: Some(DataCapture {
            sampling_percent: 100,
            destination_s3_uri: "s3://b/captured".into(),
            input: true,
            output: true,
            json_content_types: vec!["application/json".into()],
            csv_content_types: vec![],
        }),
    }
}

/// `model.tar.gz` of a server that behaves as `model` says.
fn artifact(model: &str) -> Bytes {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(encoder);
    let mut header = tar::Header::new_gnu();
    header.set_size(model.len() as u64);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, "model", model.as_bytes())
        .unwrap();
    let mut encoder = archive.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap().into()
}

/// A data directory, an S3, and the service over them.
struct Stack {
    folder: TempDir,
    objects: Arc<Memory>,
    service: SageMaker,
}

impl Stack {
    fn open(endpoint: Endpoint) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Arc::new(Memory::default());
        let service = open_at(folder.path(), endpoint, &objects);
        Self {
            folder,
            objects,
            service,
        }
    }

    /// Without a template.
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Arc::new(Memory::default());
        let service = open_with(folder.path(), config(vec![]), &objects);
        Self {
            folder,
            objects,
            service,
        }
    }

    /// With `model` in service.
    async fn serving(model: &str) -> Self {
        let stack = Self::open(endpoint());
        stack.put("main.tar.gz", artifact(model)).await;
        stack.service.deploy("e").await.unwrap();
        stack
    }

    async fn put(&self, key: &str, body: Bytes) {
        self.objects.put("b", key, body, "").await.unwrap();
    }

    /// Everything again, over the same data directory and S3.
    async fn restart(self) -> Self {
        self.service.shut_down().await;
        let service = open_at(self.folder.path(), endpoint(), &self.objects);
        Self { service, ..self }
    }

    /// The same with another configuration.
    async fn restart_with(self, config: Config) -> Self {
        self.service.shut_down().await;
        let service = open_with(self.folder.path(), config, &self.objects);
        Self { service, ..self }
    }

    /// Calls an operation of the control plane: its status and body.
    async fn control(&self, operation: &str, body: Value) -> (u16, Value) {
        let request = Request::post("/")
            .header("x-amz-target", format!("SageMaker.{operation}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.request(request).await;
        let kind = &answer.headers()["content-type"];
        assert_eq!(kind, "application/x-amz-json-1.1");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&text(answer).await).unwrap())
    }

    /// One that must succeed.
    async fn ok(&self, operation: &str, body: Value) -> Value {
        let (status, answer) = self.control(operation, body).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    /// The name and the text of one that must fail.
    async fn refused(&self, operation: &str, body: Value) -> (String, String) {
        let (status, answer) = self.control(operation, body).await;
        assert_eq!(status, 400, "{operation}: {answer}");
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        (text("__type"), text("message"))
    }

    async fn invoke(&self, content_type: &str) -> (u16, String) {
        let answer = self.request(invocation("e", content_type, "image")).await;
        (answer.status().as_u16(), text(answer).await)
    }

    async fn request(&self, request: Request<Body>) -> Response<Body> {
        self.service.handle(request).await
    }
}

fn open_at(folder: &Path, endpoint: Endpoint, objects: &Arc<Memory>) -> SageMaker {
    open_with(folder, config(vec![endpoint]), objects)
}

fn open_with(folder: &Path, config: Config, objects: &Arc<Memory>) -> SageMaker {
    let objects: Arc<dyn Objects> = Arc::<Memory>::clone(objects);
    SageMaker::open(folder, Identity::default(), config, objects).unwrap()
}

fn invocation(endpoint: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(format!("/endpoints/{endpoint}/invocations"))
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

/// Asks again and again; for what happens soon, and not at a time that a test could name.
async fn until<F: Future<Output = bool>>(what: &str, mut happened: impl FnMut() -> F) {
    for _ in 0..1000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}
