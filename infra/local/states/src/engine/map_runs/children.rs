//! The executions of a map run.

use asl::{Event, EventKind, Execution, Outcome, Timestamp};

use super::super::Fault;
use super::super::batch::Engine;
use super::super::live::{Live, parts};
use super::{ChildId, MapRun, Phase};
use crate::arn;
use crate::error::ApiError;
use crate::handle::new_uuid;
use crate::store::{executions, map_runs};
use service::Identity;

/// The maximum number of children of a map run that one batch starts; the next batch continues.
const MAX_STARTED: usize = 256;

impl Engine {
    /// Starts children as long as there is room, and sees whether it is over.
    pub(super) fn advance_map_run(&mut self, id: i64) -> Result<(), Fault> {
        let mut remaining = MAX_STARTED;
        loop {
            let Some(run) = self.map_runs.runs.get(&id) else {
                return Ok(());
            };
            if !matches!(run.phase, Phase::Running) {
                return Ok(());
            }
            if run.has_failed() {
                return self.too_many_failed(id);
            }
            if run.results_too_long() {
                let failure = run.too_long();
                return self.fail_map_run(id, failure);
            }
            if run.tally.pending == 0 && run.running.is_empty() {
                return self.end_map_run(id);
            }
            let free_slots = run.free_slots().min(remaining);
            if free_slots == 0 {
                break;
            }
            let mut waiting = map_runs::waiting(&self.db, id, "PENDING", free_slots)?;
            if waiting.is_empty() {
                waiting = map_runs::waiting(&self.db, id, map_runs::REDRIVEN, free_slots)?;
            }
            if waiting.is_empty() {
                return Ok(());
            }
            remaining -= waiting.len();
            for (seq, input) in waiting {
                self.start_child(ChildId { map_run: id, seq }, &input)?;
            }
        }
        if remaining == 0 {
            self.map_runs.ready.insert(id);
        }
        Ok(())
    }

    fn start_child(&mut self, child: ChildId, input: &str) -> Result<(), Fault> {
        let at = self.clock.now();
        if let Some((id, revision)) = self.find_started(child)? {
            return self.redrive_child(child, id, revision, at);
        }
        let name = new_uuid();
        let id = self.child_row(child, &name, input, at)?;
        let Some(run) = self.map_runs.runs.get_mut(&child.map_run) else {
            return Ok(());
        };
        run.tally.pending -= 1;
        run.running.insert(child.seq, id);
        let unreadable =
            |error| ApiError::Internal(format!("a child's input can't be read: {error}"));
        let input = serde_json::from_str(input).map_err(unreadable)?;
        let identity = run.child_identity(&self.identity, name);
        let compiled = run.compiled.clone();
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let execution = Execution::child(&run.request, identity, input, at, seed);
        let live = Live::new(id, id > 0, compiled, execution).of_map_run(child);
        self.live.insert(id, live);
        self.batch.touched.insert(id);
        let kind = EventKind::Start;
        self.apply_at(id, Event { at, kind })
    }

    /// The execution that a child of a redriven map run has already, and its revision.
    fn find_started(&self, child: ChildId) -> Result<Option<(i64, i64)>, Fault> {
        let run = self.map_runs.runs.get(&child.map_run);
        if run.is_none_or(|run| run.request.redrives == 0) {
            return Ok(None);
        }
        Ok(executions::of_child(&self.db, child.map_run, child.seq)?)
    }

    /// Takes up a child that ended without success.
    fn redrive_child(
        &mut self,
        child: ChildId,
        id: i64,
        revision: i64,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let live = self.revive(id, revision)?.of_map_run(child);
        executions::redrive(&self.db, id, None, at.0)?;
        map_runs::child_redriven(&self.db, child.map_run, child.seq)?;
        let Some(run) = self.map_runs.runs.get_mut(&child.map_run) else {
            return Ok(());
        };
        run.tally.pending -= 1;
        run.running.insert(child.seq, id);
        self.live.insert(id, live);
        self.batch.touched.insert(id);
        self.apply(id, EventKind::Redrive)
    }

    /// Writes that a child begins, and gives its execution's id. Only STANDARD ones have a row of
    /// an execution.
    fn child_row(
        &mut self,
        child: ChildId,
        name: &str,
        input: &str,
        at: Timestamp,
    ) -> Result<i64, Fault> {
        map_runs::child_started(&self.db, child.map_run, child.seq, name, at.0)?;
        let standard = self.map_runs.runs.get(&child.map_run);
        let Some(run) = standard.filter(|run| !run.request.express) else {
            self.last_express -= 1;
            return Ok(self.last_express);
        };
        let (machine, revision) = run.machine;
        let new = executions::NewExecution {
            machine,
            revision,
            name,
            started: at.0,
            input,
            trace_header: None,
            parent: None,
            map_run: Some(child),
            target: &executions::Target::default(),
        };
        let taken = || ApiError::Internal(format!("the name {name} is taken"));
        Ok(executions::insert(&self.db, &new)?.ok_or_else(taken)?)
    }

    /// A child has ended.
    pub(in crate::engine) fn child_ended(
        &mut self,
        child: ChildId,
        outcome: &Outcome,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let (output, error, cause) = parts(outcome);
        let end = executions::ExecutionEnd {
            status: outcome.status(),
            stopped: at.0,
            output,
            error,
            cause,
        };
        let items = map_runs::child_ended(&self.db, child.map_run, child.seq, &end)?;
        if let Some(run) = self.map_runs.runs.get_mut(&child.map_run) {
            run.running.remove(&child.seq);
            if let Outcome::Succeeded { output } = outcome {
                run.tally.bytes += output.text().len().saturating_sub("[]".len());
            } else {
                run.tally.failed_items += items;
            }
            self.map_runs.ready.insert(child.map_run);
        }
        Ok(())
    }

    /// Stops the children that run; none is started any more.
    pub(super) fn stop_children_of(&mut self, id: i64) -> Result<(), Fault> {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return Ok(());
        };
        run.phase = Phase::Ending;
        let running: Vec<i64> = run.running.values().copied().collect();
        for execution in running {
            let (error, cause) = (None, None);
            self.apply(execution, EventKind::Stop { error, cause })?;
        }
        Ok(())
    }
}

impl MapRun {
    /// Returns the identity of the child called `name`.
    fn child_identity(&self, here: &Identity, name: String) -> asl::Identity {
        let shape = self.shape();
        let machine = format!("{}/{}", self.compiled.name, self.request.label);
        asl::Identity {
            execution_arn: if self.request.express {
                arn::express(here, &machine, &name)
            } else {
                format!("{}{name}", shape.execution_arn)
            },
            execution_name: name,
            role_arn: self.compiled.role_arn.clone(),
            state_machine_arn: shape.machine_arn,
            state_machine_name: machine,
            region: here.region.clone(),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            redrives: Some(0),
            redriven: None,
        }
    }
}
