//! Steps that may take long: they are done on threads of their own, while the engine goes on with
//! other executions.
//!
//! An execution of a [costly](asl::StateMachine::is_costly) state machine has a queue of events. An
//! event is on disk before its step begins, so whoever sent it can be answered; it leaves the disk
//! in the transaction that has what the step asked for. An execution is stepped by one event at a
//! time, and the engine lends its value to the thread that does.
//!
//! | on                       | does                                                             |
//! |--------------------------|------------------------------------------------------------------|
//! | an event                 | a row in `pending`; after the commit, the next step if none runs |
//! | a step is done           | its history and effects; the row goes; the next step             |
//! | StopExecution            | the value as it is on disk is stopped; the step's end is ignored |
//! | a start after a crash    | the next step, unless steps by this event ended processes before |

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use asl::{Effect, Event, EventKind, Execution, Failure, Payload, TaskId};
use serde_json::Value;
use tokio::sync::oneshot;

use super::batch::Engine;
use super::compiled::Compiled;
use super::live::Live;
use super::{Command, Fault};
use crate::store::{live, pending};

/// The number of processes that may end while one event steps an execution. At the limit, the
/// execution fails.
const MAX_CRASHES: u32 = 3;

/// The steps of one execution that are still to be done.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Job>,
    /// The number of the job that is under way.
    running: Option<u64>,
    last_seq: i64,
}

/// Something to do with an execution's value.
enum Job {
    /// A step, and the event's place on disk.
    Step { seq: i64, event: Event },
    /// Items for a Map state to process.
    Items(Items),
}

/// A page of a map run's items.
pub(super) struct Items {
    pub(super) map_run: i64,
    pub(super) task: TaskId,
    pub(super) first: u64,
    pub(super) items: Vec<Value>,
    /// Receives true if more items are wanted.
    pub(super) more: oneshot::Sender<bool>,
}

/// A job that is done.
pub(super) struct FinishedJob {
    number: u64,
    execution: Execution,
    outcome: Outcome,
}

enum Outcome {
    Stepped {
        seq: i64,
        event: Event,
        effects: Vec<Effect>,
    },
    Mapped {
        map_run: i64,
        made: Vec<Result<Payload, Failure>>,
        more: oneshot::Sender<bool>,
    },
}

impl Queue {
    /// The events that have not been stepped by.
    pub(super) fn events(&self) -> impl Iterator<Item = &EventKind> {
        self.jobs.iter().filter_map(|job| match job {
            Job::Step { event, .. } => Some(&event.kind),
            Job::Items(_) => None,
        })
    }
}

impl Job {
    /// Does it. A step that panics, which none should, fails its execution.
    fn run(
        self,
        mut execution: Execution,
        compiled: &Compiled,
        recorded: u64,
    ) -> (Execution, Outcome) {
        let machine = &compiled.machine;
        let outcome = match self {
            Job::Step { seq, event } => {
                let step = AssertUnwindSafe(|| execution.step(machine, event.clone()));
                let effects = catch_unwind(step).unwrap_or_else(|_| {
                    super::live::abandon(&mut execution, machine, event.at, recorded)
                });
                Outcome::Stepped {
                    seq,
                    event,
                    effects,
                }
            }
            Job::Items(Items {
                map_run,
                task,
                first,
                items,
                more,
            }) => {
                let map = |(index, item)| {
                    let made = AssertUnwindSafe(|| execution.map_item(machine, task, index, item));
                    catch_unwind(made).unwrap_or_else(|_| Err(panicked()))
                };
                let made = (first..).zip(items).map(map).collect();
                Outcome::Mapped {
                    map_run,
                    made,
                    more,
                }
            }
        };
        (execution, outcome)
    }
}

fn panicked() -> Failure {
    Failure {
        error: Some("States.Runtime".into()),
        cause: Some("The local stack failed while it made an item; its log says more".into()),
    }
}

impl Engine {
    /// Keeps an event for an execution whose steps may take long.
    pub(super) fn defer(&mut self, id: i64, event: Event) -> Result<(), Fault> {
        if let EventKind::Stop { .. } = event.kind {
            return self.stop_now(id, event);
        }
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.queue.last_seq += 1;
        let seq = live.queue.last_seq;
        if live.is_durable() {
            pending::insert(&self.db, id, seq, &super::live::text(&event)?)?;
        }
        live.queue.jobs.push_back(Job::Step { seq, event });
        self.batch.due.insert(id);
        Ok(())
    }

    /// Queues a page of items for a Map to process.
    pub(super) fn defer_items(&mut self, id: i64, items: Items) {
        if let Some(live) = self.live.get_mut(&id) {
            live.queue.jobs.push_back(Job::Items(items));
            self.batch.due.insert(id);
        }
    }

