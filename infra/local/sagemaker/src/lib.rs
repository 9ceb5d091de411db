//! Amazon SageMaker: training jobs, models, endpoints with data capture, and transform jobs.
//!
//! What clients create are rows of `store`; `api` is the wire. A model server is the container's program as a child process
//! (`server`), which dies with the stack (`service::process`). A deployment (`deploy`) unpacks `model.tar.gz` (`artifact`),
//! starts new servers and puts them in the old ones' place (`endpoint`, `fleet`). Requests go through `invoke`; `capture`
//! keeps what they asked and were answered. `jobs` runs `training` and `transform` jobs. The template's endpoints are
//! endpoints like all others (`declare`).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod artifact;
mod capture;
mod container;
mod declare;
mod deploy;
mod deployment;
mod endpoint;
mod error;
mod fleet;
mod invoke;
mod jobs;
mod lifecycle;
mod sdk;
mod seam;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod training;
mod transform;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response};
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub use endpoint::Status;
pub use sdk::{Control, Runtime};

use self::endpoint::Endpoint;
use self::error::ApiError;
use self::jobs::Jobs;
use self::server::HttpClient;
use self::store::{Kind, Store};
use sam_template as template;
use service::Identity;
use service::Objects;
use service::private;

/// SageMaker's limit for a model to answer.
const MODEL_TIMEOUT: Duration = Duration::from_secs(60);
/// What a shutdown allows requests and uploads to take.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// What a model server is started for.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The image that the model names.
    pub image: &'a str,
    /// The unpacked `model.tar.gz`: `/opt/ml/model` on AWS.
    pub model_dir: &'a Path,
    /// The port of 127.0.0.1 to listen on.
    pub port: u16,
}

/// Makes the command that starts a model server: it must answer `GET /ping` with 200 when it is ready, and
/// `POST /invocations`. The model's environment, a log file and an empty input are added to it, and it inherits no variables
/// of the stack but `PATH` and `TMPDIR`.
pub type StartServer = Arc<dyn Fn(&Launch<'_>) -> Command + Send + Sync>;

/// What a training job's process is started for.
#[derive(Clone, Copy, Debug)]
pub struct TrainingLaunch<'a> {
    /// The image that the job names.
    pub image: &'a str,
    /// What `/opt/ml` is on AWS, laid out for the job.
    pub root: &'a Path,
}

/// Makes the command that trains: it must read `input/` below the root and write `model/`, and end with 0 when it has, also
/// soon after SIGTERM. The job's environment, its log and an empty input are added to it, and it inherits as a model server
/// does.
pub type StartTraining = Arc<dyn Fn(&TrainingLaunch<'_>) -> Command + Send + Sync>;

/// What SageMaker runs, and how.
#[derive(Clone)]
pub struct Config {
    /// The template's endpoints.
    pub endpoints: Vec<template::Endpoint>,
    /// What stands in for the model container where it serves.
    pub server: StartServer,
    /// What stands in for it where it trains.
    pub training: StartTraining,
    /// How long a server may take to answer `/ping`.
    pub start_timeout: Duration,
    /// How old captured data becomes before it is an object in S3.
    pub capture_interval: Duration,
    /// How many training and transform jobs run at once; the others wait.
    pub jobs: usize,
    /// How long a training job that was told to stop may take before it is killed.
    pub stop_timeout: Duration,
}

impl Config {
    /// With one minute to start, captured data in S3 after one minute, a job for every two cores, and AWS's two minutes
    /// to stop.
    pub fn new(
        endpoints: Vec<template::Endpoint>,
        server: StartServer,
        training: StartTraining,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            endpoints,
            server,
            training,
            start_timeout: Duration::from_secs(60),
            capture_interval: Duration::from_secs(10),
            jobs: (cores / 2).max(1),
            stop_timeout: Duration::from_secs(120),
        }
    }
}

/// Why SageMaker could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting of the template that makes no sense.
    #[error("the template's endpoints: {0}")]
    Template(String),
    /// The database can't be opened.
    #[error(transparent)]
    Database(#[from] service::database::OpenError),
    /// The data directory refused.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The database, or the folder that it is in.
        path: PathBuf,
        /// SQLite's text, or the file system's.
        reason: String,
    },
}

/// Why an endpoint did not get (or is not on) its newest model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeployError {
    /// There is no such endpoint.
    #[error("there is no endpoint {0}")]
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
    data_dir: PathBuf,
    config: Arc<Config>,
    objects: Arc<dyn Objects>,
    client: HttpClient,
    store: Store,
    endpoints: RwLock<BTreeMap<String, Arc<Endpoint>>>,
    jobs: Jobs,
    /// A clone goes with each server, capture and job; taken away at shutdown.
    alive: Mutex<Option<mpsc::Sender<()>>>,
    /// Ends when the last clone is gone.
    gone: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

impl fmt::Debug for SageMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = self.0.all_endpoints();
        f.debug_tuple("SageMaker").field(&endpoints).finish()
    }
}

