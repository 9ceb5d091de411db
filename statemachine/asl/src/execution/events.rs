//! Takes in the runner's events, and passes each to the thread that it concerns.

use super::states::wait;
use super::thread::Activity;
use super::{Alarm, Step, ThreadId};
use crate::fault::Fault;
use crate::states::{StateKind, Task};
use crate::{Effect, EventKind, Failure, HistoryDetails, Outcome, TaskId, TimerId, Timestamp};

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
            EventKind::TaskSucceeded { task, output } if self.is_map_run(task) => {
                self.with_map_run(task, |step, thread| {
                    if let Err(fault) = step.map_run_succeeded(thread, output) {
                        step.fail(thread, fault);
                    }
                });
            }
            EventKind::TaskFailed {
                task, error, cause, ..
            } if self.is_map_run(task) => {
                self.with_map_run(task, |step, thread| {
                    step.map_run_failed(thread, Failure { error, cause });
                });
            }
            EventKind::TaskSucceeded { task, output } => {
                self.with_task(task, |task, step, thread| {
                    task.succeeded(step, thread, &output)
                });
            }
            EventKind::TaskFailed {
                task,
                stage,
                error,
                cause,
            } => {
                let fault = Fault::Reported(Failure { error, cause });
                self.with_task(task, |task, step, thread| {
                    task.failed(step, thread, stage, fault)
                });
            }
            EventKind::TaskHeartbeat { task } => self.heartbeat(task),
            EventKind::TimerFired { timer } => self.alarm(timer),
            EventKind::Stop { error, cause } => {
                // Every history says first that the execution started.
                self.begin();
                let aborted = HistoryDetails::ExecutionAborted(Failure {
                    error: error.clone(),
                    cause: cause.clone(),
                });
                self.end(0, aborted, Outcome::Aborted { error, cause });
            }
            EventKind::Start => self.begin(),
            EventKind::Redrive => self.redrive(),
        }
        self.run_ready_threads();
        self.effects
    }

    fn is_map_run(&self, task: TaskId) -> bool {
        let thread = self.exec.tasks.get(&task).copied();
        thread.is_some_and(|thread| self.running_map_run(thread).is_some())
    }

    fn with_map_run(&mut self, task: TaskId, f: impl FnOnce(&mut Self, ThreadId)) {
        if let Some(thread) = self.exec.tasks.get(&task).copied() {
            f(self, thread);
        }
    }

    fn with_task(
        &mut self,
        task: TaskId,
        f: impl FnOnce(&Task, &mut Self, ThreadId) -> Result<(), Fault>,
    ) {
        let Some(thread) = self.exec.tasks.get(&task).copied() else {
            return;
        };
        self.at_task(thread, f);
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
            Activity::BackingOff(_) => self.make_ready(thread),
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
