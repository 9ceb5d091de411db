//! The state of the service, which all operations share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::{Identity, Objects};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::endpoint::{Endpoint, State};
use crate::error::ApiError;
use crate::jobs::Jobs;
use crate::kind::Kind;
use crate::server::HttpClient;
use crate::store::{Resource, Store};

/// The state of the service.
pub(super) struct Inner {
    pub(super) identity: Identity,
    pub(super) data_dir: PathBuf,
    pub(super) config: Arc<Config>,
    pub(super) objects: Arc<dyn Objects>,
    pub(super) client: HttpClient,
    pub(super) store: Store,
    pub(super) endpoints: RwLock<BTreeMap<String, Arc<Endpoint>>>,
    pub(super) jobs: Jobs,
    /// A clone goes with each server, capture and job; taken away at shutdown.
    pub(super) alive: Mutex<Option<mpsc::Sender<()>>>,
    /// Ends when the last clone is gone.
    pub(super) gone: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

impl Inner {
    pub(super) fn endpoint(&self, name: &str) -> Option<Arc<Endpoint>> {
        let endpoints = self.endpoints.read();
        let endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        endpoints.get(name).cloned()
    }

    pub(super) fn all_endpoints(&self) -> Vec<Arc<Endpoint>> {
        let endpoints = self.endpoints.read();
        let endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        endpoints.values().cloned().collect()
    }

    /// Adds an endpoint, takes one away.
    pub(super) fn set_endpoint(&self, name: &str, endpoint: Option<Arc<Endpoint>>) {
        let endpoints = self.endpoints.write();
        let mut endpoints = endpoints.unwrap_or_else(PoisonError::into_inner);
        match endpoint {
            Some(endpoint) => endpoints.insert(name.to_owned(), endpoint),
            None => endpoints.remove(name),
        };
    }

    /// `None` after a shutdown.
    pub(super) fn alive(&self) -> Option<mpsc::Sender<()>> {
        let alive = self.alive.lock();
        alive.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.alive().is_none()
    }

    pub(super) fn arn(&self, kind: Kind, name: &str) -> String {
        self.identity
            .arn("sagemaker", &format!("{}/{name}", kind.as_str()))
    }

    /// A resource that must be there.
    pub(super) async fn resource(&self, kind: Kind, name: &str) -> Result<Resource, ApiError> {
        let found = self.store.get(kind, name).await?;
        found.ok_or_else(|| self.missing(kind, name))
    }

    pub(super) fn missing(&self, kind: Kind, name: &str) -> ApiError {
        ApiError::missing(kind, name, &self.arn(kind, name))
    }

    /// Changes an endpoint's state: first on disk. Who calls has its turn ([`Endpoint::changing`]).
    pub(super) async fn change_endpoint(
        &self,
        endpoint: &Endpoint,
        change: impl FnOnce(&mut State),
    ) -> Result<(), ApiError> {
        let mut next = endpoint.state.borrow().clone();
        change(&mut next);
        next.modified = Timestamp::now();
        let (status, record) = (next.status.as_str(), next.record.clone());
        let written = self
            .store
            .change(Kind::Endpoint, &endpoint.name, move |row| {
                row.status = status.to_owned();
                row.write_state(&record)
            });
        written.await?;
        endpoint.state.send_if_modified(|state| {
            // A shutdown that came in between wants nothing new: what is dropped here ends.
            let open = !self.is_closed();
            if open {
                *state = next;
            }
            open
        });
        Ok(())
    }

    /// Changes what is kept of a job's progress, and its status where that changes too.
    pub(super) async fn update_job<P: Serialize + DeserializeOwned>(
        &self,
        kind: Kind,
        name: &str,
        change: impl FnOnce(&mut P) + Send + 'static,
        status: Option<&'static str>,
    ) -> Result<(), ApiError> {
        let changed = self.store.change(kind, name, move |job| {
            let mut progress: P = job.read_state()?;
            change(&mut progress);
            if let Some(status) = status {
                job.status = status.to_owned();
            }
            job.write_state(&progress)
        });
        changed.await.map(drop)
    }
}
