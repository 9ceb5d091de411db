//! The scope of a state: the data that its paths and expressions can read at one moment.

use std::cell::Cell;

use serde_json::Value;

use super::exit::ThreadVariables;
use super::{Step, ThreadId};
use crate::Payload;
use crate::context::Context;
use crate::fault::Fault;
use crate::jsonata::{Bindings, ContextObject, RecordedEvaluator, States};
use crate::jsonpath::Budget;
use crate::random::Random;
use crate::scope::Scope;

/// The data of a state besides its input, at one moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct ScopeInputs<'a> {
    /// The item that the state itself is handing out, if it is a Map.
    pub(crate) item: Option<(u64, &'a Value)>,
    /// The token of the task that is being set up.
    pub(crate) token: Option<&'a str>,
    /// The result of the state's task, branches or iterations.
    pub(crate) result: Option<&'a Value>,
    /// The error that a catcher took.
    pub(crate) error: Option<&'a Value>,
}

impl<'a> ScopeInputs<'a> {
    pub(crate) fn item(index: usize, value: &'a Value) -> ScopeInputs<'a> {
        ScopeInputs {
            item: Some((index as u64, value)),
            ..ScopeInputs::default()
        }
    }

    pub(crate) fn token(token: Option<&'a str>) -> ScopeInputs<'a> {
        ScopeInputs {
            token,
            ..ScopeInputs::default()
        }
    }
}

impl Step<'_> {
    /// Calls `f` with the state's raw input and what its paths and expressions can see.
    pub(crate) fn with_scope<T>(
        &mut self,
        id: ThreadId,
        view: ScopeInputs<'_>,
        f: impl FnOnce(&Payload, &Scope<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let random = Cell::new(self.exec.random);
        let evaluator = self.machine.evaluator.as_deref().map(|evaluator| {
            RecordedEvaluator::new(evaluator, std::mem::take(&mut self.exec.evaluations))
        });
        let made = self.in_scope(id, view, &random, evaluator.as_ref(), f);
        self.exec.random = random.get();
        if let Some(evaluator) = evaluator {
            self.exec.evaluations = evaluator.into_log();
        }
        made
    }

    fn in_scope<T>(
        &self,
        id: ThreadId,
        view: ScopeInputs<'_>,
        random: &Cell<Random>,
        evaluator: Option<&RecordedEvaluator<'_>>,
        f: impl FnOnce(&Payload, &Scope<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (thread, state) = (self.thread(id), self.state(id));
        let attempts = || thread.attempts.iter();
        let retries = || attempts().fold(0, |sum: u32, n| sum.saturating_add(*n));
        let context = Context {
            identity: &self.exec.identity,
            execution_input: &self.exec.input,
            started: self.exec.started,
            state: &state.name,
            entered: thread.entered.map_or(self.now, |entry| entry.at),
            retry_count: state.kind.retries().then(retries),
            token: view.token,
            item: view.item.or_else(|| self.item(id)),
            made: self.known_context(),
        };
        let variables = ThreadVariables {
            threads: &self.exec.threads,
            innermost: id,
        };
        let states = States {
            input: Some(thread.input.value()),
            result: view.result,
            error_output: view.error,
            context: Some(ContextObject::Lazy(&context)),
        };
        let scope = Scope {
            input: thread.input.value(),
            context: &context,
            variables: &variables,
            bindings: &Bindings::new(states, &variables, self.now),
            random,
            inspector: self.inspector,
            evaluator,
            budget: &Budget::new(),
        };
        f(&thread.input, &scope)
    }

    /// Returns the item of the innermost iteration around a thread.
    fn item(&self, id: ThreadId) -> Option<(u64, &Value)> {
        let mut thread = self.thread(id);
        loop {
            if let Some((index, item)) = &thread.item {
                return Some((*index, item.value()));
            }
            thread = self.thread(thread.parent?.thread);
        }
    }
}
