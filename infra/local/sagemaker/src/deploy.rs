//! Deployment: from `model.tar.gz` in S3 to servers that answer, and only then in place of the old
//! ones.
//!
//! If it fails, the old ones serve on. `FailureReason` is AWS's sentence, with the cause here in
//! brackets.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::artifact;
use crate::capture::{Capture, Destination};
use crate::container::Container;
use crate::context::Inner;
use crate::deployment::{Deployment, Variant};
use crate::endpoint::{Endpoint, Model, Serving, State, Status};
use crate::error::ApiError;
use crate::error::DeployError;
use crate::fleet::{Deployed, Fleet};
use crate::pipeline::{Backend, ContainerServer, LoadedModels};
use crate::server::{Server, ServerSpec};

impl Inner {
    /// Brings the newest models of what is to serve into service. Without a change nothing happens.
    pub(super) async fn deploy(&self, endpoint: &Endpoint) -> Result<(), DeployError> {
        let _turn = endpoint.changing.lock().await;
        let Some(wanted) = endpoint.state.borrow().wanted().cloned() else {
            return Err(DeployError::Unknown(endpoint.name.clone()));
        };
        let etags = match self.etags(&wanted).await {
            Ok(Some(etags)) => etags,
            Ok(None) => {
                let name = endpoint.name.clone();
                return Err(DeployError::NoModel(name, wanted.model_urls()));
            }
            Err(reason) => return Err(self.failed(endpoint, reason).await),
        };
        if serves(&endpoint.state.borrow(), &wanted, &etags) {
            return Ok(());
        }
        let begun = self.begin_deployment(endpoint, wanted.clone()).await;
        begun.map_err(|error| failure(endpoint, error.to_string()))?;
        self.roll_out(endpoint, wanted, etags).await
    }

    /// Brings into service what the endpoint's state has as on its way. The caller has the
    /// endpoint's turn.
    pub(super) async fn update(
        &self,
        endpoint: &Endpoint,
        deployment: Deployment,
    ) -> Result<(), DeployError> {
        match self.etags(&deployment).await {
            Ok(Some(etags)) => self.roll_out(endpoint, deployment, etags).await,
            Ok(None) => {
                let urls = deployment.model_urls();
                let reason = format!("Could not find model data at {urls}.");
                Err(self.failed(endpoint, reason).await)
            }
            Err(reason) => Err(self.failed(endpoint, reason).await),
        }
    }

    /// Starts what was in service when the last process ended, whatever is in S3 now. `false`:
    /// nothing was.
    pub(super) async fn resume(&self, endpoint: &Endpoint) -> Result<bool, DeployError> {
        let _turn = endpoint.changing.lock().await;
        if endpoint.state.borrow().fleet.is_some() {
            // A deployment came first.
            return Ok(true);
        }
        let Some(serving) = endpoint.state.borrow().record.serving.clone() else {
            return Ok(false);
        };
        let complete = |model: &Model| endpoint.folder.join(&model.folder).is_dir();
        if !serving.models.iter().all(complete) {
            return Ok(false);
        }
        let fleet = self.start_all(endpoint, &serving).await;
        let fleet = match fleet {
            Ok(fleet) => fleet,
            Err(reason) => return Err(self.failed(endpoint, reason).await),
        };
        let resumed = self.change_endpoint(endpoint, |state| {
            state.fleet = Some(fleet);
            // An update that the last process did not finish goes on.
            if state.record.pending.is_none() {
                state.status = Status::InService;
                state.starting = false;
            }
        });
        resumed
            .await
            .map_err(|error| failure(endpoint, error.to_string()))?;
        Ok(true)
    }

    /// The entity tags of the models in S3, empty for containers without data; `None` where one is
    /// missing.
    pub(super) async fn etags(
        &self,
        deployment: &Deployment,
    ) -> Result<Option<Vec<String>>, String> {
        let mut etags = vec![];
        for container in deployment.containers() {
            let Some(url) = container.archive_url() else {
                etags.push(String::new());
                continue;
            };
            let (bucket, key) = artifact::location(url)?;
            let etag = self.objects.etag(bucket, key).await;
            match etag.map_err(|error| error.to_string())? {
                Some(etag) => etags.push(etag),
                None => return Ok(None),
            }
        }
        Ok(Some(etags))
    }

