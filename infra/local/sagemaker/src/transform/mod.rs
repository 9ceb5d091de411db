//! Transform jobs: a model's answers to all objects of a place in S3, each in an object of its own.
//!
//! The model's server runs for as long as the job. An object whose request fails for good fails the
//! job, and has no output; the other objects have theirs. A job that the stack's end interrupted begins anew: it
//! writes the same answers to the same keys.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html>

mod path;
mod processing;
mod records;
mod requests;
mod spec;

use std::path::PathBuf;
use std::sync::Arc;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;

use self::records::Batching;
use self::requests::Requests;
pub(super) use self::spec::Spec;
use crate::artifact;
use crate::container::ModelContainers;
use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::{COMPLETED, FAILED, STOPPED, Stop};
use crate::kind::Kind;
use crate::pipeline::ContainerServer;
use crate::server::ServerSpec;

/// Progress of a job: the `state` of its row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// FailureReason.
    pub(super) failure: Option<String>,
    /// TransformStartTime.
    pub(super) started: Option<Timestamp>,
    /// TransformEndTime.
    pub(super) ended: Option<Timestamp>,
}

/// Runs a job to its end.
pub(super) async fn run(inner: &Arc<Inner>, name: &str, mut stop: Stop) -> Result<(), ApiError> {
    let row = inner.resource(Kind::TransformJob, name).await?;
    let spec = Spec::of(&row.request).map_err(ApiError::Internal)?;
    let folder = inner.data_dir.join("transform-jobs").join(name);
    let job = Job {
        inner,
        name,
        spec,
        folder,
    };
    let worked = tokio::select! {
        biased;
        () = stop.requested() => None,
        worked = job.work() => Some(worked),
    };
    // What is left of an earlier model is of no use.
    let _ = std::fs::remove_dir_all(&job.folder);
    match worked {
        None => end(inner, name, STOPPED, None).await,
        Some(Ok(())) => end(inner, name, COMPLETED, None).await,
        Some(Err(reason)) => end(inner, name, FAILED, Some(reason)).await,
    }
}

/// Notes that a job failed for a reason that is not its own.
pub(super) async fn fail(inner: &Inner, name: &str, reason: String) -> Result<(), ApiError> {
    end(inner, name, FAILED, Some(reason)).await
}

async fn end(
    inner: &Inner,
    name: &str,
    status: &'static str,
    failure: Option<String>,
) -> Result<(), ApiError> {
    tracing::info!(job = name, status, failure, "a transform job is over");
    let over = move |progress: &mut Progress| {
        progress.failure = failure;
        progress.ended = Some(Timestamp::now());
    };
    note(inner, name, over, Some(status)).await
}

/// See [`Inner::update_job`].
async fn note(
    inner: &Inner,
    name: &str,
    change: impl FnOnce(&mut Progress) + Send + 'static,
    status: Option<&'static str>,
) -> Result<(), ApiError> {
    inner
        .update_job(Kind::TransformJob, name, change, status)
        .await
}

/// A job at work.
struct Job<'j> {
    inner: &'j Arc<Inner>,
    name: &'j str,
    spec: Spec,
    folder: PathBuf,
}

impl Job<'_> {
    /// The error is a FailureReason.
    async fn work(&self) -> Result<(), String> {
        let _slot = self.inner.jobs.slot().await.map_err(internal)?;
        let started = |progress: &mut Progress| progress.started = Some(Timestamp::now());
        note(self.inner, self.name, started, None)
            .await
            .map_err(internal)?;
        let containers = self.start_containers().await?;
        let batching = self.batching(&containers).await;
        let requests = Requests {
            inner: self.inner,
            spec: &self.spec,
            containers: &containers,
            batching,
            permits: Arc::new(Semaphore::new(batching.max_concurrent)),
            folder: &self.folder,
        };
        let mut inputs = self.spec.source.inputs(Arc::clone(&self.inner.objects));
        let mut found = false;
        let mut failure = Ok(());
        loop {
            let page = inputs
                .next()
                .await
                .map_err(|reason| format!("ClientError: {reason}"))?;
            if page.is_empty() {
                break;
            }
            found = true;
            let transforms: Vec<_> = page.iter().map(|input| requests.transform(input)).collect();
            let mut transforms = stream::iter(transforms).buffered(batching.max_concurrent);
            // "A transform job continues to process input files even if it fails to process one."
            while let Some(transformed) = transforms.next().await {
                failure = failure.and(transformed);
            }
        }
        if !found {
            let region = &self.inner.identity.region;
            let reason = self.spec.source.nothing_found(region, "");
            return Err(format!("ClientError: {reason}"));
        }
        failure
    }

    /// Starts the containers of the model, each with a folder and a log of its own.
    async fn start_containers(&self) -> Result<Vec<ContainerServer>, String> {
        let model = self.inner.resource(Kind::Model, &self.spec.model).await;
        let model = model.map_err(|error| format!("ClientError: {error}"))?;
        let model = ModelContainers::of_resource(&model)?;
        let mut servers = vec![];
        for (index, mut container) in model.containers.into_iter().enumerate() {
            container.environment.extend(self.spec.environment.clone());
            // So containers tell that they serve a batch.
            let batch = ("SAGEMAKER_BATCH".to_owned(), "true".to_owned());
            container.environment.extend([batch]);
            let folder = match index {
                0 => "model".to_owned(),
                index => format!("model-{}", index + 1),
            };
            let model_dir = self.folder.join(folder);
            // One that an interrupted run left may be of an older object.
            let _ = std::fs::remove_dir_all(&model_dir);
            let url = container.archive_url().unwrap_or_default();
            let unpacked = artifact::download(&self.inner.objects, url, model_dir.clone()).await;
            unpacked.map_err(|reason| format!("ClientError: {reason}"))?;
            let spec = ServerSpec {
                config: Arc::clone(&self.inner.config),
                client: self.inner.client.clone(),
                name: format!("transform-job/{}/{}", self.name, container.hostname),
                log: self.folder.join(format!("{}.log", container.hostname)),
                container,
                model_dir,
                _alive: self.inner.alive().ok_or("the stack is shutting down")?,
            };
            let server = self.inner.start_server(spec, &self.folder).await;
            servers.push(server.map_err(|reason| format!("{NO_PING} ({reason})"))?);
        }
        Ok(servers)
    }

    /// Returns the size of requests: the job's, or else what the first container proposes at
    /// `/execution-parameters`, or else AWS's defaults.
    async fn batching(&self, containers: &[ContainerServer]) -> Batching {
        let proposed = match containers.first() {
            Some(container) => container.execution_parameters(&self.inner.client).await,
            None => Value::Null,
        };
        self.spec.batching(&proposed)
    }
}

/// AWS's words for a container that does not come up.
const NO_PING: &str = "AlgorithmError: Model container failed to respond to ping. Please ensure \
                       /ping endpoint is implemented and responds with an HTTP 200 status code";

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn internal(error: ApiError) -> String {
    format!("InternalServerError: {error}")
}
