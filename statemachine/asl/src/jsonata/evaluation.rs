//! Evaluates an expression: binds what it reads, runs it within limits, and converts the result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::Value;

use super::dependencies::Dependencies;
use super::depth::MAX_DEPTH;
use super::error::{Limit, ThrownError};
use super::functions::{self, Environment};
use super::trace::{TRACE, Trace};
use super::{Bindings, Compiled, EvaluationError, convert};
use crate::random::Random;

/// AWS: the bytes that an evaluation may hold, as it counts them: eight for an item of a sequence,
/// one for a character of a text. `[1..873782]` and a text of 2^22 characters are evaluated there,
/// `[1..873783]` and 2^23 are not.
pub(super) const MAX_MEMORY: usize = 6_990_256;

/// The bytes that one value counts.
pub(super) const VALUE_SIZE: usize = 8;

/// The most items in a sequence.
pub(super) const MAX_SEQUENCE_LENGTH: usize = MAX_MEMORY / VALUE_SIZE;

/// The longest time of an evaluation, in milliseconds. The engine has no clock of its own: the
/// library looks at one, and all that it can change is that an expression fails where it would have
/// stopped everything.
const MAX_MILLISECONDS: u64 = 5_000;

pub(super) fn evaluate(
    compiled: &Compiled,
    bindings: &Bindings<'_>,
    random: &mut Random,
) -> Result<Option<Value>, EvaluationError> {
    if compiled.depth > MAX_DEPTH {
        return Err(EvaluationError::Limit(Limit::Depth));
    }
    let before = *random;
    let environment = Rc::new(Environment::new(bindings.now, before));
    let evaluator = evaluator(compiled, context(compiled, bindings), &environment)?;
    let result = run(evaluator, &compiled.tree, &JValue::Undefined);
    *random = environment.random();
    match result {
        Err(EvaluationError::Thrown(thrown)) if thrown.lacks_values() => Err(
            EvaluationError::Thrown(explain(thrown, compiled, bindings, before)),
        ),
        Err(EvaluationError::Internal(_)) => Err(EvaluationError::Internal(random.uuid())),
        result => convert::to_json(&result?),
    }
}

/// Binds what the expression reads.
fn context(compiled: &Compiled, bindings: &Bindings<'_>) -> Context {
    let mut context = Context::new();
    let reads = &compiled.reads;
    for name in reads.names() {
        if name == "states" {
            context.bind(name.to_owned(), states(reads, bindings));
        } else if let Some(value) = bindings.converted_variable(name) {
            context.bind(name.to_owned(), value);
        }
    }
    context
}

/// Evaluates once more, for the values that the text of the error has.
fn explain(
    thrown: ThrownError,
    compiled: &Compiled,
    bindings: &Bindings<'_>,
    random: Random,
) -> ThrownError {
    let trace = Rc::new(Trace::default());
    let mut tree = compiled.tree.clone();
    trace.install(&mut tree);
    let environment = Rc::new(Environment::new(bindings.now, random));
    let Ok(mut evaluator) = evaluator(compiled, context(compiled, bindings), &environment) else {
        return thrown;
    };
    let recorder = Rc::clone(&trace);
    let record = move |args: &[JValue]| Ok(recorder.record(args));
    if evaluator.register_fn_override(TRACE, record).is_err() {
        return thrown;
    }
    match (run(evaluator, &tree, &JValue::Undefined), trace.last()) {
        (Err(EvaluationError::Thrown(again)), Some(failed)) if again.code == thrown.code => {
            thrown.with_values_of(&failed)
        }
        _ => thrown,
    }
}

/// Returns `$states`, as far as it is read.
fn states(reads: &Dependencies, bindings: &Bindings<'_>) -> JValue {
    let members = reads.members().filter_map(|(member, usage)| {
        let value = bindings.converted_member(member, usage)?;
        Some((member.name().to_owned(), value))
    });
    JValue::object(members.collect())
}

fn limits() -> EvaluatorOptions {
    EvaluatorOptions {
        max_stack_depth: Some(MAX_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE_LENGTH),
        timeout_ms: Some(MAX_MILLISECONDS),
        ..EvaluatorOptions::default()
    }
}

pub(super) fn evaluator(
    compiled: &Compiled,
    context: Context,
    environment: &Rc<Environment>,
) -> Result<Evaluator, EvaluationError> {
    let mut evaluator = Evaluator::with_options(context, limits());
    functions::register(&mut evaluator, &compiled.reads, environment)
        .map_err(|error| EvaluationError::new(&error))?;
    Ok(evaluator)
}

/// Evaluates with `input` for `$`.
pub(super) fn run(
    mut evaluator: Evaluator,
    tree: &AstNode,
    input: &JValue,
) -> Result<JValue, EvaluationError> {
    let evaluate = AssertUnwindSafe(|| evaluator.evaluate(tree, input));
    // One expression must not take down the thread that runs all executions, and the library has
    // places that panic on what they hold impossible. The evaluator is not used again.
    match catch_unwind(evaluate) {
        Ok(result) => result.map_err(|error: EvaluatorError| EvaluationError::new(&error)),
        Err(_) => Err(EvaluationError::Internal(
            "The evaluator panicked".to_owned(),
        )),
    }
}
