//! A running execution in memory, and its persistence.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use asl::{
    Effect, EvaluationResponse, Event, Execution, Failure, HistoryEvent, Outcome, Payload,
    StateMachine, TaskId, TaskRequest, TimerId, Timestamp,
};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::AbortHandle;

use super::Fault;
use super::compiled::Compiled;
use super::map_runs::ChildId;
use super::stepping::Queue;
use crate::error::ApiError;
use crate::store::{executions, history, interrupted, live, pending};

/// The end of an execution: outcome and time.
#[derive(Clone, Debug)]
pub(crate) struct ExecutionEnd {
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
}

/// A running execution.
pub(super) struct Live {
    pub(super) id: i64,
    /// Executions of EXPRESS state machines are in memory only.
    durable: bool,
    compiled: Arc<Compiled>,
    /// The state; `None` while a thread steps it.
    execution: Option<Execution>,
    arn: String,
    /// The steps still to run, for executions whose steps may take long.
    pub(super) queue: Queue,
    /// The map run and the child's number in it.
    map_run: Option<ChildId>,
    /// The running tasks.
    pub(super) tasks: HashMap<TaskId, AbortHandle>,
    /// The tasks that wait for a job, which stops when the task is given up.
    pub(super) jobs: HashMap<TaskId, TaskRequest>,
    /// The tokens of the tasks that end by them.
    pub(super) tokens: HashMap<TaskId, String>,
    /// The pending timers.
    pub(super) timers: HashMap<TimerId, Timestamp>,
    disk: OnDisk,
    unsaved: UnsavedChanges,
}

/// The parts of an execution that have been written.
#[derive(Default)]
struct OnDisk {
    /// The id of the last event of its history.
    recorded: i64,
    /// The length of its snapshot.
    snapshot: usize,
    /// The length of the events in its journal.
    journal: usize,
    /// The number of events in its journal.
    entries: i64,
}

/// The changes since the last commit.
#[derive(Default)]
struct UnsavedChanges {
    history: Vec<HistoryEvent>,
    journal: Vec<String>,
    ended: Option<ExecutionEnd>,
}

/// An entry of the journal that is more than an event: with what its step had evaluated.
#[derive(Deserialize, Serialize)]
struct EvaluatedEvent {
    event: Event,
    answers: Vec<EvaluationResponse>,
}

/// The beginning of every [`EvaluatedEvent`] in a journal; no event begins so.
const EVALUATED_EVENT: &str = r#"{"event":"#;

impl Live {
    /// Creates an execution that starts now. The caller performs its effects.
    pub(super) fn new(
        id: i64,
        durable: bool,
        compiled: Arc<Compiled>,
        execution: Execution,
    ) -> Self {
        Live {
            id,
            durable,
            compiled,
            arn: execution.identity().execution_arn.clone(),
            execution: Some(execution),
            queue: Queue::default(),
            map_run: None,
            tasks: HashMap::new(),
            jobs: HashMap::new(),
            tokens: HashMap::new(),
            timers: HashMap::new(),
            disk: OnDisk::default(),
            unsaved: UnsavedChanges::default(),
        }
    }

    /// Makes the execution a child of a map run.
    pub(super) fn of_map_run(mut self, child: ChildId) -> Self {
        self.map_run = Some(child);
        self
    }

    /// Returns the map run and the child's number in it.
    pub(super) fn map_run(&self) -> Option<ChildId> {
        self.map_run
    }

    /// Returns the revision that it runs.
    pub(super) fn compiled(&self) -> Arc<Compiled> {
        Arc::clone(&self.compiled)
    }

    /// Applies the item processing of a Map state to an item.
    pub(super) fn map_item(
        &mut self,
        task: TaskId,
        index: u64,
        item: Value,
    ) -> Result<Payload, Failure> {
        let machine = &self.compiled.machine;
        let execution = self.execution.as_mut().ok_or_else(|| Failure {
            error: Some("States.Runtime".into()),
            cause: Some("The map run is over".into()),
        })?;
        execution.map_item(machine, task, index, item)
    }

    /// Restores an execution of an earlier process from the snapshot and the journal. The effects
    /// of the journal's events have been performed; those that remain are [`Live::outstanding`].
    pub(super) fn restore(
        saved: &live::SavedExecution,
        compiled: Arc<Compiled>,
    ) -> Result<Self, serde_json::Error> {
        let execution = restore_execution(saved, &compiled.machine)?;
        let mut this = Live::new(saved.execution, true, compiled, execution);
        this.map_run = saved.map_run;
        this.disk = OnDisk {
            recorded: saved.recorded,
            snapshot: saved.snapshot.len(),
            journal: saved.journal.iter().map(String::len).sum(),
            entries: saved.journal.len() as i64,
        };
        Ok(this)
    }

    /// Restores the state on disk, for a step that was given up.
    pub(super) fn reset(&mut self, saved: &live::SavedExecution) -> Result<(), Fault> {
        let execution = restore_execution(saved, &self.compiled.machine).map_err(unwritable)?;
        self.execution = Some(execution);
        Ok(())
    }

