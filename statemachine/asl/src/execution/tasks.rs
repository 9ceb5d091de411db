//! Starts and ends tasks, with their timers.

use super::thread::Activity;
use super::{Alarm, RunningTask, Step, ThreadId};
use crate::{Effect, TaskId, TaskRequest};

impl Step<'_> {
    pub(crate) fn start_task(&mut self, thread: ThreadId, request: TaskRequest) {
        self.exec.last_task += 1;
        let task = TaskId(self.exec.last_task);
        self.effects.push(Effect::StartTask {
            task,
            request: request.clone(),
        });
        let mut running = RunningTask::new(task, request);
        let due = |seconds: u64| self.now.plus_seconds(seconds as f64);
        let (timeout, heartbeat) = (
            running.request.timeout_seconds.map(due),
            running.request.heartbeat_seconds.map(due),
        );
        running.timeout = timeout.map(|at| self.set_timer(at, Alarm::Timeout(thread)));
        running.heartbeat = heartbeat.map(|at| self.set_timer(at, Alarm::Heartbeat(thread)));
        self.exec.tasks.insert(task, thread);
        self.thread_mut(thread).activity = Activity::Task(Box::new(running));
    }

    /// Returns the task that a thread is at.
    pub(crate) fn running_task(&mut self, thread: ThreadId) -> Option<&mut RunningTask> {
        match &mut self.thread_mut(thread).activity {
            Activity::Task(running) => Some(running),
            _ => None,
        }
    }

    /// Ends the thread's task, which the runner is done with.
    pub(crate) fn end_task(&mut self, thread: ThreadId) -> Option<TaskId> {
        let running = self.running_task(thread)?;
        let (task, timers) = (running.task, [running.timeout, running.heartbeat]);
        self.exec.tasks.remove(&task);
        timers
            .into_iter()
            .for_each(|timer| self.cancel_timer(timer));
        self.thread_mut(thread).activity = Activity::Ready;
        Some(task)
    }

    /// Cancels the thread's task.
    pub(crate) fn cancel_task(&mut self, thread: ThreadId) {
        if let Some(task) = self.end_task(thread) {
            self.effects.push(Effect::CancelTask { task });
        }
    }

    pub(super) fn heartbeat(&mut self, task: TaskId) {
        let Some(thread) = self.exec.tasks.get(&task).copied() else {
            return;
        };
        let Some(running) = self.running_task(thread) else {
            return;
        };
        let (old, seconds) = (running.heartbeat, running.request.heartbeat_seconds);
        let Some(seconds) = seconds else { return };
        self.cancel_timer(old);
        let timer = self.set_timer(
            self.now.plus_seconds(seconds as f64),
            Alarm::Heartbeat(thread),
        );
        if let Some(running) = self.running_task(thread) {
            running.heartbeat = Some(timer);
        }
    }
}
