//! The evaluations that are done outside a step, and how a step that is done again does without them.
//!
//! What an [`Evaluate`] answers may depend on its clock and its memory. A runner that steps an execution again, to have it
//! as it was, gives back what was answered then ([`Execution::replay`](crate::Execution::replay)).

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::{Evaluate, EvaluationRequest, EvaluationResponse};

/// The answers of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    /// Those of the first time, of which none has been asked for again.
    pub(crate) known: VecDeque<EvaluationResponse>,
    /// Those that were given.
    pub(crate) given: Vec<EvaluationResponse>,
}

/// Asks for evaluations, and keeps the answers.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) evaluator: &'a dyn Evaluate,
    pub(crate) answers: RefCell<Answers>,
}

impl Asking<'_> {
    pub(crate) fn ask(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        let known = self.answers.borrow_mut().known.pop_front();
        let answer = known.unwrap_or_else(|| self.evaluator.evaluate(request));
        self.answers.borrow_mut().given.push(answer.clone());
        answer
    }
}