    /// Returns true if it has rows, which all but those of EXPRESS state machines have.
    pub(super) fn is_durable(&self) -> bool {
        self.durable
    }

    /// Returns true if its steps may take long.
    pub(super) fn is_costly(&self) -> bool {
        self.compiled.machine.is_costly()
    }

    /// Gives its value to a thread that steps it.
    pub(super) fn lend(&mut self) -> Option<Execution> {
        self.execution.take()
    }

    /// Takes the value back after a step, and returns the expressions evaluated for it.
    pub(super) fn take_back(&mut self, execution: Execution) -> Vec<EvaluationResponse> {
        let evaluations = execution.evaluations().to_vec();
        self.execution = Some(execution);
        evaluations
    }

    /// Returns the number of history events that are on disk, or about to be.
    pub(super) fn recorded(&self) -> u64 {
        let recorded = self.disk.recorded + self.unsaved.history.len() as i64;
        u64::try_from(recorded).unwrap_or(0)
    }

    /// Notes an event that it was stepped by, for the next process.
    pub(super) fn record_event(
        &mut self,
        event: &Event,
        answers: Vec<EvaluationResponse>,
    ) -> Result<(), Fault> {
        if !self.durable {
            return Ok(());
        }
        let entry = if answers.is_empty() {
            text(event)?
        } else {
            let event = event.clone();
            text(&EvaluatedEvent { event, answers })?
        };
        self.unsaved.journal.push(entry);
        Ok(())
    }

    /// Fails the execution, whose step has repeatedly crashed a process.
    pub(super) fn give_up(&mut self, at: Timestamp, crashes: u32) -> Vec<Effect> {
        let recorded = self.recorded();
        let cause = format!(
            "The local stack ended {crashes} times while it ran this step of the execution"
        );
        let machine = &self.compiled.machine;
        let execution = self.execution.as_mut();
        execution.map_or_else(Vec::new, |execution| {
            execution.abandon(machine, at, recorded, cause)
        })
    }

    /// Its ARN.
    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// Revives an execution that ended without success, before it is redriven. It is in no table of
    /// running executions.
    pub(super) fn revive(
        saved: &live::SavedExecution,
        compiled: Arc<Compiled>,
    ) -> Result<Self, serde_json::Error> {
        let mut this = Live::restore(saved, compiled)?;
        this.disk.snapshot = 0;
        Ok(this)
    }

    /// The tasks and timers that it waits for.
    pub(super) fn outstanding(&self) -> Vec<Effect> {
        let execution = self.execution.as_ref();
        execution.map_or_else(Vec::new, Execution::outstanding)
    }

    /// Takes in an event.
    pub(super) fn step(&mut self, event: Event) -> Result<Vec<Effect>, Fault> {
        self.record_event(&event, Vec::new())?;
        Ok(self.step_by(event, Execution::step))
    }

    /// A step that panics, which none should, fails this execution and leaves the others alone.
    fn step_by(
        &mut self,
        event: Event,
        step: impl FnOnce(&mut Execution, &StateMachine, Event) -> Vec<Effect>,
    ) -> Vec<Effect> {
        let (at, recorded) = (event.at, self.recorded());
        let machine = &self.compiled.machine;
        let Some(execution) = &mut self.execution else {
            return Vec::new();
        };
        let stepped = AssertUnwindSafe(|| step(execution, machine, event));
        let stepped = catch_unwind(stepped);
        stepped.unwrap_or_else(|_| abandon(execution, machine, at, recorded))
    }

    /// Notes an event of the history.
    pub(super) fn record(&mut self, event: HistoryEvent) {
        if self.durable {
            self.unsaved.history.push(event);
        }
    }

    /// Notes the end.
    pub(super) fn end(&mut self, outcome: Outcome, at: Timestamp) {
        self.unsaved.ended = Some(ExecutionEnd { outcome, at });
    }

    /// Returns the outcome and time of its end, if it has ended.
    pub(super) fn ended(&self) -> Option<ExecutionEnd> {
        self.unsaved.ended.clone()
    }

    /// Writes what happened since the last commit, inside the caller's transaction.
    pub(super) fn save(&mut self, db: &Connection) -> Result<(), Fault> {
        if !self.durable {
            return Ok(());
        }
        self.save_history(db)?;
        match self.ended() {
            Some(ended) => self.save_end(db, &ended),
            None => self.save_state(db),
        }
    }

    fn save_history(&mut self, db: &Connection) -> Result<(), Fault> {
        let events = std::mem::take(&mut self.unsaved.history);
        if events.is_empty() {
            return Ok(());
        }
        let last = self.disk.recorded + events.len() as i64;
        history::append(db, self.id, self.disk.recorded + 1, last, &text(&events)?)?;
        self.disk.recorded = last;
        Ok(())
    }

