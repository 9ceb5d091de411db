//! Jobs: what training and transform jobs share. A job is a task of its own from its creation to
//! its end.
//!
//! The row of a job says how far it is. When the stack ends in mid-job, cleanly or by `kill -9`,
//! the row stays as it is, and the next start runs the job again: a training job from the
//! checkpoints that it has written, a transform job from its beginning. So nothing stays InProgress
//! for ever.
//!
//! As many jobs run at once as the configuration says; the others wait for their turn.

pub(super) mod inputs;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::error::ApiError;
use crate::kind::Kind;

pub(super) const IN_PROGRESS: &str = "InProgress";
pub(super) const COMPLETED: &str = "Completed";
pub(super) const FAILED: &str = "Failed";
pub(super) const STOPPING: &str = "Stopping";
pub(super) const STOPPED: &str = "Stopped";

/// The jobs of this process.
pub(super) struct Jobs {
    slots: Arc<Semaphore>,
    /// For each job that is not over, the channel that tells it to stop.
    stops: Mutex<HashMap<(Kind, String), watch::Sender<bool>>>,
    /// Changes whenever a job is over.
    ended: watch::Sender<u64>,
    /// True when the stack is about to end.
    closing: watch::Sender<bool>,
}

impl Jobs {
    /// Returns an empty set of jobs, of which `slots` may run at once.
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            stops: Mutex::default(),
            ended: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        }
    }

    /// Adds a job.
    pub(super) fn add(&self, kind: Kind, name: &str) -> Stop {
        let (sender, stop) = watch::channel(false);
        self.stops().insert((kind, name.to_owned()), sender);
        Stop(stop)
    }

    /// Removes a job that is over.
    pub(super) fn remove(&self, kind: Kind, name: &str) {
        self.stops().remove(&(kind, name.to_owned()));
        self.ended.send_modify(|count| *count += 1);
    }

    /// Tells a job to stop, if it runs here.
    pub(super) fn stop(&self, kind: Kind, name: &str) {
        if let Some(stop) = self.stops().get(&(kind, name.to_owned())) {
            stop.send_replace(true);
        }
    }

    /// Waits for a slot to run in.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        slot.map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// Returns a slot if one is free.
    pub(super) fn try_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
    }

    /// Returns a channel that changes whenever a job is over.
    pub(super) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Abandons all jobs as they are.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Resolves when the jobs are abandoned.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + use<> {
        let mut closing = self.closing.subscribe();
        async move {
            // The channel lives as long as the service.
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }

    fn stops(&self) -> MutexGuard<'_, HashMap<(Kind, String), watch::Sender<bool>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signal that a job is to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the job is to stop; never, where nobody can say so any more.
    pub(super) async fn requested(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

pub(super) fn is_over(status: &str) -> bool {
    matches!(status, COMPLETED | FAILED | STOPPED)
}

/// Returns the whole seconds between the two: at least one, as AWS counts.
pub(super) fn whole_seconds(from: Timestamp, to: Timestamp) -> i64 {
    let milliseconds = to.as_millisecond() - from.as_millisecond();
    ((milliseconds + 500) / 1000).max(1)
}
