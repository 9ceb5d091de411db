//! One running execution in memory, and how it gets to disk.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use asl::{
    Effect, Event, Execution, Failure, HistoryEvent, Outcome, Payload, StateMachine, TaskId,
    TaskRequest, TimerId, Timestamp,
};
use rusqlite::Connection;
use serde_json::Value;
use tokio::task::AbortHandle;

use super::Fault;
use super::compiled::Compiled;
use super::map_runs::Child;
use crate::states::error::ApiError;
use crate::states::store::{executions, history, interrupted, live};

/// How an execution ended, and when.
#[derive(Clone, Debug)]
pub(in super::super) struct Ended {
    pub(in super::super) outcome: Outcome,
    pub(in super::super) at: Timestamp,
}

/// A running execution.
pub(super) struct Live {
    pub(super) id: i64,
    /// Executions of EXPRESS state machines are in memory only.
    durable: bool,
    compiled: Arc<Compiled>,
    execution: Execution,
    /// Which child of which map run it is.
    map_run: Option<Child>,
    /// What runs for it now.
    pub(super) tasks: HashMap<TaskId, AbortHandle>,
    /// Those of them that wait for a job, which stops when the task is given up.
    pub(super) jobs: HashMap<TaskId, TaskRequest>,
    /// The tokens of the tasks that end by them.
    pub(super) tokens: HashMap<TaskId, String>,
    /// What it waits for.
    pub(super) timers: HashMap<TimerId, Timestamp>,
    disk: OnDisk,
    unsaved: Unsaved,
}

/// What of an execution has been written.
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

/// What happened since the last commit.
#[derive(Default)]
struct Unsaved {
    history: Vec<HistoryEvent>,
    journal: Vec<String>,
    ended: Option<Timestamp>,
}

