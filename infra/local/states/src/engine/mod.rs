//! The durable runner: one thread owns every running execution and the writing side of `states.db`.
//!
//! The engine takes API calls, task results and due timers in batches. A batch steps the executions
//! that they concern, writes everything in one transaction, and only then answers callers and
//! starts tasks. So every acknowledged change is on disk, many executions share one sync of the
//! disk, and an execution that waits for nothing begins, runs and finishes in a single commit.
//! Steps that may take long run on separate threads.
//!
//! After a crash, each running execution is restored from its snapshot and journal, and
//! [`asl::Execution::outstanding`] lists the tasks to start again. A task whose result was
//! committed does not run again; one that was running does.

mod batch;
mod compiled;
mod effects;
mod live;
mod map_runs;
mod requests;
mod restore;
mod stepping;
mod target;
mod timers;
mod waiting;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use asl::{Evaluate, EventKind, Payload, TaskId};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::arn::Qualifier;
use super::error::{ApiError, OpenError};
use super::integrations::Integrations;
use super::map_runs::Jobs;
use super::store;
use service::Identity;

use batch::Engine;
pub(super) use live::{ExecutionEnd, parts};
use waiting::Worker;
pub(super) use waiting::{ActivityTask, TaskReport};

/// The engine's thread, from outside. The thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Handle(Arc<Inner>);

struct Inner {
    commands: Sender<Command>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::ShutDown { reply: None });
    }
}

type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// Called after the batch: with the reason, if it could not be committed.
type Release = Box<dyn FnOnce(Result<(), ApiError>) + Send>;

/// A change of the database; gets an error instead of the connection if there will be none.
type Change = Box<dyn FnOnce(Result<&Connection, ApiError>) -> Release + Send>;

/// Something for the engine to do.
enum Command {
    /// Changes state machines or tags.
    Write(Change),
    Start {
        start: Start,
        watcher: Option<oneshot::Sender<ExecutionEnd>>,
        reply: Reply<Started>,
    },
    Stop {
        stop: Stop,
        reply: Reply<i64>,
    },
    /// Notifies at the end of an execution; immediately if it does not run.
    Watch {
        execution: i64,
        watcher: oneshot::Sender<ExecutionEnd>,
    },
    /// An event from a task.
    Event {
        execution: i64,
        kind: EventKind,
    },
    /// The result of a thread that stepped an execution.
    JobFinished {
        execution: i64,
        done: Box<stepping::FinishedJob>,
    },
    /// A report of a job that reads items or writes results for a map run.
    MapRun {
        map_run: i64,
        report: map_runs::Report,
    },
    /// Requests a task of an activity for a worker.
    Poll {
        activity_arn: String,
        worker: Worker,
    },
    /// A report on a task, identified by its token.
    ReportTask {
        token: String,
        task_report: TaskReport,
        reply: Reply<()>,
    },
    Redrive {
        redrive: Redrive,
        reply: Reply<i64>,
    },
    Resume {
        reply: Reply<usize>,
    },
    ShutDown {
        reply: Option<oneshot::Sender<()>>,
    },
}

/// An execution to start.
pub(super) struct Start {
    /// The state machine's name.
    pub(super) machine: String,
    /// The version or alias to run, where the caller named one.
    pub(super) qualifier: Option<Qualifier>,
    /// The ARN as the caller wrote it.
    pub(super) machine_arn: String,
    pub(super) name: String,
    /// The input, with the text that the caller sent.
    pub(super) input: Payload,
    pub(super) trace_header: Option<String>,
    /// `StartSyncExecution` takes only EXPRESS state machines.
    pub(super) sync: bool,
    /// The task that waits for it.
    pub(super) parent: Option<Parent>,
}

/// The task that started an execution and waits for it. If the task is given up, the execution is
/// stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    /// The row of the execution that the task is of.
    pub(super) execution: i64,
    pub(super) task: TaskId,
}

/// An execution that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) arn: String,
    pub(super) at: i64,
}

/// An execution to stop.
pub(super) struct Stop {
    pub(super) arn: String,
    pub(super) machine: String,
    pub(super) name: String,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

/// An execution to take up where it failed.
pub(super) struct Redrive {
    pub(super) arn: String,
    pub(super) machine: String,
    pub(super) name: String,
    /// The client token, which identifies a repeated request.
    pub(super) token: Option<String>,
}

/// The components that do the work of executions.
pub(super) struct EngineServices {
    pub(super) integrations: Arc<Integrations>,
    pub(super) jobs: Jobs,
    /// Evaluates expressions that may take long; none for this process itself.
    pub(super) evaluator: Option<Arc<dyn Evaluate>>,
}

/// The reason that an operation failed.
enum Fault {
    /// An error of one caller, which only that caller sees.
    Caller(ApiError),
    /// The whole batch is lost.
    Batch(ApiError),
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Fault::Caller(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Batch(error.into())
    }
}

impl Handle {
    /// Starts the thread. Nothing is resumed yet. Call it inside a Tokio runtime: tasks run there.
    pub(super) fn open(
        path: &Path,
        identity: Identity,
        runs: EngineServices,
    ) -> Result<Self, OpenError> {
        let db = store::open_writer(path)?;
        let (commands, inbox) = channel();
        let engine = Engine::new(db, identity, runs, commands.clone());
        std::thread::Builder::new()
            .name("states".into())
            .spawn(move || engine.run(&inbox))
            .map_err(OpenError::Thread)?;
        Ok(Handle(Arc::new(Inner { commands })))
    }