    /// Begins the next step of an execution, if none is running. Call it after the commit.
    pub(super) fn begin_job(&mut self, id: i64) {
        self.last_job += 1;
        let number = self.last_job;
        let Some(live) = self
            .live
            .get_mut(&id)
            .filter(|live| live.queue.running.is_none())
        else {
            return;
        };
        let Some(job) = live.queue.jobs.pop_front() else {
            return;
        };
        let Some(execution) = live.lend() else {
            return;
        };
        live.queue.running = Some(number);
        let (compiled, recorded) = (live.compiled(), live.recorded());
        let commands = self.commands.clone();
        self.runtime.spawn_blocking(move || {
            let (execution, outcome) = job.run(execution, &compiled, recorded);
            let done = Box::new(FinishedJob {
                number,
                execution,
                outcome,
            });
            // The engine may have shut down.
            let _ = commands.send(Command::JobFinished {
                execution: id,
                done,
            });
        });
    }

    /// Takes in what a job made, unless the execution went on without it.
    pub(super) fn finish_job(&mut self, id: i64, done: FinishedJob) -> Result<(), Fault> {
        let at = self.clock.now();
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        if live.queue.running != Some(done.number) {
            return Ok(());
        }
        live.queue.running = None;
        let evaluations = live.take_back(done.execution);
        self.batch.due.insert(id);
        match done.outcome {
            Outcome::Stepped {
                seq,
                event,
                effects,
            } => {
                live.record_event(&event, evaluations)?;
                if live.is_durable() {
                    pending::remove(&self.db, id, seq)?;
                }
                self.batch.touched.insert(id);
                self.perform(id, effects, at)
            }
            Outcome::Mapped {
                map_run,
                made,
                more,
            } => {
                let wanted = self.take_mapped(map_run, made)?;
                self.batch.releases.push(Box::new(move |committed| {
                    let _ = more.send(wanted && committed.is_ok());
                }));
                Ok(())
            }
        }
    }

    /// Stops an execution, even during a step, whose result is discarded.
    fn stop_now(&mut self, id: i64, event: Event) -> Result<(), Fault> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        if live.queue.running.take().is_some() {
            if !live.is_durable() {
                return self.end_lent(id, event);
            }
            let pending_events = live::read(&self.db, id)?;
            live.reset(&pending_events)?;
        }
        live.queue.jobs.clear();
        let at = event.at;
        let effects = live.step(event)?;
        self.batch.touched.insert(id);
        self.perform(id, effects, at)
    }

    /// Ends an EXPRESS execution whose value another thread has. It has no history.
    fn end_lent(&mut self, id: i64, event: Event) -> Result<(), Fault> {
        let EventKind::Stop { error, cause } = event.kind else {
            return Ok(());
        };
        let outcome = asl::Outcome::Aborted { error, cause };
        self.batch.touched.insert(id);
        self.perform(id, vec![Effect::End(outcome)], event.at)
    }

    /// Takes up the events that an earlier process left, and fails an execution whose step has
    /// ended several.
    pub(super) fn restore_pending(&mut self, id: i64) -> Result<(), Fault> {
        let pending_events = pending::of_execution(&self.db, id)?;
        let crashed = pending_events
            .first()
            .is_some_and(|first| first.crashes >= MAX_CRASHES);
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        if crashed {
            let at = self.clock.now();
            let effects = live.give_up(at, MAX_CRASHES);
            self.batch.touched.insert(id);
            return self.perform(id, effects, at);
        }
        for pending in pending_events {
            match serde_json::from_str(&pending.event) {
                Ok(event) => live.queue.jobs.push_back(Job::Step {
                    seq: pending.seq,
                    event,
                }),
                Err(error) => tracing::error!(execution = id, %error, "an event can't be read"),
            }
            live.queue.last_seq = pending.seq;
        }
        self.batch.due.insert(id);
        Ok(())
    }
}

impl Live {
    /// Returns true if an event that `task`'s wait has begun (a worker or an accepted request) is
    /// queued.
    pub(super) fn has_begun(&self, task: TaskId) -> bool {
        self.queue.events().any(|kind| match kind {
            EventKind::TaskSubmitted { task: begun, .. } => *begun == task,
            EventKind::TaskStarted {
                task: begun,
                worker,
            } => *begun == task && worker.is_some(),
            _ => false,
        })
    }

    /// Returns true if an event about the end of `task` is queued.
    pub(super) fn has_ended(&self, task: TaskId) -> bool {
        self.queue.events().any(|kind| match kind {
            EventKind::TaskSucceeded { task: ended, .. }
            | EventKind::TaskFailed { task: ended, .. } => *ended == task,
            _ => false,
        })
    }
}