    /// An execution that ends in the batch in which it began was never in `live`.
    fn save_end(&mut self, db: &Connection, ended: &ExecutionEnd) -> Result<(), Fault> {
        if self.disk.snapshot > 0 {
            live::remove(db, self.id)?;
        }
        let (output, error, cause) = parts(&ended.outcome);
        let end = executions::ExecutionEnd {
            status: ended.outcome.status(),
            stopped: ended.at.0,
            output,
            error,
            cause,
        };
        executions::finish(db, self.id, &end)?;
        if self.is_costly() {
            pending::clear(db, self.id)?;
        }
        if let Some(execution) = self.execution.as_ref().filter(|one| one.is_redrivable()) {
            interrupted::put(db, self.id, &text(execution)?)?;
        }
        Ok(())
    }

    /// Appends to the journal until it is as long as the snapshot, and then writes a new snapshot.
    /// So writes stay within twice the changes, and reads at a restart within twice the state.
    fn save_state(&mut self, db: &Connection) -> Result<(), Fault> {
        let journal = std::mem::take(&mut self.unsaved.journal);
        let added: usize = journal.iter().map(String::len).sum();
        if self.disk.journal + added >= self.disk.snapshot {
            return self.save_snapshot(db);
        }
        for event in &journal {
            live::append(db, self.id, self.disk.entries, event)?;
            self.disk.entries += 1;
        }
        self.disk.journal += added;
        Ok(())
    }

    fn save_snapshot(&mut self, db: &Connection) -> Result<(), Fault> {
        // A thread may have it already again; then it is as it was when it was written last.
        let Some(execution) = &self.execution else {
            return Ok(());
        };
        let snapshot = text(execution)?;
        live::snapshot(db, self.id, &snapshot)?;
        self.disk.snapshot = snapshot.len();
        self.disk.journal = 0;
        self.disk.entries = 0;
        Ok(())
    }
}

/// An execution as it was left: the snapshot, and the journal played over it.
fn restore_execution(
    saved: &live::SavedExecution,
    machine: &StateMachine,
) -> Result<Execution, serde_json::Error> {
    let mut execution: Execution = serde_json::from_str(&saved.snapshot)?;
    for entry in &saved.journal {
        let EvaluatedEvent { event, answers } = if entry.starts_with(EVALUATED_EVENT) {
            serde_json::from_str(entry)?
        } else {
            let (event, answers) = (serde_json::from_str(entry)?, Vec::new());
            EvaluatedEvent { event, answers }
        };
        execution.replay(machine, event, answers);
    }
    Ok(execution)
}

/// Fails an execution whose step did not come back.
pub(super) fn abandon(
    execution: &mut Execution,
    machine: &StateMachine,
    at: Timestamp,
    recorded: u64,
) -> Vec<Effect> {
    let cause = "The local stack failed while it ran this execution; its log says more".into();
    execution.abandon(machine, at, recorded, cause)
}

/// Serializes a value to JSON.
pub(super) fn text(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(unwritable)
}

/// Output, error and cause of an outcome.
pub(crate) fn parts(outcome: &Outcome) -> (Option<&str>, Option<&str>, Option<&str>) {
    match outcome {
        Outcome::Succeeded { output } => (Some(output.text()), None, None),
        Outcome::Failed { error, cause } | Outcome::Aborted { error, cause } => {
            (None, error.as_deref(), cause.as_deref())
        }
        Outcome::TimedOut {} => (None, None, None),
    }
}

/// The engine's values are plain data, so this does not happen; if it did, the batch fails and says
/// why.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn unwritable(error: serde_json::Error) -> Fault {
    Fault::Batch(ApiError::Internal(format!(
        "an execution can't be written: {error}"
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_that_panics_fails_its_execution_alone() {
        let definition = json!({
            "StartAt": "W",
            "States": { "W": { "Type": "Wait", "Seconds": 9, "End": true } },
        });
        let machine = StateMachine::parse(&definition.to_string()).unwrap();
        let at = Timestamp(0);
        let (execution, effects) =
            Execution::start(&machine, asl::Identity::default(), json!({}), at, 1);
        let compiled = Compiled {
            machine,
            name: "m".into(),
            role_arn: String::new(),
        };
        let mut live = Live::new(1, true, Arc::new(compiled), execution);
        for effect in effects {
            if let Effect::Record(event) = effect {
                live.record(event);
            }
        }
        let event = Event {
            at,
            kind: asl::EventKind::TimerFired { timer: TimerId(1) },
        };
        let effects = live.step_by(event, |execution, machine, event| {
            execution.step(machine, event);
            panic!("a test");
        });
        let records: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Record(event) => Some((event.id, event.details.type_name())),
                _ => None,
            })
            .collect();
        assert_eq!(records, [(3, "ExecutionFailed".to_owned())]);
        assert!(matches!(
            effects.last(),
            Some(Effect::End(Outcome::Failed { .. }))
        ));
        assert!(live.execution.is_some_and(|one| !one.is_redrivable()));
    }
}