    /// Runs `change` inside the next transaction and answers when that is committed. An error
    /// undoes the change.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (reply, receiver) = oneshot::channel();
        let change = move |db: Result<&Connection, ApiError>| {
            release(reply, db.and_then(|db| undo_on_error(db, change)))
        };
        self.ask(Command::Write(Box::new(change)), receiver).await
    }

    /// Starts an execution; answers when it is on disk.
    pub(super) async fn start(&self, start: Start) -> Result<Started, ApiError> {
        let (reply, receiver) = oneshot::channel();
        self.ask(
            Command::Start {
                start,
                watcher: None,
                reply,
            },
            receiver,
        )
        .await
    }

    /// Starts an execution and waits for its end.
    pub(super) async fn run(&self, start: Start) -> Result<(Started, ExecutionEnd), ApiError> {
        let (watcher, ended) = oneshot::channel();
        let (reply, receiver) = oneshot::channel();
        let command = Command::Start {
            start,
            watcher: Some(watcher),
            reply,
        };
        let started = self.ask(command, receiver).await?;
        Ok((started, ended.await.map_err(|_| stopped())?))
    }

    /// Stops an execution; returns the time of its end.
    pub(super) async fn stop(&self, stop: Stop) -> Result<i64, ApiError> {
        let (reply, receiver) = oneshot::channel();
        self.ask(Command::Stop { stop, reply }, receiver).await
    }

    /// Tells a map run that its limits are others.
    pub(super) fn limits_changed(&self, map_run: i64) -> Result<(), ApiError> {
        let report = map_runs::Report::GoOn;
        self.send(Command::MapRun { map_run, report })
    }

    /// Redrives an execution that has ended without success; returns the time.
    pub(super) async fn redrive(&self, redrive: Redrive) -> Result<i64, ApiError> {
        let (reply, receiver) = oneshot::channel();
        self.ask(Command::Redrive { redrive, reply }, receiver)
            .await
    }

    /// Waits for a task of an activity. Dropping the future is fine: tasks go only to workers that
    /// still wait.
    pub(super) async fn poll(
        &self,
        activity_arn: String,
        name: Option<String>,
    ) -> Result<ActivityTask, ApiError> {
        let (reply, receiver) = oneshot::channel();
        let worker = Worker { name, reply };
        let poll = Command::Poll {
            activity_arn,
            worker,
        };
        self.ask(poll, receiver).await
    }

    /// Applies a report on a task.
    pub(super) async fn report_task(
        &self,
        token: String,
        task_report: TaskReport,
    ) -> Result<(), ApiError> {
        let (reply, receiver) = oneshot::channel();
        self.ask(
            Command::ReportTask {
                token,
                task_report,
                reply,
            },
            receiver,
        )
        .await
    }

    /// Waits until the execution does not run.
    pub(super) async fn watch(&self, execution: i64) -> Result<(), ApiError> {
        let (watcher, ended) = oneshot::channel();
        self.send(Command::Watch { execution, watcher })?;
        // A watcher that is dropped means the same: it does not run (here, now).
        let _ = ended.await;
        Ok(())
    }

    /// Resumes all executions that an earlier process left running; returns their number.
    pub(super) async fn resume(&self) -> Result<usize, ApiError> {
        let (reply, receiver) = oneshot::channel();
        self.ask(Command::Resume { reply }, receiver).await
    }

    /// Ends the thread; running tasks are abandoned, and taken up by the next process.
    pub(super) async fn shut_down(&self) {
        let (reply, done) = oneshot::channel();
        if self.send(Command::ShutDown { reply: Some(reply) }).is_ok() {
            let _ = done.await;
        }
    }

    fn send(&self, command: Command) -> Result<(), ApiError> {
        self.0.commands.send(command).map_err(|_| stopped())
    }

    async fn ask<T>(
        &self,
        command: Command,
        receiver: oneshot::Receiver<Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.send(command)?;
        receiver.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> ApiError {
    ApiError::Internal("Step Functions is shutting down".into())
}

/// Keeps an answer until its batch is committed.
fn release<T: Send + 'static>(reply: Reply<T>, receiver: Result<T, ApiError>) -> Release {
    Box::new(move |committed| {
        // Nobody may be waiting any more.
        let _ = reply.send(committed.and(receiver));
    })
}

fn undo_on_error<T>(
    db: &Connection,
    change: impl FnOnce(&Connection) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    db.execute_batch("SAVEPOINT change")?;
    let receiver = change(db);
    let end = if receiver.is_ok() {
        "RELEASE change"
    } else {
        "ROLLBACK TO change; RELEASE change"
    };
    db.execute_batch(end)?;
    receiver
}
