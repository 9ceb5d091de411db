//! Deployment: from `model.tar.gz` in S3 to servers that answer, and only then in place of the old ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::artifact;
use super::endpoint::{Deployed, Endpoint, Fleet, Model, Record, State, Status};
use super::server::{Plan, Server};
use super::{DeployError, Inner, s3_uri};
use crate::template::Variant;

impl Inner {
    /// Brings the newest models into service. Without a change nothing happens.
    pub(super) async fn deploy(&self, endpoint: &Endpoint) -> Result<(), DeployError> {
        let _one_at_a_time = endpoint.deploying.lock().await;
        let etags = self.etags(endpoint).await;
        let etags = etags.map_err(|reason| self.failed(endpoint, reason))?;
        let Some(etags) = etags else {
            let name = endpoint.template.name.clone();
            return Err(DeployError::NoModel(name, endpoint.model_urls()));
        };
        let serving = endpoint.state.borrow().fleet.clone();
        if serving.is_some_and(|fleet| fleet.etags().eq(etags.iter().map(String::as_str))) {
            return Ok(());
        }
        endpoint.state.send_modify(begin);
        let models = self.fetch(endpoint, &etags).await;
        let models = models.map_err(|reason| self.failed(endpoint, reason))?;
        self.bring_up(endpoint, models).await
    }

    /// Starts what was in service when the last process ended, whatever is in S3 now. `false`: nothing was.
    pub(super) async fn resume(&self, endpoint: &Endpoint) -> Result<bool, DeployError> {
        let _one_at_a_time = endpoint.deploying.lock().await;
        let models = Record::read(&endpoint.folder).models;
        let urls = endpoint.template.variants.iter().map(|v| &v.model_data_url);
        let complete = |model: &Model| endpoint.folder.join(&model.folder).is_dir();
        if !urls.eq(models.iter().map(|model| &model.url)) || !models.iter().all(complete) {
            return Ok(false);
        }
        self.bring_up(endpoint, models).await.map(|()| true)
    }

    /// The entity tags of the models in S3; `None` where one is missing.
    pub(super) async fn etags(&self, endpoint: &Endpoint) -> Result<Option<Vec<String>>, String> {
        let mut etags = vec![];
        for variant in &endpoint.template.variants {
            let (bucket, key) = location(variant)?;
            let etag = self.objects.etag(bucket, key).await;
            match etag.map_err(|error| error.to_string())? {
                Some(etag) => etags.push(etag),
                None => return Ok(None),
            }
        }
        Ok(Some(etags))
    }

    async fn fetch(&self, endpoint: &Endpoint, etags: &[String]) -> Result<Vec<Model>, String> {
        let mut models = vec![];
        for (variant, etag) in endpoint.template.variants.iter().zip(etags) {
            let model = Model {
                url: variant.model_data_url.clone(),
                etag: etag.clone(),
                folder: folder_of(&variant.model_data_url, etag),
            };
            self.unpack(variant, endpoint.folder.join(&model.folder))
                .await?;
            models.push(model);
        }
        Ok(models)
    }

    async fn unpack(&self, variant: &Variant, target: PathBuf) -> Result<(), String> {
        if target.is_dir() {
            return Ok(());
        }
        let url = &variant.model_data_url;
        let (bucket, key) = location(variant)?;
        let object = self.objects.get(bucket, key).await;
        let object = object.map_err(|error| format!("{url}: {error}"))?;
        let object = object.ok_or_else(|| format!("{url} was removed"))?;
        let unpacked = tokio::task::spawn_blocking(move || artifact::unpack(&object, &target));
        match unpacked.await {
            Ok(result) => result.map_err(|error| format!("{url}: {error}")),
            Err(error) => Err(format!("{url}: {error}")),
        }
    }

    async fn bring_up(&self, endpoint: &Endpoint, models: Vec<Model>) -> Result<(), DeployError> {
        let mut deployed = vec![];
        for (variant, model) in endpoint.template.variants.iter().zip(&models) {
            let server = Server::start(self.plan(endpoint, variant, model)?).await;
            deployed.push(Deployed {
                name: variant.name.clone(),
                weight: variant.weight,
                etag: model.etag.clone(),
                server: server.map_err(|reason| self.failed(endpoint, reason))?,
            });
        }
        let record = Record {
            created: endpoint.state.borrow().created,
            modified: Timestamp::now(),
            models,
        };
        if let Err(error) = record.write(&endpoint.folder) {
            let folder = endpoint.folder.display();
            return Err(self.failed(endpoint, format!("{folder}: {error}")));
        }
        let fleet = Arc::new(Fleet::new(deployed));
        let in_service = endpoint.state.send_if_modified(|state| {
            // A shutdown that came in between wants nothing new: what is dropped here ends.
            if self.is_closed() {
                return false;
            }
            state.status = Status::InService;
            state.fleet = Some(fleet);
            state.failure = None;
            state.starting = false;
            state.modified = record.modified;
            true
        });
        if !in_service {
            return Err(DeployError::ShuttingDown);
        }
        tracing::info!(endpoint = endpoint.template.name, "in service");
        remove_others(&endpoint.folder, &record.models);
        Ok(())
    }

    fn plan(
        &self,
        endpoint: &Endpoint,
        variant: &Variant,
        model: &Model,
    ) -> Result<Plan, DeployError> {
        Ok(Plan {
            config: Arc::clone(&self.config),
            client: self.client.clone(),
            variant: variant.clone(),
            model_dir: endpoint.folder.join(&model.folder),
            log: endpoint
                .folder
                .join("logs")
                .join(format!("{}.log", variant.name)),
            _alive: self.alive().ok_or(DeployError::ShuttingDown)?,
        })
    }

    fn failed(&self, endpoint: &Endpoint, reason: String) -> DeployError {
        tracing::error!(
            endpoint = endpoint.template.name,
            reason,
            "the deployment failed"
        );
        endpoint.state.send_modify(|state| {
            state.starting = false;
            state.modified = Timestamp::now();
            state.failure = Some(reason.clone());
            state.status = match state.fleet {
                Some(_) => Status::InService,
                None => Status::Failed,
            };
        });
        DeployError::Failed {
            endpoint: endpoint.template.name.clone(),
            reason,
        }
    }
}

fn begin(state: &mut State) {
    state.starting = true;
    state.failure = None;
    state.status = match state.fleet {
        Some(_) => Status::Updating,
        None => Status::Creating,
    };
}

fn location(variant: &Variant) -> Result<(&str, &str), String> {
    let url = &variant.model_data_url;
    s3_uri(url).ok_or_else(|| format!("ModelDataUrl {url} is no S3 URI (s3://bucket/key)"))
}

/// Named by the program: URLs and entity tags come from elsewhere.
fn folder_of(url: &str, etag: &str) -> PathBuf {
    let digest = Sha256::digest(format!("{url}\n{etag}"));
    Path::new("models").join(hex::encode(&digest[..16]))
}

/// Old models, and what an interrupted unpacking left. The old servers have read theirs.
fn remove_others(folder: &Path, keep: &[Model]) {
    let Ok(entries) = std::fs::read_dir(folder.join("models")) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if !keep.iter().any(|model| folder.join(&model.folder) == path)
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "an old model could not be removed");
        }
    }
}
