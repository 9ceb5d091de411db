//! The functions of JSONata that replace the library's own: those that look outside get time and
//! chance from the step and the execution, and `$distinct` takes time that is linear in what it is
//! given.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, HostFnResult};
use jsonata_core::functions::array;
use jsonata_core::value::{JValue, with_stack};

use crate::jsonata::error::INTERNAL;

use super::{Environment, error, expect_at_most, is_undefined, items, mismatch};

/// Keeps the first of equal items. The library compares each with all before it.
pub(super) fn distinct(args: &[JValue], _: &Environment) -> HostFnResult {
    expect_at_most(args, 1, "distinct")?;
    let items = match args.first() {
        Some(JValue::Array(items)) if items.len() > 1 => items,
        other => return Ok(other.cloned().unwrap_or(JValue::Undefined)),
    };
    let mut seen: HashMap<u64, Vec<&JValue>> = HashMap::with_capacity(items.len());
    let mut distinct = Vec::new();
    for item in items.iter() {
        let alike = seen.entry(key(item)).or_default();
        if !alike.iter().any(|known| array::values_equal(known, item)) {
            alike.push(item);
            distinct.push(item.clone());
        }
    }
    let mut distinct = JValue::array(distinct);
    if items.sequence {
        distinct.mark_sequence();
    }
    Ok(distinct)
}

/// Hashes a value: equal values have equal hashes.
fn key(value: &JValue) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        JValue::Bool(value) => value.hash(&mut hasher),
        // 0 and -0 are equal.
        JValue::Number(number) => (number + 0.0).to_bits().hash(&mut hasher),
        JValue::String(text) => text.hash(&mut hasher),
        JValue::Array(items) => {
            let keys = with_stack(|| items.iter().map(key).collect::<Vec<_>>());
            keys.hash(&mut hasher);
        }
        // In any order.
        JValue::Object(fields) => {
            let field = |(name, value): (&String, &JValue)| {
                let mut hasher = DefaultHasher::new();
                (name, key(value)).hash(&mut hasher);
                hasher.finish()
            };
            let fields = with_stack(|| fields.iter().map(field).fold(0, u64::wrapping_add));
            fields.hash(&mut hasher);
        }
        _ => {}
    }
    hasher.finish()
}

/// Fails: Step Functions has no `$eval`.
pub(super) fn eval(_: &[JValue], _: &Environment) -> HostFnResult {
    Err(error("T1006: Attempted to invoke a non-function"))
}

pub(super) fn millis(args: &[JValue], environment: &Environment) -> HostFnResult {
    expect_at_most(args, 0, "millis")?;
    Ok(JValue::from(environment.now.0))
}

/// Returns the step's time as `$fromMillis` writes it.
pub(super) fn now(args: &[JValue], environment: &Environment) -> HostFnResult {
    let millis = AstNode::Number(environment.now.0 as f64);
    let args = args.iter().take(2).map(literal);
    call_library("fromMillis", std::iter::once(millis).chain(args))
}

/// Decodes Base64; invalid text is an error of the evaluator, as on AWS, where the library gives
/// nothing.
pub(super) fn base64decode(args: &[JValue], _: &Environment) -> HostFnResult {
    let decoded = match args {
        [JValue::String(text)] => DECODER.decode(text.as_bytes()).map(drop),
        _ => Ok(()),
    };
    decoded.map_err(|problem| error(format!("{INTERNAL}: {problem}")))?;
    call_library("base64decode", args.iter().map(literal))
}

/// A decoder like Java's basic one: padding is optional.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The library's own function.
fn call_library(name: &str, args: impl Iterator<Item = AstNode>) -> HostFnResult {
    let call = AstNode::Function {
        name: name.to_owned(),
        args: args.collect(),
        is_builtin: true,
    };
    Evaluator::new().evaluate(&call, &JValue::Undefined)
}

/// An argument, as far as the functions here take it.
fn literal(value: &JValue) -> AstNode {
    match value {
        JValue::String(text) => AstNode::String(text.as_ref().to_owned()),
        JValue::Number(number) => AstNode::Number(*number),
        JValue::Bool(value) => AstNode::Boolean(*value),
        JValue::Null => AstNode::Null,
        JValue::Array(_) => AstNode::Array(Vec::new()),
        JValue::Object(_) => AstNode::Object(Vec::new()),
        _ => AstNode::Undefined,
    }
}

/// Fisher and Yates's.
pub(super) fn shuffle(args: &[JValue], environment: &Environment) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    expect_at_most(args, 1, "shuffle")?;
    let mut items = items(args.first().ok_or_else(|| mismatch("shuffle", 1))?);
    for last in (1..items.len()).rev() {
        let other = environment.draw(|random| random.below(last as u64 + 1));
        items.swap(last, other as usize);
    }
    Ok(JValue::array(items))
}
