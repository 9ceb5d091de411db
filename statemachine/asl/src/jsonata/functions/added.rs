//! The functions that Step Functions adds: `$hash`, `$parse`, `$partition`, `$range`, `$uuid`, and
//! `$random` with a seed.

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;

use super::meters::range_length;
use super::{Environment, error, expect_at_most, integer, is_undefined, items, mismatch, string};
use crate::hash;
use crate::java_random::JavaRandom;
use crate::jsonata::convert;
use crate::random::Random;

pub(super) fn hash(args: &[JValue], _: &Environment) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let text = string(args, 0, "hash")?;
    let algorithm = string(args, 1, "hash")?;
    expect_at_most(args, 2, "hash")?;
    hash::hexadecimal(algorithm, text)
        .map(JValue::from)
        .ok_or_else(|| {
            error(format!(
                "Unsupported hash algorithm '{algorithm}': use MD5, SHA-1, SHA-256, SHA-384 or \
                 SHA-512"
            ))
        })
}

pub(super) fn parse(args: &[JValue], _: &Environment) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let text = string(args, 0, "parse")?;
    expect_at_most(args, 1, "parse")?;
    serde_json::from_str(text)
        .map(|value| convert::from_json(&value))
        .map_err(|problem| {
            error(format!(
                "The argument of the parse function is not JSON: {problem}"
            ))
        })
}

pub(super) fn partition(args: &[JValue], _: &Environment) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    let items = items(args.first().ok_or_else(|| mismatch("partition", 1))?);
    let size = integer(args, 1, "partition")?;
    expect_at_most(args, 2, "partition")?;
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

pub(super) fn random(args: &[JValue], environment: &Environment) -> HostFnResult {
    expect_at_most(args, 1, "random")?;
    if args.first().is_none_or(JValue::is_undefined) {
        return Ok(JValue::from(environment.draw(Random::unit)));
    }
    let seed = integer(args, 0, "random")?;
    Ok(JValue::from(JavaRandom::new(seed).unit()))
}

pub(super) fn range(args: &[JValue], _: &Environment) -> HostFnResult {
    if args.iter().any(JValue::is_undefined) {
        return Ok(JValue::Undefined);
    }
    let first = integer(args, 0, "range")?;
    let last = integer(args, 1, "range")?;
    let step = integer(args, 2, "range")?;
    expect_at_most(args, 3, "range")?;
    if step == 0 {
        return Err(error(
            "The increment of the range function must not be zero",
        ));
    }
    let distance = i128::from(last) - i128::from(first);
    let leads_away = distance != 0 && (distance > 0) != (step > 0);
    let count = if leads_away {
        0
    } else {
        distance / i128::from(step) + 1
    };
    range_length(count as f64)?;
    let values = (0..count as i64).map(|index| JValue::from(first + index * step));
    // AWS gives a sequence, and a sequence of one is that one.
    Ok(match count {
        1 => JValue::from(first),
        _ => JValue::array(values.collect()),
    })
}

pub(super) fn uuid(_: &[JValue], environment: &Environment) -> HostFnResult {
    Ok(JValue::from(environment.draw(Random::uuid)))
}
