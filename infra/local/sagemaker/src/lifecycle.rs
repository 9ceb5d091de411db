//! Endpoints from their creation to their end: what CreateEndpoint, UpdateEndpoint and
//! DeleteEndpoint set going, and what a restart takes up again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{sleep, timeout};

use crate::capture;
use crate::config::MODEL_TIMEOUT;
use crate::context::Inner;
use crate::deployment::Deployment;
use crate::endpoint::{Endpoint, Record, Status};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Resource;

/// Interval at which an endpoint without a model looks for one.
const MODEL_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which the end of an endpoint's last requests is looked for.
const DRAIN: Duration = Duration::from_millis(10);

/// The right to change an endpoint.
pub(super) type EndpointGuard = OwnedMutexGuard<()>;

impl Inner {
    /// Sets going an endpoint whose row has just been added.
    pub(super) fn begin_endpoint(self: &Arc<Self>, row: &Resource) -> Result<(), ApiError> {
        let endpoint = Arc::new(Endpoint::new(row, &self.data_dir)?);
        self.set_endpoint(&row.name, Some(Arc::clone(&endpoint)));
        tokio::spawn(Arc::clone(self).bring_into_service(endpoint));
        Ok(())
    }

    /// The endpoint and the turn to change it, where it has come to rest.
    pub(super) async fn lock_endpoint(
        &self,
        name: &str,
    ) -> Result<(Arc<Endpoint>, EndpointGuard), ApiError> {
        let endpoint = self.endpoint(name);
        let endpoint = endpoint.ok_or_else(|| self.missing(Kind::Endpoint, name))?;
        self.require_rest(&endpoint)?;
        let guard = Arc::clone(&endpoint.changing).lock_owned().await;
        self.require_rest(&endpoint)?;
        Ok((endpoint, guard))
    }

    fn require_rest(&self, endpoint: &Endpoint) -> Result<(), ApiError> {
        let state = endpoint.state.borrow();
        let rests = match state.status {
            Status::InService | Status::Failed => true,
            Status::Creating => state.waits_for_model(),
            Status::Updating | Status::Deleting => false,
        };
        if rests {
            return Ok(());
        }
        let arn = self.arn(Kind::Endpoint, &endpoint.name);
        Err(ApiError::Validation(format!(
            "Cannot update in-progress endpoint \"{arn}\"."
        )))
    }

    /// Sets an update going; its row says so when this returns.
    pub(super) async fn begin_update(
        self: &Arc<Self>,
        (endpoint, guard): (Arc<Endpoint>, EndpointGuard),
        deployment: Deployment,
    ) -> Result<(), ApiError> {
        self.begin_deployment(&endpoint, deployment.clone()).await?;
        let this = Arc::clone(self);
        tokio::spawn(async move {
            // Where this fails, the endpoint's state says so.
            let _ = this.update(&endpoint, deployment).await;
            drop(guard);
        });
        Ok(())
    }

    /// Sets the end going; its row says so when this returns.
    pub(super) async fn begin_deletion(
        self: &Arc<Self>,
        (endpoint, guard): (Arc<Endpoint>, EndpointGuard),
    ) -> Result<(), ApiError> {
        self.change_endpoint(&endpoint, |state| state.status = Status::Deleting)
            .await?;
        tokio::spawn(Arc::clone(self).end(endpoint, guard));
        Ok(())
    }

    /// Lets the last requests be answered, and removes what there was.
    async fn end(self: Arc<Self>, endpoint: Arc<Endpoint>, guard: EndpointGuard) {
        let mut fleet = None;
        endpoint.state.send_modify(|state| {
            state.starting = false;
            fleet = state.fleet.take();
        });
        if let Some(fleet) = fleet {
            let requests = Arc::downgrade(&fleet);
            drop(fleet);
            let drained = async {
                while requests.strong_count() > 0 {
                    sleep(DRAIN).await;
                }
            };
            // A request that takes longer has failed by then.
            let _ = timeout(MODEL_TIMEOUT, drained).await;
        }
        if self.is_closed() {
            // The next start finds it as Deleting.
            return;
        }
        let arn = self.arn(Kind::Endpoint, &endpoint.name);
        match self.store.remove(Kind::Endpoint, &endpoint.name, arn).await {
            Ok(_) => self.set_endpoint(&endpoint.name, None),
            Err(error) => tracing::error!(%error, "an endpoint could not be deleted"),
        }
        for folder in ["models", "logs"] {
            remove_folder(&endpoint.folder.join(folder));
        }
        drop(guard);
    }

    /// Takes up what a row says: starts what served before, and goes on with what was on its way.
    /// The template's endpoint waits for its first model. A model that failed is not tried again
    /// before it is another one.
    pub(super) async fn bring_into_service(self: Arc<Self>, endpoint: Arc<Endpoint>) {
        // What an earlier process captured goes first: capture begins with the first server.
        capture::upload_left(&endpoint.folder.join("captured"), &self.objects).await;
        let status = endpoint.state.borrow().status;
        if status == Status::Deleting {
            let guard = Arc::clone(&endpoint.changing).lock_owned().await;
            return self.end(endpoint, guard).await;
        }
        // Where one of these fails, the endpoint's state says so.
        let resumed = self.resume(&endpoint).await;
        let record = endpoint.state.borrow().record.clone();
        match record {
            Record {
                pending: Some(pending),
                ..
            } if status != Status::Failed
                && (!endpoint.declared || matches!(resumed, Ok(true))) =>
            {
                let _turn = endpoint.changing.lock().await;
                let _ = self.update(&endpoint, pending).await;
            }
            _ if !endpoint.declared => {
                endpoint.state.send_modify(|state| state.starting = false);
            }
            _ => {}
        }
        if endpoint.declared {
            self.wait_for_model(&endpoint).await;
        }
    }

    async fn wait_for_model(&self, endpoint: &Endpoint) {
        let mut tried = None;
        loop {
            let wanted = {
                let state = endpoint.state.borrow();
                let done = state.fleet.is_some() || state.status == Status::Deleting;
                state
                    .wanted()
                    .filter(|_| !done && !self.is_closed())
                    .cloned()
            };
            let Some(wanted) = wanted else { return };
            match self.etags(&wanted).await {
                Ok(Some(etags)) if tried.as_ref() != Some(&etags) => {
                    tried = Some(etags);
                    // As above; and the model in S3 may do next time.
                    let _ = self.deploy(endpoint).await;
                }
                _ => {
                    let _turn = endpoint.changing.lock().await;
                    endpoint.state.send_modify(|state| state.starting = false);
                }
            }
            sleep(MODEL_POLL_INTERVAL).await;
        }
    }
}

fn remove_folder(path: &Path) {
    if path.exists()
        && let Err(error) = std::fs::remove_dir_all(path)
    {
        tracing::warn!(%error, path = %path.display(), "a deleted endpoint's folder could not be \
                                                        removed");
    }
}
