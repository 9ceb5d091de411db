//! The handle to the Lambda service, for the other services and the stack itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use tokio::sync::Semaphore;

use super::code::Codes;
use super::config::{Config, Deployment};
use super::environment;
use super::errors::{MAX_EVENT, MAX_REQUEST};
use super::pool::{Pool, Slot};
use super::queue::{DeadLetter, Queue};
use super::{api, errors, name};
use service::Identity;
use service::logs::Log;
use service::private;
use service::process::Watchdog;
use service::{Invocation, Invoke, InvokeError, trace_id};

/// The Lambda service. Cheap to clone; all clones are the same service.
#[derive(Clone, Debug)]
pub struct Lambda {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) identity: Identity,
    pub(super) slots: BTreeMap<String, Arc<Slot>>,
    pub(super) pool: Arc<Pool>,
    pub(super) queue: Queue,
    pub(super) codes: Codes,
    /// The time this service was opened: the functions' `LastModified`.
    pub(super) opened: jiff::Timestamp,
}

/// The reason that the service could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The queue's database.
    #[error("the queue of asynchronous invocations can't be opened: {0}")]
    Queue(#[from] service::database::OpenError),
    /// The data directory, or a log in it.
    #[error("{path} can't be written: {cause}")]
    Files {
        /// The directory or the file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The shell that watches over the functions' processes.
    #[error(
        "/bin/sh, which ends the functions' processes if the stack is killed, can't be started: {0}"
    )]
    Watchdog(std::io::Error),
    /// Two functions of one name.
    #[error("two functions are called {0}; the template gives each its own FunctionName")]
    Duplicate(String),
}

/// The optional headers of Invoke, for [`Lambda::invoke_with`].
#[derive(Clone, Debug, Default)]
pub(super) struct InvokeOptions {
    pub(super) trace_id: Option<String>,
    pub(super) client_context: Option<HeaderValue>,
}

impl Lambda {
    /// Opens the service: its queue (`lambda.db`) and its logs (`logs/`) are under `data_dir`. No
    /// function is started yet, and no asynchronous event delivered before [`Lambda::run_queue`].
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(data_dir: &Path, identity: Identity, config: Config) -> Result<Self, OpenError> {
        let files = |path: &Path| {
            let path = path.to_owned();
            move |cause| OpenError::Files { path, cause }
        };
        private::create_dir_all(data_dir).map_err(files(data_dir))?;
        let path = data_dir.join("lambda.db");
        let queue = Queue::open(&path, config.retry.clone())?;
        let watchdog = Arc::new(Watchdog::start().map_err(OpenError::Watchdog)?);
        let pool = Pool::new(&config.limits);
        let mut slots = BTreeMap::new();
        for deployment in config.functions {
            let function = deployment.function.name.clone();
            let path = service::logs::path(data_dir, &function);
            let slot = Slot {
                log: Arc::new(Log::open(data_dir, &function).map_err(files(&path))?),
                identity: identity.clone(),
                endpoint_url: config.endpoint_url.clone(),
                key: config.key.clone(),
                watchdog: watchdog.clone(),
                concurrency: Arc::new(Semaphore::new(config.limits.per_function.max(1))),
                limits: config.limits.clone(),
                deployment,
            };
            if slots.insert(function.clone(), Arc::new(slot)).is_some() {
                return Err(OpenError::Duplicate(function));
            }
        }
        let inner = Inner {
            identity,
            slots,
            pool,
            queue,
            codes: Codes::default(),
            opened: jiff::Timestamp::now(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Answers a request of the Lambda API, version 2015-03-31.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        api::handle(self, request).await
    }

    /// Delivers asynchronous events, those of earlier runs too, until `shutdown` is done.
    pub async fn run_queue(self, shutdown: impl Future<Output = ()>) {
        super::queue::run(&self, shutdown).await;
    }

    /// Ends every execution environment and waits for their processes. Running and waiting
    /// invocations fail with `ServiceException`; asynchronous ones stay in the queue for the next
    /// start.
    pub async fn shut_down(&self) {
        self.inner.pool.close().await;
    }

    /// The functions, in the order of their names.
    pub fn functions(&self) -> impl Iterator<Item = &Deployment> {
        self.inner.slots.values().map(|slot| &slot.deployment)
    }

    /// Returns the asynchronous events that were given up, the latest first.
    ///
    /// # Errors
    /// The queue's database can't be read.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, InvokeError> {
        let found = self.inner.queue.dead_letters().await;
        found.map_err(|error| errors::queue(&error))
    }

    /// The function that `reference` names.
    pub(super) fn slot(&self, reference: &str) -> Result<&Arc<Slot>, InvokeError> {
        let name = name::resolve(reference, &self.inner.identity)?;
        let slot = self.inner.slots.get(&name);
        slot.ok_or_else(|| errors::function_not_found(&self.arn(&name)))
    }

    /// A function's ARN.
    pub(super) fn arn(&self, name: &str) -> String {
        let resource = format!("function:{name}");
        self.inner.identity.arn("lambda", &resource)
    }

    /// [`Invoke::invoke`], with what only the wire knows.
    pub(super) async fn invoke_with(
        &self,
        function: &str,
        payload: Bytes,
        options: InvokeOptions,
    ) -> Result<Invocation, InvokeError> {
        let slot = self.slot(function)?;
        if payload.len() > MAX_REQUEST {
            return Err(errors::request_too_large());
        }
        let payload = event(payload)?;
        let id = uuid::Uuid::new_v4().to_string();
        self.run(slot, id, payload, options).await
    }

    /// [`Invoke::enqueue`]; gives the request id.
    pub(super) async fn enqueue_event(
        &self,
        function: &str,
        payload: Bytes,
    ) -> Result<String, InvokeError> {
        let slot = self.slot(function)?;
        if payload.len() > MAX_EVENT {
            return Err(errors::event_too_large(payload.len()));
        }
        let payload = event(payload)?;
        let name = slot.deployment.function.name.clone();
        let id = self.inner.queue.enqueue(name, payload).await;
        id.map_err(|error| errors::queue(&error))
    }

    /// Runs an event that has been checked.
    pub(super) async fn run(
        &self,
        slot: &Arc<Slot>,
        id: String,
        payload: Bytes,
        options: InvokeOptions,
    ) -> Result<Invocation, InvokeError> {
        let request = environment::Request {
            id,
            payload,
            arn: self.arn(&slot.deployment.function.name),
            trace_id: options.trace_id.unwrap_or_else(trace_id),
            client_context: options.client_context,
        };
        self.inner.pool.invoke(slot, request).await
    }
}

#[async_trait]
impl Invoke for Lambda {
    async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        self.invoke_with(function, payload, InvokeOptions::default())
            .await
    }

    async fn enqueue(&self, function: &str, payload: Bytes) -> Result<(), InvokeError> {
        self.enqueue_event(function, payload).await.map(drop)
    }

    fn has_function(&self, function: &str) -> bool {
        self.slot(function).is_ok()
    }
}

/// The event that the function sees: an empty payload is an empty object.
fn event(payload: Bytes) -> Result<Bytes, InvokeError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&payload)
        .map_err(|error| errors::not_json(&error))?;
    Ok(payload)
}