    async fn roll_out(
        &self,
        endpoint: &Endpoint,
        deployment: Deployment,
        etags: Vec<String>,
    ) -> Result<(), DeployError> {
        let rolled_out = async {
            let serving = Serving {
                models: self.fetch(endpoint, &deployment, &etags).await?,
                deployment,
                since: Timestamp::now(),
            };
            let fleet = self.start_all(endpoint, &serving).await?;
            self.put_in_service(endpoint, serving, fleet).await
        };
        match rolled_out.await {
            Ok(()) if self.is_closed() => Err(DeployError::ShuttingDown),
            Ok(()) => Ok(()),
            Err(reason) => Err(self.failed(endpoint, reason).await),
        }
    }

    async fn put_in_service(
        &self,
        endpoint: &Endpoint,
        serving: Serving,
        fleet: Arc<Fleet>,
    ) -> Result<(), String> {
        let models = serving.models.clone();
        let swapped = self.change_endpoint(endpoint, |state| {
            state.status = Status::InService;
            state.fleet = Some(fleet);
            state.starting = false;
            state.record.serving = Some(serving);
            state.record.pending = None;
            state.record.failure = None;
        });
        swapped.await.map_err(|error| error.to_string())?;
        tracing::info!(endpoint = endpoint.name, "in service");
        remove_others(&endpoint.folder, &models);
        Ok(())
    }

    async fn fetch(
        &self,
        endpoint: &Endpoint,
        deployment: &Deployment,
        etags: &[String],
    ) -> Result<Vec<Model>, String> {
        let mut models = vec![];
        for (container, etag) in deployment.containers().zip(etags) {
            let url = container.archive_url().unwrap_or_default().to_owned();
            let folder = artifact::folder_of(&url, etag);
            artifact::download(&self.objects, &url, endpoint.folder.join(&folder)).await?;
            models.push(Model {
                url,
                etag: etag.clone(),
                folder,
            });
        }
        Ok(models)
    }

    async fn start_all(
        &self,
        endpoint: &Endpoint,
        serving: &Serving,
    ) -> Result<Arc<Fleet>, String> {
        let mut deployed = vec![];
        let mut models = serving.models.iter();
        for variant in &serving.deployment.variants {
            let models: Vec<&Model> = models.by_ref().take(variant.containers.len()).collect();
            let mut containers = vec![];
            for (container, model) in variant.containers.iter().zip(&models) {
                let server = self.start_container(endpoint, variant, container, model);
                containers.push(server.await?);
            }
            deployed.push(Deployed {
                name: variant.name.clone(),
                etags: models.iter().map(|model| model.etag.clone()).collect(),
                containers,
                direct: variant.direct,
            });
        }
        let weights = serving.deployment.variants.iter();
        let weights = weights.map(|variant| variant.weight);
        let capture = self.capture(endpoint, &serving.deployment)?;
        Ok(Arc::new(Fleet::new(deployed, weights, capture)))
    }

    async fn start_container(
        &self,
        endpoint: &Endpoint,
        variant: &Variant,
        container: &Container,
        model: &Model,
    ) -> Result<ContainerServer, String> {
        let (variant_name, hostname) = (&variant.name, &container.hostname);
        // AWS's log streams are VARIANT/INSTANCE/CONTAINERHOSTNAME.
        let log = if variant.containers.len() > 1 {
            format!("logs/{variant_name}/{hostname}.log")
        } else {
            format!("logs/{variant_name}.log")
        };
        let spec = ServerSpec {
            config: Arc::clone(&self.config),
            client: self.client.clone(),
            name: format!("{}/{variant_name}/{hostname}", endpoint.name),
            container: container.clone(),
            model_dir: endpoint.folder.join(&model.folder),
            log: endpoint.folder.join(log),
            _alive: self.alive().ok_or("the stack is shutting down")?,
        };
        let server = self.start_server(spec, &endpoint.folder).await;
        server.map_err(|reason| {
            format!(
                "The {hostname} container for production variant {variant_name} did not pass the \
                 ping health check. Please check CloudWatch logs for this endpoint. ({reason})"
            )
        })
    }

