//! Tasks that end by their token: activities, and service integrations that wait for a callback.
//!
//! None of this is on disk. The state of a running execution has its tokens and records which
//! activity tasks a worker has taken, so a restart finds everything there.

use std::collections::{HashMap, VecDeque};

use asl::{EventKind, FailureStage, Payload, Resource, TaskId, TaskRequest};
use serde_json::Value;

use super::batch::Engine;
use super::{Fault, Reply, release};
use crate::arn::{self, Arn};
use crate::error::ApiError;
use crate::store::activities;

/// A report on a task, identified by its token.
pub(crate) enum TaskReport {
    Success {
        output: Value,
    },
    Failure {
        error: Option<String>,
        cause: Option<String>,
    },
    Heartbeat,
}

/// An activity's task, for the worker that takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActivityTask {
    pub(crate) token: String,
    pub(crate) input: String,
}

/// The tasks that wait, and the workers that wait for them.
#[derive(Default)]
pub(super) struct Waiting {
    tasks: HashMap<String, (i64, TaskId)>,
    /// The queues by the activity's ARN.
    activities: HashMap<String, Queue>,
    /// Activities that got a task and have not looked for a worker.
    unmatched: Vec<String>,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Queued>,
    workers: VecDeque<Worker>,
}

/// A task that no worker has taken.
struct Queued {
    token: String,
    input: Payload,
}

/// A worker that waits for a task.
pub(super) struct Worker {
    pub(super) name: Option<String>,
    pub(super) reply: Reply<ActivityTask>,
}

impl Waiting {
    /// Notes that a task ends by its token.
    pub(super) fn expect(&mut self, token: &str, execution: i64, task: TaskId) {
        self.tasks.insert(token.to_owned(), (execution, task));
    }

    /// Removes the task of this token, which nobody waits for any more.
    pub(super) fn forget(&mut self, token: &str) {
        self.tasks.remove(token);
    }

    pub(super) fn clear(&mut self) {
        *self = Waiting::default();
    }

    fn next_worker(&mut self, activity: &str) -> Option<Worker> {
        let queue = self.activities.get_mut(activity)?;
        // A worker whose connection is gone has dropped its end.
        queue.workers.retain(|worker| !worker.reply.is_closed());
        queue.workers.pop_front()
    }

    /// Takes the first task of an activity that is still awaited.
    fn next_task(&mut self, activity: &str) -> Option<(Queued, i64, TaskId)> {
        let queue = self.activities.get_mut(activity)?;
        while let Some(queued) = queue.tasks.pop_front() {
            if let Some((execution, task)) = self.tasks.get(&queued.token) {
                return Some((queued, *execution, *task));
            }
        }
        None
    }
}

impl Engine {
    /// Keeps a task that ends by its token; one of an activity stands in the queue until a worker
    /// takes it.
    pub(super) fn keep_waiting(&mut self, execution: i64, task: TaskId, request: &TaskRequest) {
        let Some(token) = request.token.clone() else {
            return;
        };
        self.waiting.expect(&token, execution, task);
        if let Some(live) = self.live.get_mut(&execution) {
            live.tokens.insert(task, token.clone());
        }
        if let Resource::Activity { arn } = &request.resource
            && !request.submitted
        {
            let queue = self.waiting.activities.entry(arn.clone()).or_default();
            let input = request.arguments.clone();
            queue.tasks.push_back(Queued { token, input });
            self.waiting.unmatched.push(arn.clone());
        }
    }

    /// Gives new tasks to the workers that wait for them. Call it when an execution's effects are
    /// done: it steps on.
    pub(super) fn assign_new_tasks(&mut self) -> Result<(), Fault> {
        while let Some(arn) = self.waiting.unmatched.pop() {
            if let Some(worker) = self.waiting.next_worker(&arn) {
                self.assign_task(&arn, worker)?;
            }
        }
        Ok(())
    }

    /// Returns the event for a new activity task: that it waits for a worker, or that the activity
    /// does not exist.
    pub(super) fn scheduled(&self, task: TaskId, activity_arn: &str) -> Result<EventKind, Fault> {
        let found = match arn::parse(activity_arn) {
            Ok(Arn::Activity { name }) if arn::is_local(activity_arn, &self.identity) => {
                activities::find(&self.db, name)?
            }
            _ => None,
        };
        Ok(match found {
            Some(_) => EventKind::TaskScheduled { task },
            None => EventKind::TaskFailed {
                task,
                stage: FailureStage::Schedule,
                error: None,
                cause: Some(format!("The activity {activity_arn} does not exist.")),
            },
        })
    }

    /// Gives a worker a task, or lets it wait if there is none.
    pub(super) fn poll(&mut self, activity_arn: &str, worker: Worker) -> Result<(), Fault> {
        if let Some(queue) = self.waiting.activities.get_mut(activity_arn) {
            queue.workers.retain(|worker| !worker.reply.is_closed());
        }
        self.assign_task(activity_arn, worker)
    }

    /// Gives a worker the next task; without one, the worker waits.
    fn assign_task(&mut self, activity_arn: &str, worker: Worker) -> Result<(), Fault> {
        let Some((queued, execution, task)) = self.waiting.next_task(activity_arn) else {
            let queue = self.waiting.activities.entry(activity_arn.to_owned());
            queue.or_default().workers.push_back(worker);
            return Ok(());
        };
        let taken = ActivityTask {
            token: queued.token,
            input: queued.input.text().to_owned(),
        };
        self.batch.releases.push(release(worker.reply, Ok(taken)));
        let worker = worker.name;
        self.apply(execution, EventKind::TaskStarted { task, worker })
    }

    /// Applies a worker's or caller's report on a task.
    pub(super) fn report_task(
        &mut self,
        token: &str,
        task_report: TaskReport,
    ) -> Result<(), Fault> {
        let Some((execution, task)) = self.waiting.tasks.get(token).copied() else {
            return Err(ApiError::TaskTimedOut.into());
        };
        let kind = match task_report {
            TaskReport::Heartbeat => EventKind::TaskHeartbeat { task },
            TaskReport::Success { output } => EventKind::TaskSucceeded {
                task,
                output: output.into(),
            },
            TaskReport::Failure { error, cause } => EventKind::TaskFailed {
                task,
                stage: FailureStage::Run,
                error,
                cause,
            },
        };
        if !matches!(kind, EventKind::TaskHeartbeat { .. }) {
            self.forget_token(execution, task);
        }
        self.apply(execution, kind)
    }

    /// A task is over, or nobody waits for it.
    pub(super) fn forget_token(&mut self, execution: i64, task: TaskId) {
        let live = self.live.get_mut(&execution);
        if let Some(token) = live.and_then(|live| live.tokens.remove(&task)) {
            self.waiting.forget(&token);
        }
    }
}
