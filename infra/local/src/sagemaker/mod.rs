//! Amazon SageMaker: endpoints that answer InvokeEndpoint, with data capture.
//!
//! A model server is the container's program as a child process (`server`), which dies with the stack (`crate::process`). A
//! deployment (`deploy`) unpacks `model.tar.gz` (`artifact`), starts new servers and puts them in the old ones' place
//! (`endpoint`). Requests go through `invoke`; `capture` keeps what they asked and were answered. Reading
//! endpoints is `control`; training jobs and all other operations answer an error that names them.

mod artifact;
mod capture;
mod control;
mod deploy;
mod endpoint;
mod error;
mod invoke;
mod sdk;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

pub use endpoint::Status;

use self::capture::{Capture, Destination};
use self::endpoint::{Endpoint, Record};
use self::error::ControlError;
use self::server::HttpClient;
use crate::aws::Identity;
use crate::s3::Objects;
use crate::template;

/// SageMaker's limit for a model to answer.
const MODEL_TIMEOUT: Duration = Duration::from_secs(60);
/// How often an endpoint without a model looks whether there is one now.
const LOOK: Duration = Duration::from_secs(1);
/// What a shutdown allows requests and uploads to take.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// What a model server is started for.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The variant, with its image.
    pub variant: &'a template::Variant,
    /// The unpacked `model.tar.gz`: `/opt/ml/model` on AWS.
    pub model_dir: &'a Path,
    /// The port of 127.0.0.1 to listen on.
    pub port: u16,
}

/// Makes the command that starts a model server: it must answer `GET /ping` with 200 when it is ready, and
/// `POST /invocations`. The variant's environment, a log file and an empty input are added to it.
pub type StartServer = Arc<dyn Fn(&Launch<'_>) -> Command + Send + Sync>;

/// What SageMaker runs, and how.
#[derive(Clone)]
pub struct Config {
    /// The template's endpoints.
    pub endpoints: Vec<template::Endpoint>,
    /// What stands in for the model container.
    pub server: StartServer,
    /// How long a server may take to answer `/ping`.
    pub start_timeout: Duration,
    /// How old captured data becomes before it is an object in S3.
    pub capture_interval: Duration,
}

impl Config {
    /// With one minute to start, and captured data in S3 after one minute.
    pub fn new(endpoints: Vec<template::Endpoint>, server: StartServer) -> Self {
        Self {
            endpoints,
            server,
            start_timeout: Duration::from_secs(60),
            capture_interval: Duration::from_secs(60),
        }
    }
}

/// Why SageMaker could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting of the template that makes no sense.
    #[error("the endpoint {endpoint}: {reason}")]
    Endpoint {
        /// Its name.
        endpoint: String,
        /// What is wrong.
        reason: String,
    },
    /// The data directory refused.
    #[error("{path}: {reason}")]
    Folder {
        /// The endpoint's folder.
        path: String,
        /// The file system's text.
        reason: String,
    },
}

/// Why an endpoint did not get (or is not on) its newest model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeployError {
    /// The template has no such endpoint.
    #[error("the template has no endpoint {0}")]
    Unknown(String),
    /// There is no object at `ModelDataUrl`.
    #[error("the endpoint {0} waits for its model: there is no object at {1}")]
    NoModel(String, String),
    /// The model can't be served. What served before serves on.
    #[error("the endpoint {endpoint} could not be deployed: {reason}")]
    Failed {
        /// Its name.
        endpoint: String,
        /// What DescribeEndpoint gives as `FailureReason`.
        reason: String,
    },
    /// Too late.
    #[error("the stack is shutting down")]
    ShuttingDown,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct SageMaker(Arc<Inner>);

struct Inner {
    identity: Identity,
    config: Arc<Config>,
    objects: Arc<dyn Objects>,
    client: HttpClient,
    endpoints: Vec<Endpoint>,
    /// A clone goes with each server and capture; taken away at shutdown.
    alive: Mutex<Option<mpsc::Sender<()>>>,
    /// Ends when the last clone is gone.
    gone: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

impl fmt::Debug for SageMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SageMaker").field(&self.0.endpoints).finish()
    }
}

impl SageMaker {
    /// Opens the service with its state under `data_dir/endpoints`. In the background, endpoints that served when the last
    /// process ended start again, and the others wait for their models.
    ///
    /// Must be called within a tokio runtime.
    pub fn open(
        data_dir: &Path,
        identity: Identity,
        config: Config,
        objects: Arc<dyn Objects>,
    ) -> Result<Self, OpenError> {
        let (alive, gone) = mpsc::channel(1);
        let endpoints = config.endpoints.iter();
        let endpoints =
            endpoints.map(|template| open(template, data_dir, &config, &objects, &alive));
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
        let inner = Arc::new(Inner {
            identity,
            config: Arc::new(config),
            objects,
            client: server::http_client(),
            endpoints,
            alive: Mutex::new(Some(alive)),
            gone: tokio::sync::Mutex::new(gone),
        });
        for index in 0..inner.endpoints.len() {
            tokio::spawn(Arc::clone(&inner).bring_into_service(index));
        }
        Ok(Self(inner))
    }

