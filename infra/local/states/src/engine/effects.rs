//! Steps executions, and performs what they ask for.

use std::collections::VecDeque;
use std::sync::Arc;

use asl::{Effect, Event, EventKind, FailureStage, Resource, TaskId, TaskRequest, Timestamp};

use super::batch::Engine;
use super::live::ExecutionEnd;
use super::{Command, Fault};
use crate::integrations::Work;
use crate::store::executions;

impl Engine {
    /// Applies a task's report.
    pub(super) fn report(&mut self, execution: i64, kind: EventKind) -> Result<(), Fault> {
        if let (Some(live), Some(task)) = (self.live.get_mut(&execution), task_of(&kind)) {
            live.tasks.remove(&task);
            live.jobs.remove(&task);
        }
        if let EventKind::TaskFailed { task, .. } = &kind {
            self.forget_token(execution, *task);
        }
        self.apply(execution, kind)
    }

    /// Steps an execution by an event. Events for ended executions are dropped.
    pub(super) fn apply(&mut self, execution: i64, kind: EventKind) -> Result<(), Fault> {
        let at = self.clock.now();
        self.apply_at(execution, Event { at, kind })
    }

    /// Steps an execution by an event with a known time: immediately, or on another thread if steps
    /// may take long.
    pub(super) fn apply_at(&mut self, execution: i64, event: Event) -> Result<(), Fault> {
        let Some(live) = self.live.get_mut(&execution) else {
            return Ok(());
        };
        if live.is_costly() {
            return self.defer(execution, event);
        }
        let at = event.at;
        let effects = live.step(event)?;
        self.batch.touched.insert(execution);
        self.perform(execution, effects, at)
    }

    /// Does what can be done before the commit, and notes the rest for after it.
    pub(super) fn perform(
        &mut self,
        id: i64,
        effects: Vec<Effect>,
        mut at: Timestamp,
    ) -> Result<(), Fault> {
        let mut effects = VecDeque::from(effects);
        while let (Some(effect), Some(live)) = (effects.pop_front(), self.live.get_mut(&id)) {
            match effect {
                Effect::Record(event) => {
                    // A timeout is over when it was due, which is before the timer fires.
                    at = event.timestamp;
                    live.record(event);
                }
                Effect::End(outcome) => {
                    live.end(outcome.clone(), at);
                    if let Some(child) = live.map_run() {
                        self.child_ended(child, &outcome, at)?;
                    }
                }
                Effect::StartMapRun { task, request } => {
                    if id > 0 {
                        self.start_map_run(id, task, &request, at)?;
                    } else {
                        self.refuse_map_run(id, task);
                    }
                }
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
                    if let Some(running) = live.tasks.remove(&task) {
                        running.abort();
                    }
                    self.batch.stops.extend(live.jobs.remove(&task));
                    self.batch
                        .launches
                        .retain(|launch| (launch.0, launch.1) != (id, task));
                    self.forget_token(id, task);
                    self.stop_children(id, task)?;
                    self.cancel_map_run(id, task)?;
                }
                Effect::StartTask { task, request } => {
                    effects.extend(self.start_task(id, task, request, at)?);
                }
            }
        }
        self.assign_new_tasks()
    }

    /// Starts a task. Events that are known immediately are applied now, which saves a commit.
    fn start_task(
        &mut self,
        id: i64,
        task: TaskId,
        request: TaskRequest,
        at: Timestamp,
    ) -> Result<Vec<Effect>, Fault> {
        let (kind, of_activity) = match &request.resource {
            Resource::Activity { arn } => (self.scheduled(task, arn)?, true),
            _ => (EventKind::TaskStarted { task, worker: None }, false),
        };
        let waits = !matches!(kind, EventKind::TaskFailed { .. });
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(Vec::new());
        };
        let event = Event { at, kind };
        let effects = if live.is_costly() {
            self.defer(id, event)?;
            Vec::new()
        } else {
            live.step(event)?
        };
        if waits {
            self.keep_waiting(id, task, &request);
        }
        if !of_activity {
            self.batch.launches.push((id, task, request));
        }
        Ok(effects)
    }

    /// EXPRESS executions have no row that a map run could belong to, and AWS refuses their
    /// Distributed Maps.
    fn refuse_map_run(&self, execution: i64, task: TaskId) {
        let kind = EventKind::TaskFailed {
            task,
            stage: FailureStage::Run,
            error: Some("States.Runtime".to_owned()),
            cause: Some("EXPRESS executions cannot run a Distributed Map".to_owned()),
        };
        // The engine itself holds the other end.
        let _ = self.commands.send(Command::Event { execution, kind });
    }

    /// Stops the executions that a task waited for, in the transaction that gives the task up.
    // The recursion ends with the executions that wait for each other.
    fn stop_children(&mut self, execution: i64, task: TaskId) -> Result<(), Fault> {
        for child in executions::children(&self.db, execution, task.0 as i64)? {
            if self.live.contains_key(&child) || self.restore(child)? {
                let (error, cause) = (None, None);
                self.apply(child, EventKind::Stop { error, cause })?;
            }
        }
        Ok(())
    }

    /// Removes an execution that has ended and is on disk from memory.
    pub(super) fn remove_ended(&mut self, id: i64, ended: &ExecutionEnd) {
        let Some(live) = self.live.remove(&id) else {
            return;
        };
        for (timer, at) in live.timers {
            self.timers.cancel(at, id, timer);
        }
        for task in live.tasks.into_values() {
            task.abort();
        }
        for token in live.tokens.into_values() {
            self.waiting.forget(&token);
        }
        for watcher in self.watchers.remove(&id).into_iter().flatten() {
            let _ = watcher.send(ended.clone());
        }
    }

    /// Runs a task, whose result arrives as a command.
    pub(super) fn launch(&mut self, execution: i64, task: TaskId, request: TaskRequest) {
        let Some(live) = self.live.get_mut(&execution) else {
            return;
        };
        if self.integrations.is_job(&request) {
            live.jobs.insert(task, request.clone());
        }
        let work = Work {
            execution,
            execution_arn: live.arn().to_owned(),
            task,
            request,
        };
        let integrations = Arc::clone(&self.integrations);
        let commands = self.commands.clone();
        let running = self.runtime.spawn(async move {
            let report = |kind| {
                // The engine may have shut down.
                let _ = commands.send(Command::Event { execution, kind });
            };
            integrations.perform(work, report).await;
        });
        live.tasks.insert(task, running.abort_handle());
    }
}

fn task_of(kind: &EventKind) -> Option<TaskId> {
    match kind {
        // Not `TaskSubmitted`: the job's end is still waited for.
        EventKind::TaskSucceeded { task, .. } | EventKind::TaskFailed { task, .. } => Some(*task),
        _ => None,
    }
}
