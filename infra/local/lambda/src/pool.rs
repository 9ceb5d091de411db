//! The environments of all functions: concurrency permits, warm environments, and eviction.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::config::{Deployment, Limits};
use super::environment::{self, EnvironmentSpec, Handle, Job, Reply, Request};
use super::errors;
use service::Identity;
use service::logs::Log;
use service::process::Watchdog;
use service::signature::Key;
use service::{Invocation, InvokeError};

/// A function, and what all its environments share.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) deployment: Deployment,
    pub(super) identity: Identity,
    pub(super) endpoint_url: String,
    pub(super) key: Key,
    pub(super) limits: Limits,
    pub(super) log: Arc<Log>,
    pub(super) watchdog: Arc<Watchdog>,
    /// A permit for each invocation that may run.
    pub(super) concurrency: Arc<Semaphore>,
}

/// The right to run one invocation, of the function and of the whole.
#[derive(Debug)]
pub(super) struct Lease {
    _function: OwnedSemaphorePermit,
    _overall: OwnedSemaphorePermit,
}

/// The environments.
#[derive(Debug)]
pub(super) struct Pool {
    this: Weak<Pool>,
    overall: Arc<Semaphore>,
    capacity: usize,
    state: Mutex<State>,
    closing: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// Warm environments, the one that worked last at the end.
    idle: Vec<(Arc<Slot>, Handle)>,
    /// The environments that exist and have not been told to end.
    alive: HashSet<u64>,
    /// The number of the next one.
    next: u64,
}

impl Pool {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        let capacity = limits.overall.max(1);
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            overall: Arc::new(Semaphore::new(capacity)),
            capacity,
            state: Mutex::default(),
            closing: watch::Sender::new(false),
        })
    }

    /// Runs `request` in a warm environment, or a new one; waits while too many are running.
    ///
    /// If the caller goes away while the function runs, the function continues, as on AWS.
    ///
    /// # Errors
    /// `TooManyRequestsException` after [`Limits::queue_wait`]; `ServiceException` when the pool
    /// closes.
    pub(super) async fn invoke(
        &self,
        slot: &Arc<Slot>,
        request: Request,
    ) -> Result<Invocation, InvokeError> {
        let turn = tokio::time::timeout(slot.limits.queue_wait, self.lease(slot));
        let mut lease = turn.await.map_err(|_| errors::throttled())??;
        loop {
            let (reply, receiver) = oneshot::channel();
            self.dispatch(slot, request.clone(), lease, reply);
            match receiver.await {
                Ok(Reply::Done(invocation)) => return Ok(invocation),
                Ok(Reply::Undelivered(unused)) => lease = unused,
                Err(_) => return Err(errors::stopping()),
            }
        }
    }

    /// Acquires both permits, the function's first: a waiting caller then holds nothing that others
    /// need.
    async fn lease(&self, slot: &Slot) -> Result<Lease, InvokeError> {
        let function = slot.concurrency.clone().acquire_owned().await;
        let overall = self.overall.clone().acquire_owned().await;
        match (function, overall) {
            (Ok(function), Ok(overall)) => Ok(Lease {
                _function: function,
                _overall: overall,
            }),
            _ => Err(errors::stopping()),
        }
    }

    fn dispatch(
        &self,
        slot: &Arc<Slot>,
        request: Request,
        lease: Lease,
        reply: oneshot::Sender<Reply>,
    ) {
        let warm = self.take_warm(slot);
        let (handle, jobs) = match warm {
            Some(handle) => (handle, None),
            None => {
                let (jobs, receiver) = mpsc::channel(1);
                let id = self.make_room();
                (Handle { id, jobs }, Some(receiver))
            }
        };
        let job = Job {
            request,
            reply,
            lease,
            handle: handle.clone(),
        };
        if let Some(jobs) = jobs {
            self.start(slot, jobs, job);
        } else if let Err(refused) = handle.jobs.try_send(job) {
            // It ended this very moment; the lease goes back for another try.
            refused.into_inner().give_back();
        }
    }

    fn start(&self, slot: &Arc<Slot>, jobs: mpsc::Receiver<Job>, job: Job) {
        let closing = self.closing.subscribe();
        if *closing.borrow() {
            return; // Dropping the job tells its caller.
        }
        let plan = EnvironmentSpec {
            slot: slot.clone(),
            pool: self.this.clone(),
            closing,
        };
        let (pool, id) = (self.this.clone(), job.handle.id);
        tokio::spawn(async move {
            environment::run(plan, jobs, job).await;
            if let Some(pool) = pool.upgrade() {
                pool.state().alive.remove(&id);
            }
        });
    }

    /// Returns the number of a new environment. If the limit is exceeded, ends the one that has
    /// been idle longest. One is always idle: the caller holds a lease, so not all others can be
    /// running.
    fn make_room(&self) -> u64 {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.alive.insert(id);
        state.idle.retain(|(_, handle)| !handle.jobs.is_closed());
        if state.alive.len() > self.capacity && !state.idle.is_empty() {
            let (_, oldest) = state.idle.remove(0);
            state.alive.remove(&oldest.id);
        }
        id
    }

    fn take_warm(&self, slot: &Arc<Slot>) -> Option<Handle> {
        let mut state = self.state();
        let idle = &mut state.idle;
        let warm = |(owner, handle): &(Arc<Slot>, Handle)| {
            Arc::ptr_eq(owner, slot) && !handle.jobs.is_closed()
        };
        let at = idle.iter().rposition(warm)?;
        Some(idle.remove(at).1)
    }

    /// Takes an environment back that has done its work.
    pub(super) fn put_back(&self, slot: &Arc<Slot>, handle: Handle) {
        if !*self.closing.borrow() {
            self.state().idle.push((slot.clone(), handle));
        }
    }

    /// Ends all environments, and waits until they have ended. What ran or waited fails with
    /// `ServiceException`.
    pub(super) async fn close(&self) {
        self.overall.close();
        self.closing.send_replace(true);
        self.state().idle.clear();
        // Every environment holds a receiver until its process is gone.
        self.closing.closed().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
