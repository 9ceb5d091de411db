//! The service: opened, asked, shut down.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response};
use percent_encoding::percent_decode_str;
use service::{Identity, Objects, private};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::config::Config;
use crate::context::Inner;
use crate::endpoint::{Endpoint, Status};
use crate::error::{ApiError, DeployError};
use crate::jobs::Jobs;
use crate::kind::Kind;
use crate::store::Store;
use crate::{api, declare, server, store};

/// The time that a shutdown allows requests and uploads to take.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Error of [`SageMaker::open`](crate::SageMaker::open).
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

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct SageMaker(pub(super) Arc<Inner>);

impl fmt::Debug for SageMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = self.0.all_endpoints();
        f.debug_tuple("SageMaker").field(&endpoints).finish()
    }
}

impl SageMaker {
    /// Opens the service with its state in `data_dir`: `sagemaker.db`, and a folder for each
    /// endpoint and job. In the background, endpoints that served when the last process ended start
    /// again, the template's new ones wait for their models, and jobs that were not over run again.
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

    /// Brings the models that are now in S3 into service, and returns when they are. The old ones
    /// serve until then, and on if it fails. Does nothing where the newest already serve.
    pub async fn deploy(&self, endpoint: &str) -> Result<(), DeployError> {
        match self.0.endpoint(endpoint) {
            Some(endpoint) => self.0.deploy(&endpoint).await,
            None => Err(DeployError::Unknown(endpoint.into())),
        }
    }

    /// Returns when the endpoint is InService; the error says why it is not, if a deployment
    /// failed.
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

    /// The status of an endpoint, and why its last deployment failed if it did; `None` where there
    /// is no such endpoint.
    pub fn status(&self, endpoint: &str) -> Option<(Status, Option<String>)> {
        let endpoint = self.0.endpoint(endpoint)?;
        let state = endpoint.state.borrow();
        Some((state.status, state.record.failure.clone()))
    }

    /// Ends the model servers after their last answers, uploads captured data, and kills jobs,
    /// which the next start runs again. Returns when all is done, or after ten seconds: what is
    /// left then is cleaned up by the next start.
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

/// `/endpoints/{EndpointName}/invocations`.
fn endpoint_in(path: &str) -> Option<String> {
    let name = path
        .strip_prefix("/endpoints/")?
        .strip_suffix("/invocations")?;
    let name = percent_decode_str(name).decode_utf8().ok()?;
    (!name.contains('/')).then(|| name.into_owned())
}
