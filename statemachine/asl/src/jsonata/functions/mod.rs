//! The functions that Step Functions adds to JSONata, and those of JSONata that must not look outside: time comes from the
//! step, randomness from the execution's own generator, `$eval` does not exist.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn>

mod added;
mod meters;
mod replaced;

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::meter;
use super::reads::Reads;
use crate::Timestamp;
use crate::random::Random;

/// What a function can use besides its arguments.
pub(super) struct Surroundings {
    now: Timestamp,
    random: Cell<Random>,
}

impl Surroundings {
    pub(super) fn new(now: Timestamp, random: Random) -> Surroundings {
        Surroundings {
            now,
            random: Cell::new(random),
        }
    }

    /// The generator, as the evaluation left it.
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

type Function = fn(&[JValue], &Surroundings) -> HostFnResult;

const FUNCTIONS: [(&str, Function); 15] = [
    (meter::RANGE_END, meters::range_end),
    (meter::SIZED, meters::sized),
    (meter::WIDTH, meters::width),
    (meter::DISTINCT, replaced::distinct),
    ("base64decode", replaced::base64decode),
    ("eval", replaced::eval),
    ("hash", added::hash),
    ("millis", replaced::millis),
    ("now", replaced::now),
    ("parse", added::parse),
    ("partition", added::partition),
    ("random", added::random),
    ("range", added::range),
    ("shuffle", replaced::shuffle),
    ("uuid", added::uuid),
];

/// JSONata's own: <https://docs.jsonata.org/string-functions> and the pages beside it.
const STANDARD: [&str; 63] = [
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "clone",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "min",
    "not",
    "number",
    "pad",
    "parseInteger",
    "power",
    "reduce",
    "replace",
    "reverse",
    "round",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "zip",
    "now",
    "millis",
    "shuffle",
];

/// Whether the function called `name` calls functions that it is given.
pub(super) fn takes_functions(name: &str) -> bool {
    let all = [
        "each", "filter", "map", "match", "reduce", "replace", "sift", "single", "sort",
    ];
    all.contains(&name)
}

/// Whether `name` is one of JSONata's own functions.
pub(super) fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name)
}

/// Whether `name` is a function that an expression can call without defining it.
pub(super) fn is_known(name: &str) -> bool {
    STANDARD.contains(&name) || find(name).is_some()
}

/// Gives `evaluator` those of the functions that the expression could call.
pub(super) fn register(
    evaluator: &mut Evaluator,
    reads: &Reads,
    surroundings: &Rc<Surroundings>,
) -> Result<(), EvaluatorError> {
    for name in reads.names() {
        if let Some(function) = find(name) {
            let surroundings = Rc::clone(surroundings);
            evaluator
                .register_fn_override(name, move |args: &[JValue]| function(args, &surroundings))?;
        }
    }
    Ok(())
}

fn find(name: &str) -> Option<Function> {
    let (_, function) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
    Some(*function)
}

fn error(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

/// JSONata's error for an argument of a wrong type. `position` counts from 1.
fn mismatch(function: &str, position: usize) -> EvaluatorError {
    error(format!(
        "T0410: Argument {position} of function \"{function}\" does not match function signature"
    ))
}

fn at_most(args: &[JValue], count: usize, function: &str) -> Result<(), EvaluatorError> {
    if args.len() > count {
        Err(mismatch(function, count + 1))
    } else {
        Ok(())
    }
}

/// The whole number nearest to an argument.
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

/// Whether a function is given nothing to work on, and so gives nothing.
fn is_undefined(args: &[JValue]) -> bool {
    matches!(args.first(), Some(JValue::Undefined))
}

/// An array argument, or a single value as the array of it.
fn items(value: &JValue) -> Vec<JValue> {
    match value {
        JValue::Array(items) => items.to_vec(),
        other => vec![other.clone()],
    }
}
