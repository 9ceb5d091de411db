//! `States.Math…` and `States.UUID`.

use serde_json::Value;

use super::arguments::{Arguments, FunctionResult};
use crate::java_random::JavaRandom;
use crate::random::Random;

/// Rounds each number before it adds them: 1.5 + 1.51 is 4.
pub(super) fn add(arguments: &Arguments<'_>) -> FunctionResult {
    let (left, right) = (arguments.integer(0)?, arguments.integer(1)?);
    let sum = left.checked_add(right);
    sum.map(Value::from)
        .ok_or_else(|| format!("{left} + {right} is not a 64-bit integer"))
}

/// Draws a number from the first up to the second, which is not included.
pub(super) fn random(arguments: &Arguments<'_>) -> FunctionResult {
    let (start, end) = (arguments.integer(0)?, arguments.integer(1)?);
    let size = end.checked_sub(start).filter(|size| *size > 0);
    let size = size.ok_or_else(|| {
        format!("The start number {start} must be less than the end number {end}")
    })?;
    let offset = if arguments.count() > 2 {
        JavaRandom::new(arguments.integer(2)?).below(size)
    } else {
        arguments.draw(|random| random.below(size.unsigned_abs())) as i64
    };
    Ok((start + offset).into())
}

/// Returns a version 4 UUID.
pub(super) fn uuid(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(arguments.draw(Random::uuid).into())
}
