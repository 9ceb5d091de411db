//! The engine's thread: takes commands in batches, and commits each batch before its results are
//! visible.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use asl::{EventKind, TaskId, TaskRequest, Timestamp};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::compiled::Cache;
use super::live::{ExecutionEnd, Live};
use super::map_runs::MapRuns;
use super::timers::Timers;
use super::waiting::Waiting;
use super::{Command, EngineServices, Fault, Release, release};
use crate::error::ApiError;
use crate::integrations::Integrations;
use crate::store::pending;
use service::Identity;

/// More commands than this in one transaction do not make it cheaper.
const BATCH: usize = 1024;

/// The wait before a retry when the disk fails.
const PAUSE: Duration = Duration::from_secs(1);

/// The state of the engine's thread.
pub(super) struct Engine {
    pub(super) db: Connection,
    pub(super) identity: Identity,
    pub(super) integrations: Arc<Integrations>,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) commands: Sender<Command>,
    pub(super) compiled: Cache,
    pub(super) live: HashMap<i64, Live>,
    /// The receivers that wait for the end of an execution, by execution.
    pub(super) watchers: HashMap<i64, Vec<oneshot::Sender<ExecutionEnd>>>,
    pub(super) timers: Timers,
    pub(super) map_runs: MapRuns,
    pub(super) waiting: Waiting,
    /// Executions of EXPRESS state machines have no row; their ids count down from -1.
    pub(super) last_express: i64,
    /// The number of the last step that was done on another thread.
    pub(super) last_job: u64,
    pub(super) clock: Clock,
    pub(super) batch: Batch,
}

/// The effects that wait for the commit.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) touched: BTreeSet<i64>,
    /// The executions whose next step may begin.
    pub(super) due: BTreeSet<i64>,
    pub(super) launches: Vec<(i64, TaskId, TaskRequest)>,
    /// The jobs of tasks that were given up.
    pub(super) stops: Vec<TaskRequest>,
    /// The map runs that need items read or results written.
    pub(super) map_jobs: Vec<i64>,
    pub(super) releases: Vec<Release>,
}

/// The time of day, which never goes back while the process runs.
#[derive(Default)]
pub(super) struct Clock(Timestamp);

impl Clock {
    pub(super) fn now(&mut self) -> Timestamp {
        let now = Timestamp(jiff::Timestamp::now().as_millisecond());
        self.0 = self.0.max(now);
        self.0
    }
}

/// The next action of the thread.
enum Next {
    Continue,
    End(Option<oneshot::Sender<()>>),
}

impl Engine {
    pub(super) fn new(
        db: Connection,
        identity: Identity,
        runs: EngineServices,
        commands: Sender<Command>,
    ) -> Self {
        Engine {
            db,
            identity,
            integrations: runs.integrations,
            runtime: tokio::runtime::Handle::current(),
            commands,
            compiled: Cache::new(runs.evaluator),
            live: HashMap::new(),
            watchers: HashMap::new(),
            timers: Timers::default(),
            map_runs: MapRuns::new(runs.jobs),
            waiting: Waiting::default(),
            last_express: 0,
            last_job: 0,
            clock: Clock::default(),
            batch: Batch::default(),
        }
    }

    /// Processes commands until shutdown.
    pub(super) fn run(mut self, inbox: &Receiver<Command>) {
        let reply = loop {
            let next = match self.run_batch(inbox) {
                Ok(next) => next,
                Err(error) => self.recover(inbox, error),
            };
            if let Next::End(reply) = next {
                break reply;
            }
        };
        self.forget();
        if let Err(error) = pending::ending(&self.db) {
            tracing::warn!(%error, "states.db does not know that the stack ended as it should");
        }
        drop(self);
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }

    /// Runs one batch: waits, takes, commits, releases.
    fn run_batch(&mut self, inbox: &Receiver<Command>) -> Result<Next, ApiError> {
        let first = self.wait(inbox);
        if let Err(error) = self.db.execute_batch("BEGIN IMMEDIATE") {
            let error = ApiError::from(error);
            return first
                .and_then(|first| self.refuse(first, &error))
                .ok_or(error);
        }
        let worked = self.work(inbox, first);
        let next = worked.and_then(|next| {
            self.save()?;
            self.db.execute_batch("COMMIT")?;
            Ok(next)
        });
        match next {
            Ok(next) => {
                self.release();
                Ok(next)
            }
            Err(Fault::Caller(error) | Fault::Batch(error)) => Err(error),
        }
    }

    /// The next command, or `None` when a timer is due.
    fn wait(&mut self, inbox: &Receiver<Command>) -> Option<Command> {
        // The engine holds a sender itself, so the channel is never disconnected.
        let Some(at) = self.timers.next() else {
            return inbox.recv().ok();
        };
        let wait = u64::try_from(at.0 - self.clock.now().0).unwrap_or(0);
        inbox.recv_timeout(Duration::from_millis(wait)).ok()
    }

    fn work(&mut self, inbox: &Receiver<Command>, first: Option<Command>) -> Result<Next, Fault> {
        let mut next = first;
        let mut taken = 0;
        while let Some(command) = next {
            if let Command::ShutDown { reply } = command {
                return Ok(Next::End(reply));
            }
            self.command(command)?;
            taken += 1;
            next = if taken < BATCH {
                inbox.try_recv().ok()
            } else {
                None
            };
        }
        let now = self.clock.now();
        while let Some((execution, timer)) = self.timers.due(now) {
            if let Some(live) = self.live.get_mut(&execution) {
                live.timers.remove(&timer);
            }
            self.apply(execution, EventKind::TimerFired { timer })?;
        }
        self.advance_map_runs()?;
        Ok(Next::Continue)
    }

