//! What the meters do that [`meter`](crate::jsonata::meter) puts into expressions.

use jsonata_core::evaluator::{EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::{Surroundings, error};
use crate::payload::MAX_PAYLOAD_BYTES;

/// How long a text may become while it is put together, in bytes: far more than fits into a payload.
const MAX_TEXT: usize = 64 * MAX_PAYLOAD_BYTES;

/// How many items an array may have while it is put together from itself: far more than fit into a payload.
const MAX_ARRAY: usize = 1_000_000;

pub(super) fn tick(_: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    surroundings.spend_call()?;
    Ok(JValue::Null)
}

pub(super) fn sized(args: &[JValue], _: &Surroundings) -> HostFnResult {
    match args {
        [JValue::String(text)] if text.len() > MAX_TEXT => Err(too_long()),
        [JValue::Array(items)] if items.len() > MAX_ARRAY => Err(error(format!(
            "D2015: The maximum sequence length of {MAX_ARRAY} was exceeded."
        ))),
        [value] => Ok(value.clone()),
        _ => Ok(JValue::Undefined),
    }
}

/// A range starts at 1, or there: all that it can have up to its end is counted, before it is made.
pub(super) fn range_end(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    let end = args.first().unwrap_or(&JValue::Undefined);
    surroundings.spend_items(end.as_f64().map_or(0, |end| end as usize))?;
    Ok(end.clone())
}

pub(super) fn width(args: &[JValue], _: &Surroundings) -> HostFnResult {
    match args {
        [JValue::Number(width)] if width.abs() > MAX_TEXT as f64 => Err(too_long()),
        [value] => Ok(value.clone()),
        _ => Ok(JValue::Undefined),
    }
}

fn too_long() -> EvaluatorError {
    error(format!("A string is longer than {MAX_TEXT} bytes"))
}
