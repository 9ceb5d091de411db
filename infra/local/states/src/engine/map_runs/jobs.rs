//! Runs the jobs of map runs outside the engine's thread, and reports their results to it.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use asl::Failure;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::oneshot;

use super::super::batch::Engine;
use super::super::{Command, Fault};
use super::Phase;
use crate::map_runs::{Destination, Pages, WriteResult};
use crate::store::map_runs;

/// A report to the engine about a map run.
pub(in crate::engine) enum Report {
    /// A page of items. The reply is sent when they are on disk, and is true if more are wanted.
    Items {
        items: Vec<Value>,
        more: oneshot::Sender<bool>,
    },
    /// All items have been read, or reading failed.
    Read(Result<(), Failure>),
    /// Results are in S3.
    WriteResult(WriteResult),
    /// The limits were changed, or a batch ended before it was done.
    GoOn,
}

/// Hands pages to the engine, one at a time.
struct ToEngine {
    commands: Sender<Command>,
    map_run: i64,
}

#[async_trait]
impl Pages for ToEngine {
    async fn page(&mut self, items: Vec<Value>) -> bool {
        let (more, receiver) = oneshot::channel();
        let report = Report::Items { items, more };
        let map_run = self.map_run;
        let sent = self.commands.send(Command::MapRun { map_run, report });
        sent.is_ok() && receiver.await.unwrap_or(false)
    }
}

impl Engine {
    /// Applies a report on a map run.
    pub(in crate::engine) fn map_run_report(
        &mut self,
        id: i64,
        report: Report,
    ) -> Result<(), Fault> {
        match report {
            Report::Items { items, more } => {
                let Some((items, more)) = self.defer_page(id, items, more) else {
                    return Ok(());
                };
                let requested = self.take_items(id, items)?;
                self.batch.releases.push(Box::new(move |committed| {
                    // What was not committed is read again by another job.
                    let _ = more.send(requested && committed.is_ok());
                }));
                Ok(())
            }
            Report::Read(outcome) => self.all_items_read(id, outcome),
            Report::WriteResult(result) => self.results_written(id, result),
            Report::GoOn => {
                if let Some(run) = self.map_runs.runs.get_mut(&id)
                    && let Some(row) = map_runs::by_id(&self.db, id)?
                {
                    run.limits = row.limits;
                    self.map_runs.ready.insert(id);
                }
                Ok(())
            }
        }
    }

    /// Takes up, in the next batch, what this one left.
    pub(super) fn go_on_later(&self) {
        for id in &self.map_runs.ready {
            let (map_run, report) = (*id, Report::GoOn);
            // The engine itself holds the other end.
            let _ = self.commands.send(Command::MapRun { map_run, report });
        }
    }

    /// Starts what a map run needs next, after the commit.
    pub(in crate::engine) fn launch_map_job(&mut self, id: i64) {
        let Some(run) = self.map_runs.runs.get_mut(&id) else {
            return;
        };
        let jobs = Arc::clone(&self.map_runs.jobs);
        let commands = self.commands.clone();
        let request = Arc::clone(&run.request);
        let report = move |report: Report| {
            // The engine may have shut down.
            let _ = commands.send(Command::MapRun {
                map_run: id,
                report,
            });
        };
        let job = match (&run.phase, &run.request.results.destination) {
            (Phase::Reading(_), _) => {
                let commands = self.commands.clone();
                self.runtime.spawn(async move {
                    let map_run = id;
                    let mut pages = ToEngine { commands, map_run };
                    report(Report::Read(jobs.read(&request.source, &mut pages).await));
                })
            }
            (Phase::Ending, Some(parameters)) => {
                let to = Destination {
                    map_run: id,
                    map_run_arn: request.map_run_arn.clone(),
                    parameters: parameters.value().clone(),
                    shape: run.shape(),
                };
                self.runtime
                    .spawn(async move { report(Report::WriteResult(jobs.write(&to).await)) })
            }
            _ => return,
        };
        run.job = Some(job.abort_handle());
    }
}
