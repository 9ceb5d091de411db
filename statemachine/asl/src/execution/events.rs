//! Takes in the runner's events, and passes each to the thread that it concerns.

use super::states::wait;
use super::thread::Activity;
use super::{Alarm, Step, ThreadId};
use crate::fault::Fault;
use crate::states::{StateKind, Task};
use crate::{
    Effect, EventKind, Failure, FailureStage, HistoryDetails, Outcome, Payload, TaskId, TimerId,
    Timestamp,
};

impl Step<'_> {
    pub(super) fn take(mut self, event: EventKind) -> Vec<Effect> {
        match event {
            EventKind::TaskScheduled { task } => self.with_task(task, |task, step, thread| {
                task.scheduled(step, thread);
                Ok(())
            }),
            EventKind::TaskStarted { task, worker } => {
                self.with_task(task, |task, step, thread| {
                    task.started(step, thread, worker);
                    Ok(())
                });
            }
            EventKind::TaskSubmitted { task, output } => {
                self.with_task(task, |task, step, thread| {
                    task.submitted(step, thread, output);
                    Ok(())
                });
            }
            EventKind::TaskSucceeded { task, output } => self.task_succeeded(task, output),
            EventKind::TaskFailed {
                task,
                stage,
                error,
                cause,
            } => self.task_failed(task, stage, Failure { error, cause }),
            EventKind::TaskHeartbeat { task } => self.heartbeat(task),
            EventKind::TimerFired { timer } => self.alarm(timer),
            EventKind::Stop { error, cause } => self.stop(Failure { error, cause }),
            EventKind::Start => self.begin(),
            EventKind::Redrive => self.redrive(),
        }
        self.run_ready_threads();
        self.effects
    }

    fn stop(&mut self, failure: Failure) {
        // Every history says first that the execution started.
        self.begin();
        let Failure { error, cause } = failure.clone();
        let outcome = Outcome::Aborted { error, cause };
        self.end(0, HistoryDetails::ExecutionAborted(failure), outcome);
    }

    fn task_succeeded(&mut self, task: TaskId, output: Payload) {
        let Some(thread) = self.exec.tasks.get(&task).copied() else {
            return;
        };
        if self.running_map_run(thread).is_none() {
            self.at_task(thread, |task, step, thread| {
                task.succeeded(step, thread, &output)
            });
        } else if let Err(fault) = self.map_run_succeeded(thread, output) {
            self.fail(thread, fault);
        }
    }

    fn task_failed(&mut self, task: TaskId, stage: FailureStage, failure: Failure) {
        let Some(thread) = self.exec.tasks.get(&task).copied() else {
            return;
        };
        if self.running_map_run(thread).is_some() {
            self.map_run_failed(thread, failure);
        } else {
            self.at_task(thread, |task, step, thread| {
                task.failed(step, thread, stage, Fault::Failure(failure))
            });
        }
    }

    fn with_task(
        &mut self,
        task: TaskId,
        f: impl FnOnce(&Task, &mut Self, ThreadId) -> Result<(), Fault>,
    ) {
        if let Some(thread) = self.exec.tasks.get(&task).copied() {
            self.at_task(thread, f);
        }
    }

    fn at_task(
        &mut self,
        thread: ThreadId,
        f: impl FnOnce(&Task, &mut Self, ThreadId) -> Result<(), Fault>,
    ) {
        if let StateKind::Task(task) = &self.state(thread).kind
            && let Err(fault) = f(task, self, thread)
        {
            self.fail(thread, fault);
        }
    }

    fn alarm(&mut self, timer: TimerId) {
        let Some(due) = self.exec.timers.remove(&timer) else {
            return;
        };
        match due.alarm {
            Alarm::Wake(thread) => self.wake(thread),
            Alarm::Timeout(thread) => self.at_task(thread, |task, step, thread| {
                task.timed_out(step, thread, false)
            }),
            Alarm::Heartbeat(thread) => self.at_task(thread, |task, step, thread| {
                task.timed_out(step, thread, true)
            }),
            Alarm::Execution => self.time_out_execution(due.at),
            // The caller goes on with the queue.
            Alarm::Continue => {}
        }
    }

    fn wake(&mut self, thread: ThreadId) {
        match self.thread(thread).activity {
            Activity::Waiting(_) => {
                if let Err(fault) = wait::resume(self, thread) {
                    self.fail(thread, fault);
                }
            }
            Activity::BackingOff(_) => self.schedule(thread),
            _ => {}
        }
    }

    /// Ends the execution at the time when it was due, however late the timer fires. AWS names no
    /// error.
    fn time_out_execution(&mut self, at: Timestamp) {
        self.now = at;
        self.end(0, HistoryDetails::ExecutionTimedOut, Outcome::TimedOut {});
    }
}