    /// Answers a request whose credential scope is `sagemaker`.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let target = request.headers().get("x-amz-target");
        let target = target.and_then(|target| target.to_str().ok());
        if let Some(operation) = target.and_then(|target| target.strip_prefix("SageMaker.")) {
            let operation = operation.to_owned();
            return self.0.control(&operation, request).await;
        }
        let Some(name) =
            endpoint_in(request.uri().path()).filter(|_| request.method() == Method::POST)
        else {
            let operation = format!("{} {}", request.method(), request.uri().path());
            return ControlError::Unknown(operation).into_response();
        };
        match self.0.invoke(&name, request).await {
            Ok(response) => response,
            Err(error) => error.into_response(),
        }
    }

    /// Brings the models that are now in S3 into service, and returns when they are. The old ones serve until then, and
    /// on if it fails. Does nothing where the newest already serve.
    pub async fn deploy(&self, endpoint: &str) -> Result<(), DeployError> {
        match self.0.endpoint(endpoint) {
            Some(endpoint) => self.0.deploy(endpoint).await,
            None => Err(DeployError::Unknown(endpoint.into())),
        }
    }

    /// Returns when the endpoint is InService; the error says why it is not, if a deployment failed.
    pub async fn wait_in_service(&self, endpoint: &str) -> Result<(), DeployError> {
        let unknown = || DeployError::Unknown(endpoint.into());
        let found = self.0.endpoint(endpoint).ok_or_else(unknown)?;
        let mut state = found.state.subscribe();
        let decided =
            state.wait_for(|state| state.fleet.is_some() || state.status == Status::Failed);
        let state = decided.await.map_err(|_| DeployError::ShuttingDown)?;
        match (&state.fleet, &state.failure) {
            (None, Some(reason)) => Err(DeployError::Failed {
                endpoint: endpoint.into(),
                reason: reason.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The status of an endpoint, and why its last deployment failed if it did; `None` where there is no such endpoint.
    pub fn status(&self, endpoint: &str) -> Option<(Status, Option<String>)> {
        let state = self.0.endpoint(endpoint)?.state.borrow();
        Some((state.status, state.failure.clone()))
    }

    /// Ends the model servers after their last answers, and uploads captured data. Returns when all is done, or after
    /// ten seconds: what is left then is cleaned up by the next start.
    pub async fn shut_down(&self) {
        let alive = self
            .0
            .alive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(alive);
        for endpoint in &self.0.endpoints {
            endpoint.end_capture();
            endpoint.state.send_modify(|state| {
                state.fleet = None;
                state.starting = false;
                state.failure = Some("the stack is shutting down".into());
            });
        }
        let mut gone = self.0.gone.lock().await;
        if timeout(SHUTDOWN, gone.recv()).await.is_err() {
            tracing::warn!("model servers or captured data are left for the next start");
        }
    }
}

fn open(
    template: &template::Endpoint,
    data_dir: &Path,
    config: &Config,
    objects: &Arc<dyn Objects>,
    alive: &mpsc::Sender<()>,
) -> Result<Endpoint, OpenError> {
    let folder = data_dir.join("endpoints").join(&template.name);
    let record = Record::read(&folder);
    record.write(&folder).map_err(|error| OpenError::Folder {
        path: folder.display().to_string(),
        reason: error.to_string(),
    })?;
    let capture = match &template.capture {
        Some(settings) => {
            let spools = folder.join("captured");
            let destination = Destination::new(
                settings,
                &template.name,
                Arc::clone(objects),
                &spools,
                config.capture_interval,
            )
            .map_err(|reason| OpenError::Endpoint {
                endpoint: template.name.clone(),
                reason,
            })?;
            Some(Capture::start(settings.clone(), destination, alive.clone()))
        }
        None => None,
    };
    Ok(Endpoint::new(template.clone(), folder, capture, &record))
}

impl Inner {
    fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.template.name == name)
    }

    /// `None` after a shutdown.
    fn alive(&self) -> Option<mpsc::Sender<()>> {
        let alive = self.alive.lock();
        alive.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_closed(&self) -> bool {
        self.alive().is_none()
    }

    /// Starts what served before; otherwise waits until the first model is there. A model that failed is not tried
    /// again before it is another one.
    async fn bring_into_service(self: Arc<Self>, index: usize) {
        let endpoint = &self.endpoints[index];
        // Where this fails, the endpoint's state says so, and the model in S3 may do.
        let _ = self.resume(endpoint).await;
        let mut tried = None;
        while !self.is_closed() && endpoint.state.borrow().fleet.is_none() {
            match self.etags(endpoint).await {
                Ok(Some(etags)) if tried.as_ref() != Some(&etags) => {
                    tried = Some(etags);
                    let _ = self.deploy(endpoint).await;
                }
                _ => endpoint.state.send_modify(|state| state.starting = false),
            }
            sleep(LOOK).await;
        }
    }
}

/// `/endpoints/{EndpointName}/invocations`.
fn endpoint_in(path: &str) -> Option<String> {
    let name = path
        .strip_prefix("/endpoints/")?
        .strip_suffix("/invocations")?;
    let name = percent_decode_str(name).decode_utf8().ok()?;
    (!name.contains('/')).then(|| name.into_owned())
}

/// Bucket and key of `s3://bucket/key`.
fn s3_uri(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("s3://")?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    (!bucket.is_empty()).then_some((bucket, key))
}
