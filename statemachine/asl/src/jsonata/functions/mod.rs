//! The table of the functions that are implemented here: those that Step Functions adds to JSONata,
//! and those of JSONata that must not look outside. Time comes from the step, randomness from the
//! execution's own generator; `$eval` does not exist. The other functions of JSONata are the
//! library's.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn>

mod added;
mod meters;
mod replaced;

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::dependencies::Dependencies;
use super::meter;
use super::signature::is_standard;
use crate::Timestamp;
use crate::random::Random;

/// The environment of a function: the time, and random numbers.
pub(super) struct Environment {
    now: Timestamp,
    random: Cell<Random>,
}

impl Environment {
    pub(super) fn new(now: Timestamp, random: Random) -> Environment {
        Environment {
            now,
            random: Cell::new(random),
        }
    }

    /// Returns the generator, as the evaluation left it.
    pub(super) fn random(&self) -> Random {
        self.random.get()
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut random = self.random.get();
        let drawn = draw(&mut random);
        self.random.set(random);
        drawn
    }
}

/// Evaluates a function.
type Evaluate = fn(&[JValue], &Environment) -> HostFnResult;

/// A function that expressions call by name.
struct Function {
    name: &'static str,
    evaluate: Evaluate,
}

const FUNCTIONS: &[Function] = &[
    Function::new(meter::RANGE_END, meters::range_end),
    Function::new(meter::SIZED, meters::sized),
    Function::new(meter::WIDTH, meters::width),
    Function::new(meter::DISTINCT, replaced::distinct),
    Function::new("base64decode", replaced::base64decode),
    Function::new("eval", replaced::eval),
    Function::new("hash", added::hash),
    Function::new("millis", replaced::millis),
    Function::new("now", replaced::now),
    Function::new("parse", added::parse),
    Function::new("partition", added::partition),
    Function::new("random", added::random),
    Function::new("range", added::range),
    Function::new("shuffle", replaced::shuffle),
    Function::new("uuid", added::uuid),
];

impl Function {
    const fn new(name: &'static str, evaluate: Evaluate) -> Function {
        Function { name, evaluate }
    }

    fn from_name(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }
}

/// Returns true if the function called `name` calls functions that it is given.
pub(super) fn takes_functions(name: &str) -> bool {
    let all = [
        "each", "filter", "map", "match", "reduce", "replace", "sift", "single", "sort",
    ];
    all.contains(&name)
}

/// Returns true if `name` is a function that an expression can call without defining it.
pub(super) fn is_known(name: &str) -> bool {
    is_standard(name) || Function::from_name(name).is_some()
}

/// Registers the functions that the expression could call.
pub(super) fn register(
    evaluator: &mut Evaluator,
    reads: &Dependencies,
    environment: &Rc<Environment>,
) -> Result<(), EvaluatorError> {
    for name in reads.names() {
        if let Some(function) = Function::from_name(name) {
            let environment = Rc::clone(environment);
            evaluator.register_fn_override(name, move |args: &[JValue]| {
                (function.evaluate)(args, &environment)
            })?;
        }
    }
    Ok(())
}

fn error(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

/// Returns JSONata's error for an argument of a wrong type. `position` counts from 1.
fn mismatch(function: &str, position: usize) -> EvaluatorError {
    error(format!(
        "T0410: Argument {position} of function \"{function}\" does not match function signature"
    ))
}

fn expect_at_most(args: &[JValue], count: usize, function: &str) -> Result<(), EvaluatorError> {
    if args.len() > count {
        Err(mismatch(function, count + 1))
    } else {
        Ok(())
    }
}

/// Dependencies a number and rounds it.
fn integer(args: &[JValue], index: usize, function: &str) -> Result<i64, EvaluatorError> {
    match args.get(index) {
        Some(JValue::Number(number)) if number.is_finite() => Ok(number.round() as i64),
        _ => Err(mismatch(function, index + 1)),
    }
}

fn string<'a>(args: &'a [JValue], index: usize, function: &str) -> Result<&'a str, EvaluatorError> {
    args.get(index)
        .and_then(JValue::as_str)
        .ok_or_else(|| mismatch(function, index + 1))
}

/// Returns true if a function is given nothing to work on, and so gives nothing.
fn is_undefined(args: &[JValue]) -> bool {
    matches!(args.first(), Some(JValue::Undefined))
}

/// Returns the items of an array; a single value counts as an array of one.
fn items(value: &JValue) -> Vec<JValue> {
    match value {
        JValue::Array(items) => items.to_vec(),
        other => vec![other.clone()],
    }
}
