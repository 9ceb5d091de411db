//! Runs jobs: takes them up, stops them, waits for their end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;

use crate::context::Inner;
use crate::error::ApiError;
use crate::jobs::{IN_PROGRESS, STOPPING, Stop, is_over};
use crate::kind::Kind;
use crate::store::{self, Resource};
use crate::{training, transform};

impl Inner {
    /// Starts a job whose row is there.
    pub(super) fn begin_job(self: &Arc<Self>, job: &Resource) {
        let Some(alive) = self.alive() else { return };
        let (kind, name) = (job.kind, job.name.clone());
        let stop = self.jobs.add(kind, &name);
        let closed = self.jobs.closed();
        let this = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // What is dropped here ends with its process, and is taken up by the next start.
                () = closed => {}
                () = this.work(kind, &name, stop) => {}
            }
            this.jobs.remove(kind, &name);
            drop(alive);
        });
    }

    async fn work(self: &Arc<Self>, kind: Kind, name: &str, stop: Stop) {
        let work = async {
            // Who stopped it in an earlier process, or before there was a channel to say so, wrote
            // that down.
            let stopping = self.resource(kind, name).await?.status == STOPPING;
            if stopping {
                self.jobs.stop(kind, name);
            }
            match kind {
                Kind::TrainingJob => training::run(self, name, stop).await,
                _ => transform::run(self, name, stop).await,
            }
        };
        let done = AssertUnwindSafe(work).catch_unwind().await;
        let fault = match done {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the local stack failed while it ran this job; its log says more".to_owned(),
        };
        tracing::error!(fault, name, "a job could not be run");
        let reason = format!("InternalServerError: {fault}");
        let failed = match kind {
            Kind::TrainingJob => training::fail(self, name, reason).await,
            _ => transform::fail(self, name, reason).await,
        };
        if let Err(error) = failed {
            tracing::error!(%error, name, "a job's failure could not be written");
        }
    }

    /// Takes up the jobs that an earlier process left.
    pub(super) fn resume_jobs(self: &Arc<Self>) -> Result<(), ApiError> {
        for kind in [Kind::TrainingJob, Kind::TransformJob] {
            let unfinished = self.store.now(|db| {
                let mut rows = store::with_status(db, kind, IN_PROGRESS)?;
                rows.extend(store::with_status(db, kind, STOPPING)?);
                Ok(rows)
            })?;
            for job in unfinished {
                tracing::info!(name = job.name, "a job of an earlier stack runs again");
                self.begin_job(&job);
            }
        }
        Ok(())
    }

    /// Asks a job to stop. What it says of itself when it does is the kind's own.
    pub(super) async fn stop_job(&self, kind: Kind, name: &str) -> Result<(), ApiError> {
        let change = move |job: &mut Resource| {
            let what = match kind {
                Kind::TrainingJob => "training",
                _ => "transform",
            };
            if job.status != IN_PROGRESS {
                return Err(ApiError::Validation(format!(
                    "The request was rejected because the {what} job is in status {}.",
                    job.status
                )));
            }
            job.status = STOPPING.to_owned();
            match kind {
                Kind::TrainingJob => training::mark_stopping(job),
                _ => Ok(()),
            }
        };
        let changed = self.store.change(kind, name, change).await?;
        changed.ok_or_else(|| self.missing(kind, name))?;
        self.jobs.stop(kind, name);
        Ok(())
    }

    /// Waits until a job is over.
    pub(super) async fn job_ended(&self, kind: Kind, name: &str) -> Result<Resource, ApiError> {
        let mut ended = self.jobs.ended();
        loop {
            let job = self.resource(kind, name).await?;
            if is_over(&job.status) {
                return Ok(job);
            }
            // It ends with the service, when nothing is over any more.
            if ended.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
