//! `States.Array` and the functions of arrays.

use std::collections::HashSet;

use serde_json::Value;

use super::arguments::{Arguments, FunctionResult};

/// AWS: the most items that `States.ArrayRange` makes.
const MAX_RANGE: i128 = 1_000;

pub(super) fn array(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(arguments.all())
}

pub(super) fn contains(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(arguments.array(0)?.contains(arguments.value(1)).into())
}

pub(super) fn get_item(arguments: &Arguments<'_>) -> FunctionResult {
    let (items, index) = (arguments.array(0)?, arguments.integer(1)?);
    let item = usize::try_from(index).ok().and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| {
        let length = items.len();
        format!("The index {index} is out of bounds for an array of length {length}")
    })
}

pub(super) fn length(arguments: &Arguments<'_>) -> FunctionResult {
    Ok(arguments.array(0)?.len().into())
}

pub(super) fn partition(arguments: &Arguments<'_>) -> FunctionResult {
    let (items, size) = (arguments.array(0)?, arguments.integer(1)?);
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| "The chunk size must be a positive integer".to_owned())?;
    Ok(items.chunks(size).map(<[Value]>::to_vec).collect())
}

pub(super) fn range(arguments: &Arguments<'_>) -> FunctionResult {
    let (first, last, step) = (
        arguments.integer(0)?,
        arguments.integer(1)?,
        arguments.integer(2)?,
    );
    if step == 0 {
        return Err("The step must not be 0".to_owned());
    }
    let (start, step) = (i128::from(first), i128::from(step));
    let span = i128::from(last) - start;
    // A step away from the end gives nothing.
    let count = if span == 0 || (span > 0) == (step > 0) {
        span / step + 1
    } else {
        0
    };
    if count > MAX_RANGE {
        return Err(format!(
            "The array would have {count} items, and may have at most {MAX_RANGE}"
        ));
    }
    Ok((0..count)
        .filter_map(|index| i64::try_from(start + index * step).ok())
        .map(Value::from)
        .collect())
}

/// Keeps the first of equal items.
pub(super) fn unique(arguments: &Arguments<'_>) -> FunctionResult {
    let mut seen = HashSet::new();
    let items = arguments.array(0)?.iter();
    Ok(items.filter(|item| seen.insert(*item)).cloned().collect())
}
