//! The meters that [`meter`](crate::jsonata::meter) puts into expressions.

use jsonata_core::evaluator::{EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::{Environment, error};
use crate::jsonata::evaluation::{MAX_MEMORY, MAX_SEQUENCE_LENGTH};

/// JSONata 2.0: how many items a range may have.
const MAX_RANGE: f64 = 1e6;

pub(super) fn sized(args: &[JValue], _: &Environment) -> HostFnResult {
    match args {
        [JValue::String(text)] if text.len() > MAX_MEMORY => Err(too_much()),
        [JValue::Array(items)] if items.len() > MAX_SEQUENCE_LENGTH => Err(too_much()),
        [value] => Ok(value.clone()),
        _ => Ok(JValue::Undefined),
    }
}

pub(super) fn range_end(args: &[JValue], _: &Environment) -> HostFnResult {
    let [end, start] = args else {
        return Ok(JValue::Undefined);
    };
    if let (JValue::Number(start), JValue::Number(end)) = (start, end)
        && start.fract() == 0.0
        && end.fract() == 0.0
    {
        range_length(end - start + 1.0)?;
    }
    Ok(end.clone())
}

/// Refuses a range that is too long, before it is made.
pub(super) fn range_length(items: f64) -> Result<(), EvaluatorError> {
    if items > MAX_RANGE {
        return Err(error(format!(
            "D2014: The size of the sequence allocated by the range operator (..) must not exceed \
             1e6.  Attempted to allocate {items}."
        )));
    }
    if items > MAX_SEQUENCE_LENGTH as f64 {
        return Err(too_much());
    }
    Ok(())
}

pub(super) fn width(args: &[JValue], _: &Environment) -> HostFnResult {
    match args {
        [JValue::Number(width)] if width.abs() > MAX_MEMORY as f64 => Err(too_much()),
        [value] => Ok(value.clone()),
        _ => Ok(JValue::Undefined),
    }
}

/// The library's own error of this kind, which [`EvaluationError`](crate::jsonata::EvaluationError)
/// reads.
fn too_much() -> EvaluatorError {
    error("D2015: The evaluation holds too much")
}