impl Live {
    /// One that begins now. Its effects are the caller's to perform.
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
            execution,
            map_run: None,
            tasks: HashMap::new(),
            jobs: HashMap::new(),
            tokens: HashMap::new(),
            timers: HashMap::new(),
            disk: OnDisk::default(),
            unsaved: Unsaved::default(),
        }
    }

    /// The same as a child of a map run.
    pub(super) fn of_map_run(mut self, child: Child) -> Self {
        self.map_run = Some(child);
        self
    }

    /// Which child of which map run it is.
    pub(super) fn map_run(&self) -> Option<Child> {
        self.map_run
    }

    /// What it runs.
    pub(super) fn compiled(&self) -> Arc<Compiled> {
        Arc::clone(&self.compiled)
    }

    /// What the Map state of a map run makes of an item.
    pub(super) fn map_item(
        &mut self,
        task: TaskId,
        index: u64,
        item: Value,
    ) -> Result<Payload, Failure> {
        let machine = &self.compiled.machine;
        self.execution.map_item(machine, task, index, item)
    }

    /// One that was left by an earlier process: the snapshot, and the journal played over it. What the journal's
    /// events once asked for has been done; what is still to be done is [`Live::outstanding`].
    pub(super) fn restore(
        left: &live::Left,
        compiled: Arc<Compiled>,
    ) -> Result<Self, serde_json::Error> {
        let execution = serde_json::from_str(&left.snapshot)?;
        let mut this = Live::new(left.execution, true, compiled, execution);
        this.map_run = left.map_run;
        for event in &left.journal {
            let event: Event = serde_json::from_str(event)?;
            this.execution.step(&this.compiled.machine, event);
        }
        this.disk = OnDisk {
            recorded: left.recorded,
            snapshot: left.snapshot.len(),
            journal: left.journal.iter().map(String::len).sum(),
            entries: left.journal.len() as i64,
        };
        Ok(this)
    }

    /// Its ARN.
    pub(super) fn arn(&self) -> &str {
        &self.execution.identity().execution_arn
    }

    /// One that had ended without success, before it is redriven: of running executions' tables it is in none.
    pub(super) fn revive(
        left: &live::Left,
        compiled: Arc<Compiled>,
    ) -> Result<Self, serde_json::Error> {
        let mut this = Live::restore(left, compiled)?;
        this.disk.snapshot = 0;
        Ok(this)
    }

    /// The tasks and timers that it waits for.
    pub(super) fn outstanding(&self) -> Vec<Effect> {
        self.execution.outstanding()
    }

    /// Takes in an event.
    pub(super) fn step(&mut self, event: Event) -> Result<Vec<Effect>, Fault> {
        if self.durable {
            let text = serde_json::to_string(&event).map_err(unwritable)?;
            self.unsaved.journal.push(text);
        }
        Ok(self.step_by(event, Execution::step))
    }

    /// A step that panics, which none should, fails this execution and leaves the others alone.
    fn step_by(
        &mut self,
        event: Event,
        step: impl FnOnce(&mut Execution, &StateMachine, Event) -> Vec<Effect>,
    ) -> Vec<Effect> {
        let at = event.at;
        let (execution, machine) = (&mut self.execution, &self.compiled.machine);
        let stepped = AssertUnwindSafe(|| step(execution, machine, event));
        catch_unwind(stepped).unwrap_or_else(|_| {
            let recorded = self.disk.recorded + self.unsaved.history.len() as i64;
            let recorded = u64::try_from(recorded).unwrap_or(0);
            let cause =
                "The local stack failed while it ran this execution; its log says more".into();
            self.execution
                .abandon(&self.compiled.machine, at, recorded, cause)
        })
    }

    /// Notes an event of the history.
    pub(super) fn record(&mut self, event: HistoryEvent) {
        if self.durable {
            self.unsaved.history.push(event);
        }
    }

    /// Notes the end.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.unsaved.ended = Some(at);
    }

    /// How and when it ended, if it has.
    pub(super) fn ended(&self) -> Option<Ended> {
        let at = self.unsaved.ended?;
        self.execution
            .outcome()
            .cloned()
            .map(|outcome| Ended { outcome, at })
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
        let text = serde_json::to_string(&events).map_err(unwritable)?;
        let last = self.disk.recorded + events.len() as i64;
        history::append(db, self.id, (self.disk.recorded + 1, last), &text)?;
        self.disk.recorded = last;
        Ok(())
    }

    /// An execution that ends in the batch in which it began was never in `live`.
    fn save_end(&mut self, db: &Connection, ended: &Ended) -> Result<(), Fault> {
        if self.disk.snapshot > 0 {
            live::remove(db, self.id)?;
        }
        let (output, error, cause) = parts(&ended.outcome);
        let end = executions::End {
            status: ended.outcome.status(),
            stopped: ended.at.0,
            output,
            error,
            cause,
        };
        executions::finish(db, self.id, &end)?;
        if self.execution.is_redrivable() {
            let snapshot = serde_json::to_string(&self.execution).map_err(unwritable)?;
            interrupted::put(db, self.id, &snapshot)?;
        }
        Ok(())
    }

    /// Appends to the journal until that is as long as the snapshot, and then writes a new snapshot: so what is
    /// written stays within twice what happened, and what is read at a restart within twice the state.
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
        let snapshot = serde_json::to_string(&self.execution).map_err(unwritable)?;
        live::snapshot(db, self.id, &snapshot)?;
        self.disk.snapshot = snapshot.len();
        self.disk.journal = 0;
        self.disk.entries = 0;
        Ok(())
    }
}

/// Output, error and cause of an outcome.
pub(in super::super) fn parts(outcome: &Outcome) -> (Option<&str>, Option<&str>, Option<&str>) {
    match outcome {
        Outcome::Succeeded { output } => (Some(output.text()), None, None),
        Outcome::Failed { error, cause } | Outcome::Aborted { error, cause } => {
            (None, error.as_deref(), cause.as_deref())
        }
        Outcome::TimedOut {} => (None, None, None),
    }
}

/// The engine's values are plain data, so this does not happen; if it did, the batch fails and says why.
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
        assert!(!live.execution.is_redrivable());
    }
}
