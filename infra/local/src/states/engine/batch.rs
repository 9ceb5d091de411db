//! The engine's thread: takes commands in batches, and commits each batch before anyone hears of it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use asl::{Effect, Event, EventKind, Execution, Resource, TaskId, TaskRequest, Timestamp};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::compiled::{Cache, Compiled};
use super::live::{Ended, Live};
use super::timers::Timers;
use super::{Command, Fault, Release, Start, Started, Stop, release};
use crate::aws::Identity;
use crate::states::arn;
use crate::states::error::ApiError;
use crate::states::integrations::Integrations;
use crate::states::store::{executions, live, machines};

/// More commands than this in one transaction do not make it cheaper.
const BATCH: usize = 1024;

/// How long to wait before another try when the disk fails.
const PAUSE: Duration = Duration::from_secs(1);

/// What the thread owns.
pub(super) struct Engine {
    db: Connection,
    identity: Identity,
    integrations: Arc<Integrations>,
    runtime: tokio::runtime::Handle,
    commands: Sender<Command>,
    compiled: Cache,
    live: HashMap<i64, Live>,
    timers: Timers,
    /// Executions of EXPRESS state machines have no row; their ids count down from -1.
    last_express: i64,
    clock: Clock,
    batch: Batch,
}

/// What waits for the commit.
#[derive(Default)]
struct Batch {
    touched: BTreeSet<i64>,
    launches: Vec<(i64, TaskId, TaskRequest)>,
    releases: Vec<Release>,
}

/// The time of day, which never goes back while the process runs.
#[derive(Default)]
struct Clock(Timestamp);

impl Clock {
    fn now(&mut self) -> Timestamp {
        let now = Timestamp(jiff::Timestamp::now().as_millisecond());
        self.0 = self.0.max(now);
        self.0
    }
}

/// Whether the thread goes on.
enum Next {
    Continue,
    End(Option<oneshot::Sender<()>>),
}

impl Engine {
    pub(super) fn new(
        db: Connection,
        identity: Identity,
        integrations: Integrations,
        commands: Sender<Command>,
    ) -> Self {
        Engine {
            db,
            identity,
            integrations: Arc::new(integrations),
            runtime: tokio::runtime::Handle::current(),
            commands,
            compiled: Cache::default(),
            live: HashMap::new(),
            timers: Timers::default(),
            last_express: 0,
            clock: Clock::default(),
            batch: Batch::default(),
        }
    }

    /// Works until it is told to end.
    pub(super) fn run(mut self, inbox: &Receiver<Command>) {
        let reply = loop {
            let next = match self.turn(inbox) {
                Ok(next) => next,
                Err(error) => self.mend(inbox, error),
            };
            if let Next::End(reply) = next {
                break reply;
            }
        };
        self.forget();
        drop(self);
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }

    /// One batch: wait, take, commit, release.
    fn turn(&mut self, inbox: &Receiver<Command>) -> Result<Next, ApiError> {
        let first = self.wait(inbox);
        self.db.execute_batch("BEGIN IMMEDIATE")?;
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
        match inbox.recv_timeout(Duration::from_millis(wait)) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
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
        Ok(Next::Continue)
    }

    fn command(&mut self, command: Command) -> Result<(), Fault> {
        match command {
            Command::Write(change) => {
                let release = change(&self.db);
                self.batch.releases.push(release);
            }
            Command::Start {
                start,
                watcher,
                reply,
            } => {
                let answer = self.start(&start, watcher);
                self.answer(reply, answer)?;
            }
            Command::Stop { stop, reply } => {
                let answer = self.stop(stop);
                self.answer(reply, answer)?;
            }
            Command::Watch { execution, watcher } => {
                // A watcher that finds nothing running is dropped, which tells it so.
                if let Some(live) = self.live.get_mut(&execution) {
                    live.watchers.push(watcher);
                }
            }
            Command::Event { execution, kind } => self.report(execution, kind)?,
            Command::Resume { reply } => {
                let answer = self.resume();
                self.answer(reply, answer)?;
            }
            Command::ShutDown { .. } => {}
        }
        Ok(())
    }

