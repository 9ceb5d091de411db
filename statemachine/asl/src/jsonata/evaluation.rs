//! One evaluation: binds what the expression reads, runs it within limits, and brings the result back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::Value;

use super::functions::{self, Surroundings};
use super::reads::Reads;
use super::{Bindings, Compiled, EvaluationError, convert};
use crate::random::Random;

/// How deep an evaluation may nest: about 1,600 calls that are not tail calls.
const MAX_DEPTH: usize = 5_000;

/// How many calls an evaluation may make where it could make them without end: about two for each item that a payload
/// can hold.
pub(super) const MAX_CALLS: u32 = 250_000;

/// How many items a sequence may have: JSONata's own limit.
pub(super) const MAX_SEQUENCE_LENGTH: usize = 10_000_000;

/// The last resort, in milliseconds: what neither recurses nor grows can still repeat itself a million times a million
/// times. The engine has no clock of its own; the library looks at one only where an expression repeats things within
/// repeated things, and all that it can change is that such an expression fails where it would have stopped everything.
const MAX_MILLISECONDS: u64 = 5_000;

pub(super) fn evaluate(
    compiled: &Compiled,
    bindings: &Bindings<'_>,
    random: &mut Random,
) -> Result<Option<Value>, EvaluationError> {
    let mut context = Context::new();
    let reads = &compiled.reads;
    for name in reads.names() {
        if name == "states" {
            context.bind(name.to_owned(), states(reads, bindings));
        } else if let Some(value) = bindings.converted_variable(name) {
            context.bind(name.to_owned(), value);
        }
    }
    let surroundings = Rc::new(Surroundings::new(bindings.now, *random));
    let evaluator = evaluator(compiled, context, limits(compiled), &surroundings)?;
    let result = run(evaluator, compiled, &JValue::Undefined);
    *random = surroundings.random();
    convert::to_json(&result?)
}

/// `$states`, as far as it is read.
fn states(reads: &Reads, bindings: &Bindings<'_>) -> JValue {
    let members = reads.members().filter_map(|(member, need)| {
        let value = bindings.converted_member(member, need)?;
        Some((member.name().to_owned(), value))
    });
    JValue::object(members.collect())
}

pub(super) fn limits(compiled: &Compiled) -> EvaluatorOptions {
    EvaluatorOptions {
        max_stack_depth: Some(MAX_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE_LENGTH),
        timeout_ms: compiled.repeats.then_some(MAX_MILLISECONDS),
        ..EvaluatorOptions::default()
    }
}

pub(super) fn evaluator(
    compiled: &Compiled,
    context: Context,
    limits: EvaluatorOptions,
    surroundings: &Rc<Surroundings>,
) -> Result<Evaluator, EvaluationError> {
    let mut evaluator = Evaluator::with_options(context, limits);
    functions::register(&mut evaluator, &compiled.reads, surroundings)
        .map_err(|error| EvaluationError::new(&error))?;
    Ok(evaluator)
}

/// Evaluates with `input` for `$`.
pub(super) fn run(
    mut evaluator: Evaluator,
    compiled: &Compiled,
    input: &JValue,
) -> Result<JValue, EvaluationError> {
    let evaluate = AssertUnwindSafe(|| evaluator.evaluate(&compiled.tree, input));
    // One expression must not take down the thread that runs all executions, and the library has places that panic on
    // what they hold impossible. The evaluator is not used again.
    match catch_unwind(evaluate) {
        Ok(result) => result.map_err(|error: EvaluatorError| EvaluationError::new(&error)),
        Err(_) => Err(EvaluationError::thrown("The evaluation failed")),
    }
}
