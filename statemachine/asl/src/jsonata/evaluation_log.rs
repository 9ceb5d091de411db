//! A log of the evaluations that are done outside a step, so that the step can be repeated without
//! them.
//!
//! The responses of an [`Evaluate`] may depend on its clock and its memory. A runner that repeats
//! the steps of an execution, to restore it, replays the recorded responses
//! ([`Execution::replay`](crate::Execution::replay)).

use std::cell::RefCell;
use std::collections::VecDeque;

use super::{Evaluate, EvaluationRequest, EvaluationResponse};

/// The responses of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EvaluationLog {
    /// Responses of the first time that the repeated step has not asked for yet.
    to_replay: VecDeque<EvaluationResponse>,
    /// The responses so far.
    responses: Vec<EvaluationResponse>,
}

impl EvaluationLog {
    /// A log for a step that had `responses` the first time.
    pub(crate) fn replaying(responses: Vec<EvaluationResponse>) -> EvaluationLog {
        EvaluationLog {
            to_replay: responses.into(),
            responses: Vec::new(),
        }
    }

    pub(crate) fn responses(&self) -> &[EvaluationResponse] {
        &self.responses
    }
}

/// An evaluator whose responses are recorded.
#[derive(Debug)]
pub(crate) struct RecordedEvaluator<'a> {
    evaluator: &'a dyn Evaluate,
    log: RefCell<EvaluationLog>,
}

impl<'a> RecordedEvaluator<'a> {
    pub(crate) fn new(evaluator: &'a dyn Evaluate, log: EvaluationLog) -> RecordedEvaluator<'a> {
        RecordedEvaluator {
            evaluator,
            log: RefCell::new(log),
        }
    }

    pub(super) fn evaluate(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        let replayed = self.log.borrow_mut().to_replay.pop_front();
        let response = replayed.unwrap_or_else(|| self.evaluator.evaluate(request));
        self.log.borrow_mut().responses.push(response.clone());
        response
    }

    pub(crate) fn into_log(self) -> EvaluationLog {
        self.log.into_inner()
    }
}
