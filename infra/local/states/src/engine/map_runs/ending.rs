//! Ends map runs: collects their results, and reports to the Map state.

use asl::{EventKind, Failure, FailureStage, MAX_PAYLOAD_BYTES, Transformation};
use serde_json::Value;

use super::super::Fault;
use super::super::batch::Engine;
use super::{MapRun, Phase};
use crate::map_runs::{WriteResult, child_results};
use crate::store::map_runs::{self, Child};

/// The number of results read at a time: each may be as long as a payload.
const PAGE: usize = 16;

impl Engine {
    /// More items failed than may: stops the children, but writes what there is.
    pub(super) fn too_many_failed(&mut self, id: i64) -> Result<(), Fault> {
        self.stop_children_of(id)?;
        if let Some(run) = self.map_runs.runs.get_mut(&id) {
            run.failure = Some(Failure {
                error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
                cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
            });
        }
        self.end_map_run(id)
    }

    /// Fails a map run immediately.
    pub(super) fn fail_map_run(&mut self, id: i64, failure: Failure) -> Result<(), Fault> {
        self.stop_children_of(id)?;
        self.finish_map_run(id, Err(failure))
    }

    /// The children are done: has results written, or collects them.
    pub(super) fn end_map_run(&mut self, id: i64) -> Result<(), Fault> {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return Ok(());
        };
        run.phase = Phase::Ending;
        if run.request.results.destination.is_some() {
            self.batch.map_jobs.push(id);
            return Ok(());
        }
        let result = match run.failure.take() {
            Some(failure) => Err(failure),
            None => run.collect(&self.db)?,
        };
        self.finish_map_run(id, result)
    }

    /// Results were written, or could not be.
    pub(super) fn results_written(&mut self, id: i64, result: WriteResult) -> Result<(), Fault> {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return Ok(());
        };
        let result = match run.failure.take() {
            Some(failure) => Err(failure),
            None => result,
        };
        self.finish_map_run(id, result)
    }

    /// Tells the Map state.
    fn finish_map_run(&mut self, id: i64, result: WriteResult) -> Result<(), Fault> {
        let Some(run) = self.map_runs.runs.remove(&id) else {
            return Ok(());
        };
        let status = if result.is_ok() {
            "SUCCEEDED"
        } else {
            "FAILED"
        };
        let at = self.clock.now();
        map_runs::finish(&self.db, id, status, at.0)?;
        let (execution, task) = (run.execution, run.task);
        run.abandon();
        let kind = match result {
            Ok(output) => EventKind::TaskSucceeded {
                task,
                output: output.into(),
            },
            Err(Failure { error, cause }) => EventKind::TaskFailed {
                task,
                stage: FailureStage::Run,
                error,
                cause,
            },
        };
        self.apply(execution, kind)
    }
}

impl MapRun {
    /// The state's result: all children's, in the order of their items.
    fn collect(&self, db: &rusqlite::Connection) -> rusqlite::Result<WriteResult> {
        let shape = self.shape();
        let (mut values, mut bytes, mut after) = (Vec::new(), 0, -1);
        loop {
            let children = map_runs::children(db, self.id, after, PAGE)?;
            let Some(last) = children.last() else { break };
            after = last.seq;
            for value in children
                .iter()
                .flat_map(|child: &Child| child_results(child, &shape, Transformation::Compact))
            {
                bytes += value.to_string().len() + 1;
                values.push(value);
            }
            if bytes > MAX_PAYLOAD_BYTES {
                return Ok(Err(self.too_long()));
            }
        }
        if !shape.lines {
            return Ok(Ok(Value::Array(values)));
        }
        let lines: Vec<String> = values.iter().map(Value::to_string).collect();
        Ok(Ok(Value::String(lines.join("\n"))))
    }

    /// Returns true if the results so far are too long to return to the Map state.
    pub(super) fn results_too_long(&self) -> bool {
        self.request.results.destination.is_none() && self.tally.bytes > MAX_PAYLOAD_BYTES
    }

    pub(super) fn too_long(&self) -> Failure {
        Failure {
            error: Some("States.DataLimitExceeded".to_owned()),
            cause: Some(format!(
                "The state/task '{}' returned a result with a size exceeding the maximum number \
                 of bytes service limit.",
                self.request.state
            )),
        }
    }
}
