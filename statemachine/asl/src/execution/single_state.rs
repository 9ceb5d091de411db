//! Executes one state under a [`Inspector`]: begins at the machine's first state and ends when that
//! state is left or has failed.

use std::cell::OnceCell;

use serde_json::Value;

use super::{Execution, Step, ThreadId};
use crate::fault::Fault;
use crate::inspector::{Inspector, Stage};
use crate::retry::next_retry;
use crate::transition::Transition;
use crate::variables::{Assigned, Variables};
use crate::{Effect, Event, Failure, Identity, Payload, StateMachine, Timestamp};

/// The data that a tested state gets.
pub(crate) struct TestInput {
    pub(crate) identity: Identity,
    pub(crate) input: Payload,
    pub(crate) variables: Assigned,
    pub(crate) at: Timestamp,
    pub(crate) seed: u64,
}

impl Execution {
    /// Enters the machine's first state.
    pub(crate) fn test(
        machine: &StateMachine,
        tested: TestInput,
        inspector: &Inspector,
    ) -> (Execution, Vec<Effect>) {
        let TestInput {
            identity,
            input,
            variables,
            at,
            seed,
        } = tested;
        let mut execution = Execution::new(identity, input, at, seed);
        let mut step = Step::new(&mut execution, machine, at);
        step.inspector = Some(inspector);
        let effects = step.begin_test(&variables, inspector);
        (execution, effects)
    }

    /// Takes in what happened to the tested state.
    pub(crate) fn test_step(
        &mut self,
        machine: &StateMachine,
        event: Event,
        inspector: &Inspector,
    ) -> Vec<Effect> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        let mut step = Step::new(self, machine, event.at);
        step.inspector = Some(inspector);
        step.take(event.kind)
    }
}

impl Step<'_> {
    fn begin_test(mut self, variables: &Assigned, inspector: &Inspector) -> Vec<Effect> {
        let input = self.exec.input.clone();
        inspector.record_stage(Stage::Input, &input);
        let thread = self.add_thread(None, self.machine.start, input, 0);
        let mut known = Variables::default();
        known.assign(variables);
        self.thread_mut(thread).variables = known;
        self.run_ready_threads();
        self.effects
    }

    /// The context object, where it is given rather than made.
    pub(super) fn known_context(&self) -> OnceCell<Value> {
        let given = self.inspector.map(|inspector| inspector.context.clone());
        given.map_or_else(OnceCell::new, OnceCell::from)
    }

    /// Returns the mocked result of the branches or iterations of a tested state.
    pub(crate) fn mocked_branches(&mut self, thread: ThreadId) -> Option<Result<(), Fault>> {
        let given = self.inspector?.branches()?;
        Some(given.and_then(|result| self.exit_with(thread, &result)))
    }

    /// Records the exit of the state. Returns true if there is an inspector, so that the execution
    /// ends.
    pub(super) fn inspect_exit(&self, id: ThreadId, output: &Payload, next: Transition) -> bool {
        let Some(inspector) = self.inspector.filter(|_| self.thread(id).parent.is_none()) else {
            return false;
        };
        let next = match next {
            Transition::State(next) => Some(&*self.machine.state(next).name),
            Transition::End => None,
        };
        if !self.thread(id).variables.is_empty() {
            let variables = Payload::from(self.thread(id).variables.to_value());
            inspector.record_stage(Stage::Variables, &variables);
        }
        inspector.record_exit(output, next);
        true
    }

    /// Records the retrier that handles the failure. Returns true if it would be retried, so that
    /// the execution ends.
    pub(super) fn inspect_failure(&mut self, id: ThreadId, failure: &Failure) -> bool {
        let Some(inspector) = self.inspector.filter(|_| self.thread(id).parent.is_none()) else {
            return false;
        };
        inspector.record_failure(failure);
        let retriers = &self.state(id).retry;
        let named = |failure: &Failure| {
            retriers
                .iter()
                .position(|retrier| retrier.errors.match_failure(failure))
        };
        let attempts = vec![inspector.retries; retriers.len()];
        let next = next_retry(retriers, &attempts, failure, &mut self.exec.random);
        let retrier = named(failure);
        inspector.update_error_details(|handled| {
            handled.retrier = retrier;
            handled.delay_seconds = next.map(|(_, delay)| delay);
        });
        next.is_some()
    }

    pub(super) fn inspect_catch(&self, index: usize) {
        if let Some(inspector) = self.inspector {
            inspector.update_error_details(|handled| handled.catcher = Some(index));
        }
    }
}
