//! Map runs: the children of Distributed Maps, started, counted and ended.
//!
//! | phase   | on                           | does                                                   | then    |
//! |---------|------------------------------|--------------------------------------------------------|---------|
//! | reading | a page of items              | asks the Map what it makes of each; batches; rows      | reading |
//! | reading | the end of the items         |                                                        | running |
//! | running | room, and children that wait | starts some                                            | running |
//! | running | a child ended                | its result's row; the tally                            | running |
//! | running | too many failed              | stops the others                                       | ending  |
//! | running | none is left                 |                                                        | ending  |
//! | ending  | results are written          | reports to the Map state                               | over    |
//!
//! A redrive of the execution takes up a map run that ended without success: its children that did
//! not succeed wait once more. Those that are executions of their own go on where they failed,
//! EXPRESS ones begin anew.
//!
//! A child's end, its result and the tally are one transaction, so a child that is done is never
//! run again. A crash while items are read starts the reading anew: no child has begun then.

mod children;
mod ending;
mod items;
mod jobs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use asl::{Failure, MapRunRequest, TaskId, Timestamp};
use tokio::task::AbortHandle;

use super::Fault;
use super::batch::Engine;
use super::compiled::Compiled;
use crate::arn;
use crate::map_runs::{Jobs, Shape};
use crate::store::executions;
use crate::store::map_runs::{self, Limits};

pub(super) use crate::store::map_runs::ChildId;
pub(super) use items::Batches;
pub(super) use jobs::Report;

/// The maximum number of concurrent children. AWS runs up to 10,000; here all share one process's
/// memory.
const MAX_CONCURRENCY: usize = 1_000;

/// All running map runs.
pub(super) struct MapRuns {
    runs: HashMap<i64, MapRun>,
    /// The map runs that have changed.
    ready: BTreeSet<i64>,
    jobs: Arc<Jobs>,
}

/// A map run that is under way.
struct MapRun {
    id: i64,
    /// The execution whose Map state it is of.
    execution: i64,
    task: TaskId,
    request: Arc<MapRunRequest>,
    compiled: Arc<Compiled>,
    /// The rows of the state machine and of its revision.
    machine: (i64, i64),
    phase: Phase,
    limits: Limits,
    tally: Tally,
    /// The children that run, with their executions.
    running: BTreeMap<i64, i64>,
    /// The reason for its failure, set while results are still being written.
    failure: Option<Failure>,
    /// The job that reads its items or writes its results.
    job: Option<AbortHandle>,
}

enum Phase {
    Reading(Batches),
    Running,
    Ending,
}

/// The counts of children by status.
#[derive(Default)]
struct Tally {
    items: i64,
    failed_items: i64,
    /// Children that have not begun.
    pending: i64,
    /// The length of the results that have come, at least.
    bytes: usize,
}

impl MapRuns {
    pub(super) fn new(jobs: Jobs) -> Self {
        MapRuns {
            runs: HashMap::new(),
            ready: BTreeSet::new(),
            jobs: Arc::new(jobs),
        }
    }

    /// Forgets everything; what ran for it is abandoned.
    pub(super) fn clear(&mut self) {
        self.ready.clear();
        for (_, run) in self.runs.drain() {
            run.abandon();
        }
    }

    fn of_task(&self, execution: i64, task: TaskId) -> Option<i64> {
        let mut runs = self.runs.values();
        let run = runs.find(|run| run.execution == execution && run.task == task);
        run.map(|run| run.id)
    }
}

impl MapRun {
    fn abandon(self) {
        if let Some(job) = self.job {
            job.abort();
        }
    }

    /// Returns the number of further children that may run.
    fn free_slots(&self) -> usize {
        let requested = usize::try_from(self.limits.max_concurrency).unwrap_or(MAX_CONCURRENCY);
        let max = if requested == 0 {
            MAX_CONCURRENCY
        } else {
            requested.min(MAX_CONCURRENCY)
        };
        max.saturating_sub(self.running.len())
    }

    /// Returns true if the failures exceed the tolerance. A limit of 0 counts as none if the other
    /// is set.
    fn has_failed(&self) -> bool {
        let count = self.limits.tolerated_count.filter(|count| *count > 0);
        let percentage = self.limits.tolerated_percentage.filter(|p| *p > 0.0);
        let failed = self.tally.failed_items;
        if count.is_none() && percentage.is_none() {
            return failed > 0;
        }
        let max = |percentage: f64| percentage * self.tally.items as f64;
        count.is_some_and(|count| failed > count)
            || percentage.is_some_and(|percentage| failed as f64 * 100.0 > max(percentage))
    }