    fn answer<T: Send + 'static>(
        &mut self,
        reply: super::Reply<T>,
        answer: Result<T, Fault>,
    ) -> Result<(), Fault> {
        let (answer, lost) = match answer {
            Ok(answer) => (Ok(answer), Ok(())),
            Err(Fault::Caller(error)) => (Err(error), Ok(())),
            Err(Fault::Batch(error)) => (Err(error.clone()), Err(Fault::Batch(error))),
        };
        self.batch.releases.push(release(reply, answer));
        lost
    }

    fn start(
        &mut self,
        start: &Start,
        watcher: Option<oneshot::Sender<Ended>>,
    ) -> Result<Started, Fault> {
        let unknown = || ApiError::StateMachineDoesNotExist(start.machine_arn.clone());
        let machine = machines::by_name(&self.db, &start.machine)?.ok_or_else(unknown)?;
        if machine.deleting {
            return Err(ApiError::StateMachineDeleting(start.machine_arn.clone()).into());
        }
        let compiled = self.compiled.of(&machine)?;
        let at = self.clock.now();
        if machine.express {
            self.last_express -= 1;
            let arn = arn::express(&self.identity, &machine.name, &start.name);
            return self.begin(self.last_express, start, &arn, at, (compiled, watcher));
        }
        if start.sync {
            let text = "This operation is not supported by this type of state machine";
            return Err(ApiError::StateMachineTypeNotSupported(text).into());
        }
        let arn = arn::execution(&self.identity, &machine.name, &start.name);
        let new = executions::New {
            machine: machine.id,
            revision: machine.revision.id,
            name: &start.name,
            started: at.0,
            input: &start.input.0,
            trace_header: start.trace_header.as_deref(),
        };
        match executions::insert(&self.db, &new)? {
            Some(id) => self.begin(id, start, &arn, at, (compiled, watcher)),
            None => self.same(start, arn),
        }
    }

    /// The name is taken: by the same request, sent twice, or by another.
    fn same(&self, start: &Start, arn: String) -> Result<Started, Fault> {
        let taken = executions::find(&self.db, &start.machine, &start.name)?;
        match taken {
            Some(there) if there.status == "RUNNING" && there.input == start.input.0 => {
                Ok(Started {
                    arn,
                    at: there.started,
                })
            }
            _ => Err(ApiError::ExecutionAlreadyExists(arn).into()),
        }
    }

    fn begin(
        &mut self,
        id: i64,
        start: &Start,
        arn: &str,
        at: Timestamp,
        (compiled, watcher): (Arc<Compiled>, Option<oneshot::Sender<Ended>>),
    ) -> Result<Started, Fault> {
        let identity = asl::Identity {
            execution_arn: arn.to_owned(),
            execution_name: start.name.clone(),
            role_arn: compiled.role_arn.clone(),
            state_machine_arn: arn::machine(&self.identity, &compiled.name),
            state_machine_name: compiled.name.clone(),
            region: self.identity.region.clone(),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
        };
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let input = start.input.1.clone();
        let (execution, effects) = Execution::start(&compiled.machine, identity, input, at, seed);
        let mut live = Live::new(id, id > 0, compiled, execution);
        live.watchers.extend(watcher);
        self.live.insert(id, live);
        self.batch.touched.insert(id);
        self.perform(id, effects, at)?;
        Ok(Started {
            arn: arn.to_owned(),
            at: at.0,
        })
    }

    fn stop(&mut self, stop: Stop) -> Result<i64, Fault> {
        let found = executions::find(&self.db, &stop.machine, &stop.name)?;
        let there = found.ok_or(ApiError::ExecutionDoesNotExist(stop.arn))?;
        self.apply(
            there.id,
            EventKind::Stop {
                error: stop.error,
                cause: stop.cause,
            },
        )?;
        let now = self.live.get(&there.id).and_then(Live::ended);
        Ok(now
            .map(|ended| ended.at.0)
            .or(there.stopped)
            .unwrap_or_else(|| self.clock.now().0))
    }

    /// Takes in what a task says.
    fn report(&mut self, execution: i64, kind: EventKind) -> Result<(), Fault> {
        if let (Some(live), Some(task)) = (self.live.get_mut(&execution), task_of(&kind)) {
            live.tasks.remove(&task);
        }
        self.apply(execution, kind)
    }

    /// Steps an execution. One that does not run any more has nothing to say to it.
    fn apply(&mut self, execution: i64, kind: EventKind) -> Result<(), Fault> {
        let at = self.clock.now();
        let Some(live) = self.live.get_mut(&execution) else {
            return Ok(());
        };
        let effects = live.step(Event { at, kind })?;
        self.batch.touched.insert(execution);
        self.perform(execution, effects, at)
    }

    fn perform(&mut self, id: i64, effects: Vec<Effect>, at: Timestamp) -> Result<(), Fault> {
        let mut effects = VecDeque::from(effects);
        while let (Some(effect), Some(live)) = (effects.pop_front(), self.live.get_mut(&id)) {
            match effect {
                Effect::Record(event) => live.record(event),
                Effect::End(_) => live.end(at),
                Effect::SetTimer { timer, at } => {
                    live.timers.insert(timer, at);
                    self.timers.set(at, id, timer);
                }
                Effect::CancelTimer { timer } => {
                    if let Some(at) = live.timers.remove(&timer) {
                        self.timers.cancel(at, id, timer);
                    }
                }
                Effect::CancelTask { task } => {
                    self.batch
                        .launches
                        .retain(|launch| (launch.0, launch.1) != (id, task));
                    if let Some(running) = live.tasks.remove(&task) {
                        running.abort();
                    }
                }
                Effect::StartTask { task, request } => {
                    // It starts right after the commit, which then needs no second commit to say so.
                    if !matches!(request.resource, Resource::Activity { .. }) {
                        let kind = EventKind::TaskStarted { task, worker: None };
                        effects.extend(live.step(Event { at, kind })?);
                    }
                    self.batch.launches.push((id, task, request));
                }
            }
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), Fault> {
        for id in &self.batch.touched {
            if let Some(live) = self.live.get_mut(id) {
                live.save(&self.db)?;
            }
        }
        Ok(())
    }

    /// After the commit: lets go of what has ended, answers, and starts tasks.
    fn release(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        for release in batch.releases {
            release(Ok(()));
        }
        for id in batch.touched {
            if let Some(ended) = self.live.get(&id).and_then(Live::ended) {
                self.let_go(id, &ended);
            }
        }
        for (execution, task, request) in batch.launches {
            self.launch(execution, task, request);
        }
    }

    fn let_go(&mut self, id: i64, ended: &Ended) {
        let Some(live) = self.live.remove(&id) else {
            return;
        };
        for (timer, at) in live.timers {
            self.timers.cancel(at, id, timer);
        }
        for task in live.tasks.into_values() {
            task.abort();
        }
        for watcher in live.watchers {
            let _ = watcher.send(ended.clone());
        }
    }

    fn launch(&mut self, execution: i64, task: TaskId, request: TaskRequest) {
        let Some(live) = self.live.get_mut(&execution) else {
            return;
        };
        let integrations = Arc::clone(&self.integrations);
        let commands = self.commands.clone();
        let running = self.runtime.spawn(async move {
            let kind = integrations.perform(task, request).await;
            // The engine may have shut down.
            let _ = commands.send(Command::Event { execution, kind });
        });
        live.tasks.insert(task, running.abort_handle());
    }

    /// Takes up what is on disk and not in memory.
    fn resume(&mut self) -> Result<usize, Fault> {
        let mut resumed = 0;
        for id in live::ids(&self.db)? {
            if !self.live.contains_key(&id) && self.restore(id)? {
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    fn restore(&mut self, id: i64) -> Result<bool, Fault> {
        let left = live::read(&self.db, id)?;
        let compiled = match self.compiled.of_revision(&self.db, left.revision) {
            Err(Fault::Caller(error)) => return Ok(unreadable(id, &error)),
            other => other?,
        };
        let live = match Live::restore(&left, compiled) {
            Err(error) => return Ok(unreadable(id, &error)),
            Ok(live) => live,
        };
        let outstanding = live.outstanding();
        self.live.insert(id, live);
        for effect in outstanding {
            match effect {
                Effect::StartTask { task, request } => {
                    self.batch.launches.push((id, task, request))
                }
                timer => self.perform(id, vec![timer], self.clock.0)?,
            }
        }
        Ok(true)
    }

    /// The disk failed. Nothing of the batch happened: its callers are told, and memory is made what the disk says.
    fn mend(&mut self, inbox: &Receiver<Command>, mut error: ApiError) -> Next {
        loop {
            tracing::error!(%error, "states.db can't be written; running executions wait for it");
            // Fails where no transaction is open, which is what it is for.
            let _ = self.db.execute_batch("ROLLBACK");
            for release in std::mem::take(&mut self.batch).releases {
                release(Err(error.clone()));
            }
            self.forget();
            if let Some(next) = refuse(inbox, &error) {
                return next;
            }
            match self.resume() {
                Ok(_) => {
                    self.release();
                    return Next::Continue;
                }
                Err(Fault::Caller(again) | Fault::Batch(again)) => error = again,
            }
        }
    }

    /// Empties the memory. Running tasks are abandoned.
    fn forget(&mut self) {
        self.timers.clear();
        self.batch = Batch::default();
        for (_, live) in self.live.drain() {
            for task in live.tasks.into_values() {
                task.abort();
            }
        }
    }
}

/// For a while, tells whoever asks that the disk fails. Results of tasks are lost: those tasks will be run again.
fn refuse(inbox: &Receiver<Command>, error: &ApiError) -> Option<Next> {
    let end = std::time::Instant::now() + PAUSE;
    loop {
        let left = end.saturating_duration_since(std::time::Instant::now());
        match inbox.recv_timeout(left).ok()? {
            Command::ShutDown { reply } => return Some(Next::End(reply)),
            Command::Start { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Stop { reply, .. } => drop(reply.send(Err(error.clone()))),
            Command::Resume { reply } => drop(reply.send(Err(error.clone()))),
            Command::Write(_) | Command::Watch { .. } | Command::Event { .. } => {}
        }
    }
}

/// Leaves an execution on disk as it is, for a program that can read it.
fn unreadable(execution: i64, error: &dyn std::error::Error) -> bool {
    tracing::error!(execution, %error, "a running execution can't be restored; it stays on disk as it is");
    false
}

fn task_of(kind: &EventKind) -> Option<TaskId> {
    match kind {
        EventKind::TaskSubmitted { task, .. }
        | EventKind::TaskSucceeded { task, .. }
        | EventKind::TaskFailed { task, .. } => Some(*task),
        _ => None,
    }
}