    fn command(&mut self, command: Command) -> Result<(), Fault> {
        match command {
            Command::Write(change) => {
                let release = change(Ok(&self.db));
                self.batch.releases.push(release);
            }
            Command::Start {
                start,
                watcher,
                reply,
            } => {
                let result = self.start(&start, watcher);
                self.respond(reply, result)?;
            }
            Command::Stop { stop, reply } => {
                let result = self.stop(stop);
                self.respond(reply, result)?;
            }
            Command::Watch { execution, watcher } => {
                // A watcher that finds nothing running is dropped, which tells it so.
                if self.live.contains_key(&execution) {
                    self.watchers.entry(execution).or_default().push(watcher);
                }
            }
            Command::Event { execution, kind } => self.report(execution, kind)?,
            Command::JobFinished { execution, done } => self.finish_job(execution, *done)?,
            Command::MapRun { map_run, report } => self.map_run_report(map_run, report)?,
            Command::Poll {
                activity_arn,
                worker,
            } => self.poll(&activity_arn, worker)?,
            Command::ReportTask {
                token,
                task_report,
                reply,
            } => {
                let result = self.report_task(&token, task_report);
                self.respond(reply, result)?;
            }
            Command::Redrive { redrive, reply } => {
                let result = self.redrive(redrive);
                self.respond(reply, result)?;
            }
            Command::Resume { reply } => {
                let counted = pending::crashed(&self.db).map_err(Fault::from);
                let result = counted.and_then(|()| self.resume());
                self.respond(reply, result)?;
            }
            Command::ShutDown { .. } => {}
        }
        Ok(())
    }

    fn respond<T: Send + 'static>(
        &mut self,
        reply: super::Reply<T>,
        result: Result<T, Fault>,
    ) -> Result<(), Fault> {
        let (result, lost) = match result {
            Ok(result) => (Ok(result), Ok(())),
            Err(Fault::Caller(error)) => (Err(error), Ok(())),
            Err(Fault::Batch(error)) => (Err(error.clone()), Err(Fault::Batch(error))),
        };
        self.batch.releases.push(release(reply, result));
        lost
    }

    fn save(&mut self) -> Result<(), Fault> {
        for id in &self.batch.touched {
            if let Some(live) = self.live.get_mut(id) {
                live.save(&self.db)?;
            }
        }
        Ok(())
    }

    /// Applies the effects of a committed batch: removes ended executions, replies, and starts
    /// tasks.
    fn release(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        for release in batch.releases {
            release(Ok(()));
        }
        for id in batch.touched {
            if let Some(ended) = self.live.get(&id).and_then(Live::ended) {
                self.remove_ended(id, &ended);
            }
        }
        for (execution, task, request) in batch.launches {
            self.launch(execution, task, request);
        }
        for id in batch.due {
            self.begin_job(id);
        }
        for request in batch.stops {
            let integrations = Arc::clone(&self.integrations);
            self.runtime
                .spawn(async move { integrations.stop(&request).await });
        }
        for map_run in batch.map_jobs {
            self.launch_map_job(map_run);
        }
    }

    /// Recovers from a disk failure: the batch did not happen, its callers get the error, and
    /// memory is restored from disk.
    fn recover(&mut self, inbox: &Receiver<Command>, mut error: ApiError) -> Next {
        loop {
            tracing::error!(%error, "states.db can't be written; running executions wait for it");
            // Fails where no transaction is open, which is what it is for.
            let _ = self.db.execute_batch("ROLLBACK");
            for release in std::mem::take(&mut self.batch).releases {
                release(Err(error.clone()));
            }
            self.forget();
            if let Some(next) = self.reply_with_error(inbox, &error) {
                return next;
            }
            match self.resume() {
                Ok(_) => {
                    self.release();
                    self.watchers.retain(|id, _| self.live.contains_key(id));
                    return Next::Continue;
                }
                Err(Fault::Caller(again) | Fault::Batch(again)) => error = again,
            }
        }
    }

    /// Empties the memory. Running tasks are abandoned. Who waits for an execution goes on waiting,
    /// except for those of EXPRESS state machines, which are nowhere else.
    fn forget(&mut self) {
        self.watchers.retain(|id, _| *id > 0);
        self.timers.clear();
        self.map_runs.clear();
        self.waiting.clear();
        self.batch = Batch::default();
        for (_, live) in self.live.drain() {
            for task in live.tasks.into_values() {
                task.abort();
            }
        }
    }

    /// Responds to commands with the disk error for a while.
    fn reply_with_error(&mut self, inbox: &Receiver<Command>, error: &ApiError) -> Option<Next> {
        let end = Instant::now() + PAUSE;
        loop {
            let remaining = end.saturating_duration_since(Instant::now());
            let command = inbox.recv_timeout(remaining).ok()?;
            if let Some(next) = self.refuse(command, error) {
                return Some(next);
            }
        }
    }

    /// Tells one caller that the disk fails. A task's result is lost: the task will be run again.
    fn refuse(&mut self, command: Command, error: &ApiError) -> Option<Next> {
        match command {
            Command::ShutDown { reply } => return Some(Next::End(reply)),
            Command::Start { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Stop { reply, .. } | Command::Redrive { reply, .. } => {
                drop(reply.send(Err(error.clone())));
            }
            Command::Poll { worker, .. } => drop(worker.reply.send(Err(error.clone()))),
            Command::ReportTask { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Resume { reply } => drop(reply.send(Err(error.clone()))),
            Command::Write(change) => change(Err(error.clone()))(Ok(())),
            Command::Watch { execution, watcher } => {
                self.watchers.entry(execution).or_default().push(watcher);
            }
            Command::Event { .. } | Command::JobFinished { .. } | Command::MapRun { .. } => {}
        }
        None
    }
}