    /// Returns the format of the results.
    fn shape(&self) -> Shape {
        let run_arn = &self.request.map_run_arn;
        let machine = run_arn.rsplit_once(':').map_or("", |(machine, _)| machine);
        let named = |kind: &str| machine.replacen(":mapRun:", &format!(":{kind}:"), 1);
        Shape {
            transformation: self.request.results.transformation,
            lines: self.request.results.lines,
            execution_arn: format!("{}:", named("execution")),
            machine_arn: named("stateMachine"),
        }
    }
}

impl Engine {
    /// Starts a map run for a Distributed Map, or continues one that has ended.
    pub(super) fn start_map_run(
        &mut self,
        execution: i64,
        task: TaskId,
        request: &MapRunRequest,
        at: Timestamp,
    ) -> Result<(), Fault> {
        if request.redrives > 0
            && let Some(row) = map_runs::of_task(&self.db, execution, task.0 as i64)?
        {
            map_runs::redrive(&self.db, row.id, request.redrives, at.0)?;
            return self.continue_map_run(&row, execution, task, request);
        }
        let limits = Limits {
            max_concurrency: i64::try_from(request.max_concurrency).unwrap_or(i64::MAX),
            tolerated_count: request
                .tolerated_failure_count
                .map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
            tolerated_percentage: request.tolerated_failure_percentage,
        };
        let new = map_runs::NewMapRun {
            execution,
            task: task.0 as i64,
            uuid: arn::map_run_uuid(&request.map_run_arn),
            label: &request.label,
            started: at.0,
            limits,
        };
        let id = map_runs::insert(&self.db, &new)?;
        self.add_map_run(id, execution, task, request, limits)
    }

    /// Takes up a map run that an earlier process left.
    pub(super) fn resume_map_run(
        &mut self,
        execution: i64,
        task: TaskId,
        request: &MapRunRequest,
    ) -> Result<(), Fault> {
        let Some(row) = map_runs::of_task(&self.db, execution, task.0 as i64)? else {
            let now = self.clock.now();
            return self.start_map_run(execution, task, request, now);
        };
        if request.express {
            map_runs::restart_running(&self.db, row.id)?;
        }
        self.continue_map_run(&row, execution, task, request)
    }

    fn continue_map_run(
        &mut self,
        row: &map_runs::MapRun,
        execution: i64,
        task: TaskId,
        request: &MapRunRequest,
    ) -> Result<(), Fault> {
        if row.reading {
            map_runs::clear_children(&self.db, row.id)?;
            return self.add_map_run(row.id, execution, task, request, row.limits);
        }
        let mut tally = Tally::default();
        for (status, count) in map_runs::counts(&self.db, row.id)? {
            tally.items += count.items;
            match &*status {
                "PENDING" | map_runs::REDRIVEN => tally.pending += count.children,
                "RUNNING" | "SUCCEEDED" => {}
                _ => tally.failed_items += count.items,
            }
        }
        let running = executions::running_children(&self.db, row.id)?;
        self.add_map_run(row.id, execution, task, request, row.limits)?;
        if let Some(run) = self.map_runs.runs.get_mut(&row.id) {
            run.phase = Phase::Running;
            run.tally = tally;
            run.running = running.into_iter().collect();
            self.map_runs.ready.insert(row.id);
        }
        Ok(())
    }

    fn add_map_run(
        &mut self,
        id: i64,
        execution: i64,
        task: TaskId,
        request: &MapRunRequest,
        limits: Limits,
    ) -> Result<(), Fault> {
        let Some(live) = self.live.get(&execution) else {
            return Ok(());
        };
        let run = MapRun {
            id,
            execution,
            task,
            request: Arc::new(request.clone()),
            compiled: live.compiled(),
            machine: executions::machine(&self.db, execution)?,
            phase: Phase::Reading(Batches::default()),
            limits,
            tally: Tally::default(),
            running: BTreeMap::new(),
            failure: None,
            job: None,
        };
        self.map_runs.runs.insert(id, run);
        self.batch.map_jobs.push(id);
        Ok(())
    }

    /// Stops the children of a map run that nobody waits for any more, in the transaction that
    /// gives it up.
    pub(super) fn cancel_map_run(&mut self, execution: i64, task: TaskId) -> Result<(), Fault> {
        let Some(id) = self.map_runs.of_task(execution, task) else {
            return Ok(());
        };
        self.stop_children_of(id)?;
        let at = self.clock.now();
        map_runs::finish(&self.db, id, "ABORTED", at.0)?;
        if let Some(run) = self.map_runs.runs.remove(&id) {
            run.abandon();
        }
        Ok(())
    }

    /// Goes on with the map runs that something has happened to, each as far as one batch should
    /// go.
    pub(super) fn advance_map_runs(&mut self) -> Result<(), Fault> {
        for id in std::mem::take(&mut self.map_runs.ready) {
            self.advance_map_run(id)?;
        }
        if !self.map_runs.ready.is_empty() {
            self.go_on_later();
        }
        Ok(())
    }
}
