//! Handles failures: a retry, a catcher, or the end of the branch and then of what is around it.
//!
//! A branch that fails takes its siblings with it. Their events, and those of the Map or Parallel
//! state, point back to the event that failed, as AWS records them.

use serde_json::json;

use super::thread::{Activity, Parent, ThreadId};
use super::{Alarm, ScopeInputs, Step};
use crate::fault::{Fault, names};
use crate::retry::{Catcher, next_retry};
use crate::states::StateKind;
use crate::transition::Transition;
use crate::{Effect, Failure, HistoryDetails, Iteration, Payload, StateType};

impl Step<'_> {
    /// Returns the error and cause of a fault in a thread's state.
    pub(crate) fn failure(&self, id: ThreadId, fault: Fault) -> Failure {
        if self.inspector.is_some() {
            return fault.into_plain_failure();
        }
        let entered = self.thread(id).entered.map_or(0, |entry| entry.event);
        fault.into_failure(&self.state(id).name, entered)
    }

    /// Returns the error and cause of a fault; records an expression that failed as an event of its
    /// own.
    fn record_fault(&mut self, id: ThreadId, fault: Fault) -> Failure {
        let Fault::Evaluation { field, .. } = &fault else {
            return self.failure(id, fault);
        };
        let (field, state) = (field.clone(), self.state(id));
        let failure = self.failure(id, fault);
        let thread = self.thread(id);
        // AWS evaluates before it takes note of the entry, but for a Wait.
        let previous = match thread.entered {
            Some(entry)
                if entry.event == thread.last_event
                    && !matches!(state.kind, StateKind::Wait(_)) =>
            {
                entry.previous
            }
            _ => thread.last_event,
        };
        let details = HistoryDetails::EvaluationFailed {
            state: state.name.clone(),
            field,
            failure: failure.clone(),
        };
        let event = self.record(previous, details);
        self.thread_mut(id).last_event = event;
        failure
    }

    /// Fails the state that a thread is at.
    pub(super) fn fail(&mut self, id: ThreadId, fault: Fault) {
        // A Map or Parallel state whose own expression fails has failed, as with a branch.
        let branch_failed = matches!(fault, Fault::Evaluation { .. })
            && matches!(
                self.state(id).kind,
                StateKind::Map(_) | StateKind::Parallel(_)
            );
        let failure = self.record_fault(id, fault);
        self.unwind(id, failure, branch_failed);
    }

    /// Retries or catches a failure, from the inside out; `branch_failed` says that it is the
    /// branches, iterations or executions of the thread's state that failed.
    pub(super) fn unwind(&mut self, id: ThreadId, failure: Failure, branch_failed: bool) {
        let (mut id, mut failure, mut branch_failed) = (id, failure, branch_failed);
        let mut kept = None;
        loop {
            self.cancel_work(id);
            if self.inspect_failure(id, &failure) {
                return self.end_failed(self.thread(id).last_event, failure);
            }
            if self.retry(id, &failure) {
                return;
            }
            // This error ends the execution from wherever it is: the states around it have no
            // events of it.
            let fatal = failure.error.as_deref() == Some(names::RUNTIME);
            if branch_failed && !fatal {
                self.note_failed_branches(id);
            }
            failure = match self.catch(id, failure) {
                Some(failure) => failure,
                None => return,
            };
            self.keep_for_redrive(&mut kept);
            let parent = self.thread(id).parent.filter(|_| !fatal);
            let Some(parent) = parent else {
                self.exec.interrupted = kept.unwrap_or_default();
                return self.end_failed(self.thread(id).last_event, failure);
            };
            self.abort_siblings(parent, id);
            id = parent.thread;
            branch_failed = true;
        }
    }

    /// Sets a timer for the next attempt, if a rule of the state grants one.
    fn retry(&mut self, id: ThreadId, failure: &Failure) -> bool {
        let retriers = &self.state(id).retry;
        let attempts = &self.exec.threads[id.0 as usize].attempts;
        let Some((rule, delay)) = next_retry(retriers, attempts, failure, &mut self.exec.random)
        else {
            return false;
        };
        let attempts = &mut self.thread_mut(id).attempts;
        attempts.resize(retriers.len(), 0);
        attempts[rule] += 1;
        let timer = self.set_timer(self.now.plus_seconds(delay), Alarm::Wake(id));
        self.thread_mut(id).activity = Activity::BackingOff(timer);
        true
    }

    /// Goes to the state of the catcher that takes the failure; gives back a failure that nothing
    /// takes.
    fn catch(&mut self, id: ThreadId, failure: Failure) -> Option<Failure> {
        let mut catchers = self.state(id).catch.iter().enumerate();
        let Some((index, catcher)) =
            catchers.find(|(_, catcher)| catcher.errors.match_failure(&failure))
        else {
            return Some(failure);
        };
        self.inspect_catch(index);
        let exit = self.exit_caught(id, catcher, &failure);
        exit.err().map(|fault| self.record_fault(id, fault))
    }

    fn exit_caught(
        &mut self,
        id: ThreadId,
        catcher: &Catcher,
        failure: &Failure,
    ) -> Result<(), Fault> {
        let error: Payload = json!({"Error": failure.error, "Cause": failure.cause}).into();
        let view = ScopeInputs {
            error: Some(error.value()),
            ..ScopeInputs::default()
        };
        let (output, assigned) = self.with_scope(id, view, |input, scope| {
            let assigned = catcher.assign.evaluate(&scope.over(error.value()))?;
            let output = match &catcher.output {
                Some(output) => output.render(scope)?.into(),
                None => catcher.result_path.apply(input, error.clone())?,
            };
            Ok((output, assigned))
        })?;
        self.exit_to(id, output, assigned, Transition::State(catcher.next))
    }

    fn note_failed_branches(&mut self, id: ThreadId) {
        let failed = match self.state(id).kind {
            StateKind::Map(_) => HistoryDetails::MapStateFailed,
            _ => HistoryDetails::ParallelStateFailed,
        };
        self.note(id, failed);
    }

    /// Ends all branches of a parent, of which `failed` has failed.
    fn abort_siblings(&mut self, parent: Parent, failed: ThreadId) {
        let cause = self.thread(failed).last_event;
        let running = self
            .branches(parent.thread)
            .map(|b| std::mem::take(&mut b.running))
            .unwrap_or_default();
        let others = running.into_iter().filter(|(_, child)| *child != failed);
        self.abort_branch(
            parent.thread,
            cause,
            Iteration::Failed,
            parent.index,
            failed,
        );
        for (index, child) in others {
            self.abort_branch(parent.thread, cause, Iteration::Aborted, index, child);
        }
        let thread = self.thread_mut(parent.thread);
        thread.activity = Activity::Ready;
        thread.last_event = cause;
    }

    fn abort_branch(
        &mut self,
        parent: ThreadId,
        cause: u64,
        progress: Iteration,
        index: u32,
        child: ThreadId,
    ) {
        let state = self.state(parent);
        if matches!(state.kind, StateKind::Map(_)) {
            let (name, index) = (state.name.clone(), u64::from(index));
            self.record(
                cause,
                HistoryDetails::MapIteration {
                    progress,
                    name,
                    index,
                },
            );
        }
        self.note_aborted(child, cause);
        self.cancel_work(child);
        self.remove_thread(child);
    }

    /// Records that a state was entered and will not be left, from the inside out.
    // The recursion ends with the definition's nesting.
    fn note_aborted(&mut self, id: ThreadId, cause: u64) {
        let children = self
            .branches(id)
            .map(|b| b.running.clone())
            .unwrap_or_default();
        for (_, child) in children {
            self.note_aborted(child, cause);
        }
        let cause = self.note_aborted_map_run(id).unwrap_or(cause);
        let kind = self.state(id).kind.state_type();
        let has_event = matches!(
            kind,
            StateType::Map | StateType::Parallel | StateType::Task | StateType::Wait
        );
        if has_event && self.thread(id).entered.is_some() {
            self.record(cause, HistoryDetails::StateAborted(kind));
        }
    }

    /// Drops what a thread waits for: its timers, its task, its branches. The thread stays.
    fn cancel_work(&mut self, id: ThreadId) {
        match std::mem::replace(&mut self.thread_mut(id).activity, Activity::Ready) {
            Activity::Waiting(timer) | Activity::BackingOff(timer) => {
                self.cancel_timer(Some(timer));
            }
            Activity::Branches(branches) => {
                for (_, child) in branches.running {
                    self.cancel_work(child);
                    self.remove_thread(child);
                }
            }
            task @ Activity::Task(_) => {
                self.thread_mut(id).activity = task;
                self.cancel_task(id);
            }
            Activity::MapRun(running) => {
                self.exec.tasks.remove(&running.task);
                self.effects.push(Effect::CancelTask { task: running.task });
            }
            Activity::Ready | Activity::Over => {}
        }
    }
}
