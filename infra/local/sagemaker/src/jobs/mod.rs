//! Jobs: what training and transform jobs share. A job is a task of its own from its creation to its end.
//!
//! The row of a job says how far it is. When the stack ends in mid-job, cleanly or by `kill -9`, the row stays as it is, and
//! the next start runs the job again: a training job from the checkpoints that it has written, a transform job from its
//! beginning. So nothing stays InProgress for ever.
//!
//! As many jobs run at once as the configuration says; the others wait for their turn.

pub(super) mod inputs;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::error::ApiError;
use super::store::{self, Kind, Resource};
use super::{Inner, training, transform};

pub(super) const IN_PROGRESS: &str = "InProgress";
pub(super) const COMPLETED: &str = "Completed";
pub(super) const FAILED: &str = "Failed";
pub(super) const STOPPING: &str = "Stopping";
pub(super) const STOPPED: &str = "Stopped";

/// The jobs of this process.
pub(super) struct Jobs {
    slots: Arc<Semaphore>,
    /// Of each job that is not over: where it learns that it is to stop.
    stops: Mutex<HashMap<(Kind, String), watch::Sender<bool>>>,
    /// Changes whenever a job is over.
    ended: watch::Sender<u64>,
    /// Whether the stack is about to end.
    closing: watch::Sender<bool>,
}

impl Jobs {
    /// So many jobs may run at once.
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            stops: Mutex::default(),
            ended: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        }
    }

    /// Ends all jobs as they are.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    fn stops(&self) -> MutexGuard<'_, HashMap<(Kind, String), watch::Sender<bool>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a job learns that it is to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the job is to stop; never, where nobody can say so any more.
    pub(super) async fn asked(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}

impl Inner {
    /// Sets a job going whose row is there.
    pub(super) fn begin_job(self: &Arc<Self>, job: &Resource) {
        let Some(alive) = self.alive() else { return };
        let (sender, stop) = watch::channel(false);
        let key = (job.kind, job.name.clone());
        self.jobs.stops().insert(key.clone(), sender);
        let this = Arc::clone(self);
        let mut closing = self.jobs.closing.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // What is dropped here ends with its process, and is taken up by the next start.
                _ = closing.wait_for(|closing| *closing) => {}
                () = this.work(key.0, &key.1, Stop(stop)) => {}
            }
            this.jobs.stops().remove(&key);
            this.jobs.ended.send_modify(|count| *count += 1);
            drop(alive);
        });
    }

    async fn work(self: &Arc<Self>, kind: Kind, name: &str, stop: Stop) {
        let work = async {
            // Who stopped it in an earlier process, or before there was a channel to say so, wrote that down.
            let stopping = self.resource(kind, name).await?.status == STOPPING;
            if let Some(sender) = self
                .jobs
                .stops()
                .get(&(kind, name.to_owned()))
                .filter(|_| stopping)
            {
                sender.send_replace(true);
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

    /// Waits for a job's turn.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let slot = Arc::clone(&self.jobs.slots).acquire_owned().await;
        slot.map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// A turn, if there is one at once.
    pub(super) fn try_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.jobs.slots).try_acquire_owned().ok()
    }

    /// Changes what is kept of a job's progress, and its status where that changes too.
    pub(super) async fn note_job<P: Serialize + DeserializeOwned>(
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
                Kind::TrainingJob => training::note_stopping(job),
                _ => Ok(()),
            }
        };
        let changed = self.store.change(kind, name, change).await?;
        changed.ok_or_else(|| self.missing(kind, name))?;
        if let Some(stop) = self.jobs.stops().get(&(kind, name.to_owned())) {
            stop.send_replace(true);
        }
        Ok(())
    }

    /// Waits until a job is over.
    pub(super) async fn job_ended(&self, kind: Kind, name: &str) -> Result<Resource, ApiError> {
        let mut ended = self.jobs.ended.subscribe();
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

fn is_over(status: &str) -> bool {
    matches!(status, COMPLETED | FAILED | STOPPED)
}

/// How many whole seconds lie between the two: at least one, as AWS counts.
pub(super) fn whole_seconds(from: Timestamp, to: Timestamp) -> i64 {
    let milliseconds = to.as_millisecond() - from.as_millisecond();
    ((milliseconds + 500) / 1000).max(1)
}
