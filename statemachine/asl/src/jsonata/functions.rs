//! The functions that Step Functions adds to JSONata, and those of JSONata that must not look outside: time comes from the
//! step, randomness from the execution's own generator, `$eval` does not exist.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn>

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::convert;
use super::reads::Reads;
use crate::random::Random;
use crate::{Timestamp, hash};

/// What a function can use besides its arguments.
pub(super) struct Surroundings {
    pub(super) now: Timestamp,
    pub(super) random: Cell<Random>,
}

type Function = fn(&[JValue], &Surroundings) -> HostFnResult;

const FUNCTIONS: [(&str, Function); 10] = [
    ("eval", eval),
    ("hash", hash),
    ("millis", millis),
    ("now", now),
    ("parse", parse),
    ("partition", partition),
    ("random", random),
    ("range", range),
    ("shuffle", shuffle),
    ("uuid", uuid),
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

/// Whether `name` is a function that an expression can call without defining it.
pub(super) fn is_known(name: &str) -> bool {
    STANDARD.contains(&name) || FUNCTIONS.iter().any(|(known, _)| *known == name)
}

/// Gives `evaluator` those of the functions that the expression could call.
pub(super) fn register(
    evaluator: &mut Evaluator,
    reads: &Reads,
    surroundings: &Rc<Surroundings>,
) -> Result<(), EvaluatorError> {
    for name in reads.names() {
        if let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
            let surroundings = Rc::clone(surroundings);
            evaluator
                .register_fn_override(name, move |args: &[JValue]| function(args, &surroundings))?;
        }
    }
    Ok(())
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

/// There is no `$eval` in Step Functions: calling it is calling what is not there.
fn eval(_: &[JValue], _: &Surroundings) -> HostFnResult {
    Err(error("T1006: Attempted to invoke a non-function"))
}

fn hash(args: &[JValue], _: &Surroundings) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let text = string(args, 0, "hash")?;
    let algorithm = string(args, 1, "hash")?;
    at_most(args, 2, "hash")?;
    hash::hexadecimal(algorithm, text)
        .map(JValue::from)
        .ok_or_else(|| {
            error(format!(
                "Unsupported hash algorithm '{algorithm}': use MD5, SHA-1, SHA-256, SHA-384 or SHA-512"
            ))
        })
}

fn millis(_: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    Ok(JValue::from(surroundings.now.0))
}

/// The step's time, written as `$fromMillis` writes it.
fn now(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    let argument = |value: &JValue| match value {
        JValue::String(text) => AstNode::String(text.as_ref().to_owned()),
        _ => AstNode::Undefined,
    };
    let millis = AstNode::Number(surroundings.now.0 as f64);
    let call = AstNode::Function {
        name: "fromMillis".to_owned(),
        args: std::iter::once(millis)
            .chain(args.iter().take(2).map(argument))
            .collect(),
        is_builtin: true,
    };
    Evaluator::new().evaluate(&call, &JValue::Undefined)
}

fn parse(args: &[JValue], _: &Surroundings) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let text = string(args, 0, "parse")?;
    at_most(args, 1, "parse")?;
    serde_json::from_str(text)
        .map(|value| convert::from_json(&value))
        .map_err(|problem| {
            error(format!(
                "The argument of the parse function is not JSON: {problem}"
            ))
        })
}

fn partition(args: &[JValue], _: &Surroundings) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let items = items(args.first().ok_or_else(|| mismatch("partition", 1))?);
    let size = integer(args, 1, "partition")?;
    at_most(args, 2, "partition")?;
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| {
            error("The chunk size of the partition function must be a positive integer")
        })?;
    let chunks = items
        .chunks(size)
        .map(|chunk| JValue::array(chunk.to_vec()));
    Ok(JValue::array(chunks.collect()))
}

fn random(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    at_most(args, 1, "random")?;
    if args.is_empty() || is_undefined(args) {
        return Ok(JValue::from(surroundings.draw(Random::unit)));
    }
    let seed = integer(args, 0, "random")?;
    Ok(JValue::from(Random::new(seed.cast_unsigned()).unit()))
}

fn range(args: &[JValue], _: &Surroundings) -> HostFnResult {
    if args.iter().any(JValue::is_undefined) {
        return Ok(JValue::Undefined);
    }
    let first = integer(args, 0, "range")?;
    let last = integer(args, 1, "range")?;
    let step = integer(args, 2, "range")?;
    at_most(args, 3, "range")?;
    if step == 0 {
        return Err(error(
            "The increment of the range function must not be zero",
        ));
    }
    let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
    let ends = (last >= first) == (step > 0) || first == last;
    let count = if ends { count } else { 0 };
    if count > super::evaluation::MAX_SEQUENCE_LENGTH as i128 {
        return Err(error(format!(
            "D2014: The size of the sequence allocated by the range function must not exceed {}. Attempted to allocate {count}.",
            super::evaluation::MAX_SEQUENCE_LENGTH
        )));
    }
    let values = (0..count as i64).map(|index| JValue::from(first + index * step));
    Ok(JValue::array(values.collect()))
}

/// Fisher and Yates's.
fn shuffle(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    at_most(args, 1, "shuffle")?;
    let mut items = items(args.first().ok_or_else(|| mismatch("shuffle", 1))?);
    for last in (1..items.len()).rev() {
        let other = surroundings.draw(Random::unit) * (last + 1) as f64;
        items.swap(last, other as usize);
    }
    Ok(JValue::array(items))
}

fn uuid(_: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    Ok(JValue::from(surroundings.draw(Random::uuid)))
}

impl Surroundings {
    fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut random = self.random.get();
        let drawn = draw(&mut random);
        self.random.set(random);
        drawn
    }
}
