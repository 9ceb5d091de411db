//! Leaves states: the output, the variables, the exit event, and the transition.

use serde_json::Value;

use super::Step;
use super::scope::ScopeInputs;
use super::thread::{Thread, ThreadId};
use crate::data_flow::DataFlow;
use crate::fault::Fault;
use crate::inspector::Stage;
use crate::scope::Scope;
use crate::transition::{StateId, Transition};
use crate::variables::{Assigned, MAX_STORED_BYTES, VariableLookup};
use crate::{HistoryDetails, Outcome, Payload};

/// The scopes of variables around a thread, from its own outwards.
pub(super) struct ThreadVariables<'a> {
    pub(super) threads: &'a [Thread],
    pub(super) innermost: ThreadId,
}

impl VariableLookup for ThreadVariables<'_> {
    fn variable(&self, name: &str) -> Option<&Value> {
        let mut thread = &self.threads[self.innermost.0 as usize];
        loop {
            if let Some(value) = thread.variables.variable(name) {
                return Some(value);
            }
            thread = &self.threads[thread.parent?.thread.0 as usize];
        }
    }
}

impl Step<'_> {
    /// Leaves a Task, Map or Parallel state: makes the output of its result, and goes on.
    pub(crate) fn exit_with(&mut self, id: ThreadId, result: &Payload) -> Result<(), Fault> {
        let view = ScopeInputs {
            result: Some(result.value()),
            ..ScopeInputs::default()
        };
        self.exit_as(id, view, |data_flow, _, scope| {
            scope.record_stage(Stage::Result, result);
            data_flow.selected_result(result.clone(), scope)
        })
    }

    /// Leaves a state of another type; `select` gives what it passes on, before that is placed in
    /// the output.
    pub(crate) fn leave(
        &mut self,
        id: ThreadId,
        select: impl FnOnce(&DataFlow, &Payload, &Scope<'_>) -> Result<Payload, Fault>,
    ) -> Result<(), Fault> {
        self.exit_as(id, ScopeInputs::default(), select)
    }

    fn exit_as(
        &mut self,
        id: ThreadId,
        view: ScopeInputs<'_>,
        select: impl FnOnce(&DataFlow, &Payload, &Scope<'_>) -> Result<Payload, Fault>,
    ) -> Result<(), Fault> {
        let state = self.state(id);
        let (output, assigned) = self.with_scope(id, view, |input, scope| {
            let selected = select(&state.data_flow, input, scope)?;
            scope.record_stage(Stage::AfterResultSelector, &selected);
            let assigned = state.assign.evaluate(&scope.over(selected.value()))?;
            Ok((state.data_flow.output(input, selected, scope)?, assigned))
        })?;
        self.exit_to(id, output, assigned, state.next)
    }

    /// Records the exit, keeps what was assigned, and goes where `next` says.
    pub(crate) fn exit_to(
        &mut self,
        id: ThreadId,
        output: Payload,
        assigned: Assigned,
        next: Transition,
    ) -> Result<(), Fault> {
        let output = self.accept(id, output)?;
        let state = self.state(id);
        self.assign(id, &assigned)?;
        if self.inspect_exit(id, &output, next) {
            self.finish(id, output);
            return Ok(());
        }
        let exited = HistoryDetails::StateExited {
            kind: state.kind.state_type(),
            name: state.name.clone(),
            output: output.clone(),
            assigned,
        };
        self.note(id, exited);
        match next {
            Transition::State(next) => self.transition_to(id, next, output),
            Transition::End => self.finish(id, output),
        }
        Ok(())
    }

    fn assign(&mut self, id: ThreadId, assigned: &Assigned) -> Result<(), Fault> {
        if assigned.is_empty() {
            return Ok(());
        }
        let mut variables = self.thread(id).variables.clone();
        variables.assign(assigned);
        let others = self.exec.threads.iter().enumerate();
        let others = others.filter(|(index, _)| *index != id.0 as usize);
        let stored: usize = others.map(|(_, thread)| thread.variables.bytes()).sum();
        if stored + variables.bytes() > MAX_STORED_BYTES {
            return Err(Fault::too_much_stored());
        }
        self.thread_mut(id).variables = variables;
        Ok(())
    }

    fn transition_to(&mut self, id: ThreadId, next: StateId, input: Payload) {
        let thread = self.thread_mut(id);
        thread.state = next;
        thread.input = input;
        thread.entered = None;
        thread.attempts.clear();
        thread.failed_map_run = None;
        self.schedule(id);
    }

    fn finish(&mut self, id: ThreadId, output: Payload) {
        if let Some(parent) = self.thread(id).parent {
            return self.finish_branch(parent, id, output);
        }
        let last = self.thread(id).last_event;
        let succeeded = HistoryDetails::ExecutionSucceeded {
            output: output.clone(),
        };
        self.end(last, succeeded, Outcome::Succeeded { output });
    }
}