    /// Starts the process of a container; those of a MultiModel container start with their first
    /// requests, and their models are unpacked below `folder`.
    pub(super) async fn start_server(
        &self,
        spec: ServerSpec,
        folder: &Path,
    ) -> Result<ContainerServer, String> {
        let name = spec.container.hostname.clone();
        let prefix = spec.container.model_data_url.clone();
        let backend = if spec.container.multi_model {
            Backend::Multi(Box::new(LoadedModels {
                objects: Arc::clone(&self.objects),
                prefix: prefix.unwrap_or_default(),
                folder: folder.join("multi-model"),
                spec,
                loaded: Mutex::default(),
            }))
        } else {
            Backend::Single(Server::start(spec).await?)
        };
        Ok(ContainerServer { name, backend })
    }

    /// The capture of a deployment: the present one goes on where its settings stay.
    fn capture(
        &self,
        endpoint: &Endpoint,
        deployment: &Deployment,
    ) -> Result<Option<Capture>, String> {
        let Some(settings) = &deployment.capture else {
            return Ok(None);
        };
        let present = endpoint.state.borrow().fleet.clone();
        let present = present.and_then(|fleet| fleet.capture().cloned());
        if let Some(capture) = present.filter(|capture| capture.is_by(settings)) {
            return Ok(Some(capture));
        }
        let spools = endpoint.folder.join("captured");
        let destination = Destination::new(
            settings,
            &endpoint.name,
            Arc::clone(&self.objects),
            &spools,
            self.config.capture_interval,
        );
        let destination = destination.map_err(|error| format!("{}: {error}", spools.display()))?;
        let alive = self.alive().ok_or("the stack is shutting down")?;
        Ok(Some(Capture::start(settings.clone(), destination, alive)))
    }

    /// Notes that a deployment is on its way.
    pub(super) async fn begin_deployment(
        &self,
        endpoint: &Endpoint,
        pending: Deployment,
    ) -> Result<(), ApiError> {
        self.change_endpoint(endpoint, |state| {
            state.starting = true;
            state.record.failure = None;
            state.record.pending = Some(pending);
            state.status = match state.fleet {
                Some(_) => Status::Updating,
                None => Status::Creating,
            };
        })
        .await
    }

    /// Notes that a deployment failed: what served before serves on.
    async fn failed(&self, endpoint: &Endpoint, reason: String) -> DeployError {
        if self.is_closed() {
            return DeployError::ShuttingDown;
        }
        tracing::error!(endpoint = endpoint.name, reason, "the deployment failed");
        let why = reason.clone();
        let noted = self.change_endpoint(endpoint, |state| {
            state.starting = false;
            state.record.failure = Some(why);
            state.status = match state.fleet {
                Some(_) => Status::InService,
                None => Status::Failed,
            };
            // Where nothing serves, this is what another try brings into service.
            if state.fleet.is_some() {
                state.record.pending = None;
            }
        });
        if let Err(error) = noted.await {
            tracing::error!(%error, endpoint = endpoint.name, "the failure could not be written");
        }
        failure(endpoint, reason)
    }
}

fn failure(endpoint: &Endpoint, reason: String) -> DeployError {
    DeployError::Failed {
        endpoint: endpoint.name.clone(),
        reason,
    }
}

/// Returns true if these models and this configuration serve already.
fn serves(state: &State, wanted: &Deployment, etags: &[String]) -> bool {
    let serving = state.record.serving.as_ref();
    let fleet = state.fleet.as_ref();
    serving.is_some_and(|serving| serving.deployment == *wanted)
        && fleet.is_some_and(|fleet| fleet.etags().eq(etags.iter().map(String::as_str)))
}

/// Old models, and what an interrupted unpacking left. The old servers have read theirs.
fn remove_others(folder: &Path, keep: &[Model]) {
    let Ok(entries) = std::fs::read_dir(folder.join("models")) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if keep.iter().any(|model| folder.join(&model.folder) == path) {
            continue;
        }
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed {
            tracing::warn!(%error, path = %path.display(), "an old model could not be removed");
        }
    }
}
