//! Redrives an execution that ended without success: it goes on where it was.
//!
//! The engine keeps the threads of a failed execution as they stood at the end: finished branches
//! and iterations keep their outputs, and failed or stopped ones keep the state that they did not
//! leave. A redrive runs these states again, on the same input. A state that was entered is
//! not entered again, and the map run of a Distributed Map goes on too: with the children that did
//! not succeed.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>

use super::Step;
use super::thread::{Activity, Thread, ThreadId};
use crate::HistoryDetails;

impl Step<'_> {
    /// Keeps the threads as they are, before a failure that may end the execution takes branches
    /// apart.
    pub(super) fn keep_for_redrive(&mut self, kept: &mut Option<Vec<Thread>>) {
        kept.get_or_insert_with(|| self.exec.threads.clone());
    }

    pub(super) fn redrive(&mut self) {
        self.exec.outcome = None;
        let redrives = self.exec.identity.redrives.unwrap_or(0) + 1;
        self.exec.identity.redrives = Some(redrives);
        self.exec.identity.redriven = Some(self.now);
        let redriven = HistoryDetails::ExecutionRedriven { count: redrives };
        let redriven = self.record(self.exec.events, redriven);
        self.exec.threads = std::mem::take(&mut self.exec.interrupted);
        self.set_execution_timeout(self.machine.timeout_seconds);
        for index in 0..self.exec.threads.len() {
            self.resume_thread(ThreadId(index as u32), redriven);
        }
    }

    fn resume_thread(&mut self, id: ThreadId, redriven: u64) {
        match &self.thread(id).activity {
            Activity::Over => return self.exec.free.push(id),
            Activity::Branches(_) => return,
            _ => {}
        }
        let thread = self.thread_mut(id);
        thread.attempts.clear();
        thread.last_event = redriven;
        let failed = thread.failed_map_run.take();
        match std::mem::replace(&mut thread.activity, Activity::Ready) {
            Activity::MapRun(running) => self.redrive_map_run(id, *running),
            _ => match failed {
                Some(running) => self.redrive_map_run(id, *running),
                None => self.schedule(id),
            },
        }
    }
}
