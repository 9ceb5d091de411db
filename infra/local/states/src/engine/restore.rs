//! Takes up executions that an earlier process left running.

use asl::{Effect, Pattern, Resource, TaskId, TaskRequest};

use super::Fault;
use super::batch::Engine;
use super::live::Live;
use crate::store::live;

impl Engine {
    /// Loads the executions that are on disk and not in memory.
    pub(super) fn resume(&mut self) -> Result<usize, Fault> {
        let mut resumed = 0;
        for id in live::ids(&self.db)? {
            if !self.live.contains_key(&id) && self.restore(id)? {
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    /// Restores an execution; returns false if nothing readable is left of it.
    pub(super) fn restore(&mut self, id: i64) -> Result<bool, Fault> {
        let saved = live::read(&self.db, id)?;
        let compiled = match self.compiled.of_revision(&self.db, saved.revision) {
            Err(Fault::Caller(error)) => return Ok(unreadable(id, &error)),
            other => other?,
        };
        let live = match Live::restore(&saved, compiled) {
            Err(error) => return Ok(unreadable(id, &error)),
            Ok(live) => live,
        };
        let outstanding = live.outstanding();
        self.live.insert(id, live);
        self.restore_pending(id)?;
        for effect in outstanding {
            let Some(live) = self.live.get(&id).filter(|live| live.ended().is_none()) else {
                break;
            };
            let begun = |task| live.has_begun(task);
            match effect {
                Effect::StartTask { task, .. } | Effect::StartMapRun { task, .. }
                    if live.has_ended(task) => {}
                Effect::StartTask { task, mut request } => {
                    request.submitted |= begun(task);
                    self.take_up(id, task, request);
                }
                Effect::StartMapRun { task, request } => {
                    self.resume_map_run(id, task, &request)?;
                }
                timer => {
                    let now = self.clock.now();
                    self.perform(id, vec![timer], now)?;
                }
            }
        }
        self.assign_new_tasks()?;
        Ok(true)
    }

    /// A task of which nothing is known to have come: it runs once more, unless only its token is
    /// waited for.
    fn take_up(&mut self, id: i64, task: TaskId, request: TaskRequest) {
        self.keep_waiting(id, task, &request);
        let only_waits = match &request.resource {
            Resource::Activity { .. } => true,
            Resource::Function { .. } => false,
            Resource::Service { pattern, .. } => {
                request.submitted && *pattern == Pattern::WaitForTaskToken
            }
        };
        if !only_waits {
            self.batch.launches.push((id, task, request));
        }
    }
}

/// Logs that an execution can't be read, and leaves it on disk for a program that can.
fn unreadable(execution: i64, error: &dyn std::error::Error) -> bool {
    tracing::error!(execution, %error, "a running execution can't be restored; it stays on disk \
                                        as it is");
    false
}