impl SageMaker {
    /// Opens the service with its state in `data_dir`: `sagemaker.db`, and a folder for each endpoint and job. In the
    /// background, endpoints that served when the last process ended start again, the template's new ones wait for their
    /// models, and jobs that were not over run again.
    ///
    /// Must be called within a tokio runtime.
    pub fn open(
        data_dir: &Path,
        identity: Identity,
        config: Config,
        objects: Arc<dyn Objects>,
    ) -> Result<Self, OpenError> {
        let store = open_store(data_dir, &config)?;
        let endpoints = open_endpoints(data_dir, &store)?;
        let (alive, gone) = mpsc::channel(1);
        let inner = Arc::new(Inner {
            identity,
            data_dir: data_dir.to_owned(),
            jobs: Jobs::new(config.jobs),
            config: Arc::new(config),
            objects,
            client: server::http_client(),
            store,
            endpoints: RwLock::new(endpoints),
            alive: Mutex::new(Some(alive)),
            gone: tokio::sync::Mutex::new(gone),
        });
        for endpoint in inner.all_endpoints() {
            tokio::spawn(Arc::clone(&inner).bring_into_service(endpoint));
        }
        inner.resume_jobs().map_err(|error| OpenError::Store {
            path: data_dir.join("sagemaker.db"),
            reason: error.to_string(),
        })?;
        Ok(Self(inner))
    }

    /// Answers a request whose credential scope is `sagemaker`.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let target = request.headers().get("x-amz-target");
        let target = target.and_then(|target| target.to_str().ok());
        if let Some(operation) = target.and_then(|target| target.strip_prefix("SageMaker.")) {
            let operation = operation.to_owned();
            return api::handle(&self.0, &operation, request).await;
        }
        let Some(name) =
            endpoint_in(request.uri().path()).filter(|_| request.method() == Method::POST)
        else {
            let operation = format!("{} {}", request.method(), request.uri().path());
            return ApiError::Unknown(operation).into_response();
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
            Some(endpoint) => self.0.deploy(&endpoint).await,
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
        match (&state.fleet, &state.record.failure) {
            (None, Some(reason)) => Err(DeployError::Failed {
                endpoint: endpoint.into(),
                reason: reason.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The status of an endpoint, and why its last deployment failed if it did; `None` where there is no such endpoint.
    pub fn status(&self, endpoint: &str) -> Option<(Status, Option<String>)> {
        let endpoint = self.0.endpoint(endpoint)?;
        let state = endpoint.state.borrow();
        Some((state.status, state.record.failure.clone()))
    }

    /// Ends the model servers after their last answers, uploads captured data, and kills jobs, which the next start runs
    /// again. Returns when all is done, or after ten seconds: what is left then is cleaned up by the next start.
    pub async fn shut_down(&self) {
        let alive = self
            .0
            .alive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(alive);
        self.0.jobs.close();
        for endpoint in self.0.all_endpoints() {
            endpoint.state.send_modify(|state| {
                state.fleet = None;
                state.starting = false;
                state.record.failure = Some("the stack is shutting down".into());
            });
        }
        let mut gone = self.0.gone.lock().await;
        if timeout(SHUTDOWN, gone.recv()).await.is_err() {
            tracing::warn!("model servers or captured data are left for the next start");
        }
    }
}

fn open_store(data_dir: &Path, config: &Config) -> Result<Store, OpenError> {
    let path = data_dir.join("sagemaker.db");
    let refused = |reason: String| OpenError::Store {
        path: path.clone(),
        reason,
    };
    private::create_dir_all(data_dir).map_err(|error| refused(error.to_string()))?;
    let store = Store::open(&path)?;
    match store.now(|db| declare::declare(db, &config.endpoints)) {
        Ok(()) => Ok(store),
        Err(ApiError::Internal(reason)) => Err(refused(reason)),
        Err(error) => Err(OpenError::Template(error.to_string())),
    }
}

fn open_endpoints(
    data_dir: &Path,
    store: &Store,
) -> Result<BTreeMap<String, Arc<Endpoint>>, OpenError> {
    let rows = store.now(|db| Ok(store::all(db, Kind::Endpoint)?));
    let endpoints = rows.and_then(|rows| {
        let open = |row: &store::Resource| {
            let endpoint = Endpoint::new(row, data_dir)?;
            Ok((row.name.clone(), Arc::new(endpoint)))
        };
        rows.iter().map(open).collect()
    });
    endpoints.map_err(|error| OpenError::Store {
        path: data_dir.join("sagemaker.db"),
        reason: error.to_string(),
    })
}

impl Inner {
    fn endpoint(&self, name: &str) -> Option<Arc<Endpoint>> {
        let endpoints = self.endpoints.read();
        let endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        endpoints.get(name).cloned()
    }

    fn all_endpoints(&self) -> Vec<Arc<Endpoint>> {
        let endpoints = self.endpoints.read();
        let endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        endpoints.values().cloned().collect()
    }

    /// Adds an endpoint, takes one away.
    fn set_endpoint(&self, name: &str, endpoint: Option<Arc<Endpoint>>) {
        let endpoints = self.endpoints.write();
        let mut endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        match endpoint {
            Some(endpoint) => endpoints.insert(name.to_owned(), endpoint),
            None => endpoints.remove(name),
        };
    }

    /// `None` after a shutdown.
    fn alive(&self) -> Option<mpsc::Sender<()>> {
        let alive = self.alive.lock();
        alive.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_closed(&self) -> bool {
        self.alive().is_none()
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
    s3_uri::split(uri).ok()
}
