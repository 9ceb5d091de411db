//! One evaluation: binds what the expression reads, runs it within limits, and brings the result back.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::Value;

use super::functions::{self, Surroundings};
use super::reads::Reads;
use super::{Bindings, EvaluationError, convert};
use crate::random::Random;

/// How deep an evaluation may nest: about 3,000 calls that are not tail calls.
const MAX_DEPTH: usize = 10_000;

/// How many items a sequence may have: far more than fit into a payload.
pub(super) const MAX_SEQUENCE_LENGTH: usize = 1_000_000;

pub(super) fn evaluate(
    tree: &AstNode,
    reads: &Reads,
    bindings: &Bindings<'_>,
    random: &mut Random,
) -> Result<Option<Value>, EvaluationError> {
    let mut context = Context::new();
    for name in reads.names() {
        if name == "states" {
            context.bind(name.to_owned(), states(reads, bindings));
        } else if let Some(value) = bindings.variable(name) {
            context.bind(name.to_owned(), value);
        }
    }
    let surroundings = Rc::new(Surroundings {
        now: bindings.now,
        random: Cell::new(*random),
    });
    let result = run(tree, reads, context, &JValue::Undefined, &surroundings);
    *random = surroundings.random.get();
    convert::to_json(&result?)
}

/// `$states`, as far as it is read.
fn states(reads: &Reads, bindings: &Bindings<'_>) -> JValue {
    let members = reads
        .members()
        .filter_map(|member| Some((member.name().to_owned(), bindings.member(member)?)));
    JValue::object(members.collect())
}

/// Evaluates with `input` for `$`.
pub(super) fn run(
    tree: &AstNode,
    reads: &Reads,
    context: Context,
    input: &JValue,
    surroundings: &Rc<Surroundings>,
) -> Result<JValue, EvaluationError> {
    let options = EvaluatorOptions {
        max_stack_depth: Some(MAX_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE_LENGTH),
        ..EvaluatorOptions::default()
    };
    let mut evaluator = Evaluator::with_options(context, options);
    functions::register(&mut evaluator, reads, surroundings)
        .map_err(|error| EvaluationError::new(&error))?;
    let evaluate = AssertUnwindSafe(|| evaluator.evaluate(tree, input));
    // One expression must not take down the thread that runs all executions, and the library has places that panic on
    // what they hold impossible. The evaluator is not used again.
    match catch_unwind(evaluate) {
        Ok(result) => result.map_err(|error: EvaluatorError| EvaluationError::new(&error)),
        Err(_) => Err(EvaluationError::thrown("The evaluation failed")),
    }
}
