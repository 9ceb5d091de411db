//! Evaluations as plain data: what an expression is given and what comes of it, for an evaluator
//! that may be elsewhere.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bindings::{Bindings, ContextObject, States};
use super::dependencies::{Member, Usage};
use super::error::{EvaluationError, Limit};
use super::{Compiled, Expression};
use crate::Timestamp;
use crate::random::Random;
use crate::variables::VariableLookup;

/// Evaluates expressions for the steps of executions, where that may take long or much memory.
///
/// An evaluation in the process itself is bounded in time, and in depth and memory as far as the
/// implementation of the language lets it be. Whoever runs other people's definitions evaluates in
/// a process that may be killed.
pub trait Evaluate: fmt::Debug + Send + Sync {
    /// Evaluates. It may block, and comes back in the end: with [`EvaluationRequest::fail`], if
    /// nothing else.
    fn evaluate(&self, request: &EvaluationRequest<'_>) -> EvaluationResponse;

    /// Ends evaluations that are under way: from now on all of them fail at once, and nothing may
    /// be kept of what comes of that. An evaluator whose evaluations are short need not do
    /// anything.
    fn close(&self) {}
}

/// An expression, and the data that it reads.
#[derive(Debug, Deserialize, Serialize)]
pub struct EvaluationRequest<'a> {
    text: Cow<'a, str>,
    /// The members of `$states`, as far as they are read.
    states: Vec<(Member, Cow<'a, Value>)>,
    variables: Vec<(Cow<'a, str>, Cow<'a, Value>)>,
    now: Timestamp,
    random: Random,
}

/// The outcome of an evaluation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EvaluationResponse {
    outcome: Outcome,
    /// The generator, as the evaluation left it.
    random: Random,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Outcome {
    Value(Value),
    Undefined,
    Failed(EvaluationError),
}

/// A failure of the evaluator itself, rather than of the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationFailure {
    /// The evaluation took too long.
    Time,
    /// The evaluation took too much memory.
    Memory,
    /// The evaluator broke down.
    Internal,
}

impl<'a> EvaluationRequest<'a> {
    pub(super) fn new(
        compiled: &'a Compiled,
        bindings: &Bindings<'a>,
        random: Random,
    ) -> EvaluationRequest<'a> {
        let states = compiled
            .reads
            .members()
            .filter_map(|(member, usage)| Some((member, needed(bindings.member(member)?, usage))));
        let variables = compiled.reads.names().filter_map(|name| {
            let value = bindings.variable(name)?;
            Some((Cow::Borrowed(name), Cow::Borrowed(value)))
        });
        EvaluationRequest {
            text: Cow::Borrowed(&compiled.text),
            states: states.collect(),
            variables: variables.collect(),
            now: bindings.now,
            random,
        }
    }

    /// The response in place of one that never came.
    pub fn fail(&self, failure: EvaluationFailure) -> EvaluationResponse {
        let mut random = self.random;
        let error = match failure {
            EvaluationFailure::Time => EvaluationError::Limit(Limit::Time),
            EvaluationFailure::Memory => EvaluationError::Limit(Limit::Memory),
            EvaluationFailure::Internal => EvaluationError::Internal(random.uuid()),
        };
        EvaluationResponse {
            outcome: Outcome::Failed(error),
            random,
        }
    }

    fn member(&self, member: Member) -> Option<&Value> {
        let mut members = self.states.iter();
        members
            .find(|(known, _)| *known == member)
            .map(|(_, value)| value.as_ref())
    }
}

impl VariableLookup for EvaluationRequest<'_> {
    fn variable(&self, name: &str) -> Option<&Value> {
        let mut variables = self.variables.iter();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_ref())
    }
}

impl EvaluationResponse {
    pub(super) fn into_result(self, random: &mut Random) -> Result<Option<Value>, EvaluationError> {
        *random = self.random;
        match self.outcome {
            Outcome::Value(value) => Ok(Some(value)),
            Outcome::Undefined => Ok(None),
            Outcome::Failed(error) => Err(error),
        }
    }
}

/// Evaluates requests in this process, and remembers the expressions that it has parsed.
#[derive(Debug, Default)]
pub struct Evaluator {
    parsed: HashMap<String, Expression>,
}

impl Evaluator {
    /// Beyond this many, all are forgotten.
    const CACHE_SIZE: usize = 1_000;

    /// Evaluates in this process, within the limits of [`Evaluate`].
    pub fn evaluate(&mut self, request: &EvaluationRequest<'_>) -> EvaluationResponse {
        let mut random = request.random;
        let outcome = match self.try_evaluate(request, &mut random) {
            Ok(Some(value)) => Outcome::Value(value),
            Ok(None) => Outcome::Undefined,
            Err(error) => Outcome::Failed(error),
        };
        EvaluationResponse { outcome, random }
    }

    fn try_evaluate(
        &mut self,
        request: &EvaluationRequest<'_>,
        random: &mut Random,
    ) -> Result<Option<Value>, EvaluationError> {
        let expression = self.expression(&request.text)?;
        let states = States {
            input: request.member(Member::Input),
            result: request.member(Member::Result),
            error_output: request.member(Member::ErrorOutput),
            context: request.member(Member::Context).map(ContextObject::Made),
        };
        let bindings = Bindings::new(states, request, request.now);
        expression.evaluate(&bindings, random, None)
    }

    fn expression(&mut self, text: &str) -> Result<Expression, EvaluationError> {
        if let Some(known) = self.parsed.get(text) {
            return Ok(known.clone());
        }
        let parsed =
            Expression::parse(text).map_err(|error| EvaluationError::thrown(&error.message))?;
        if self.parsed.len() >= Self::CACHE_SIZE {
            self.parsed.clear();
        }
        self.parsed.insert(text.to_owned(), parsed.clone());
        Ok(parsed)
    }
}

/// Returns as much of a member as `usage` says.
fn needed<'a>(value: &'a Value, usage: &Usage) -> Cow<'a, Value> {
    match (usage, value) {
        (Usage::Fields(names), Value::Object(fields)) => {
            let found = names.iter().filter_map(|name| {
                let value = fields.get(name.as_ref())?;
                Some((name.to_string(), value.clone()))
            });
            Cow::Owned(Value::Object(found.collect::<Map<_, _>>()))
        }
        _ => Cow::Borrowed(value),
    }
}
