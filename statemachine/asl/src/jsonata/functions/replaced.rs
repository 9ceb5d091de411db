//! JSONata's functions that look outside, without looking: time and chance come from the step and the execution.

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, HostFnResult};
use jsonata_core::value::JValue;

use super::{Surroundings, at_most, error, is_undefined, items, mismatch};

/// There is no `$eval` in Step Functions: calling it is calling what is not there.
pub(super) fn eval(_: &[JValue], _: &Surroundings) -> HostFnResult {
    Err(error("T1006: Attempted to invoke a non-function"))
}

pub(super) fn millis(_: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    Ok(JValue::from(surroundings.now.0))
}

/// The step's time, written as `$fromMillis` writes it.
pub(super) fn now(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
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

/// Fisher and Yates's.
pub(super) fn shuffle(args: &[JValue], surroundings: &Surroundings) -> HostFnResult {
    if is_undefined(args) {
        return Ok(JValue::Undefined);
    }
    at_most(args, 1, "shuffle")?;
    let mut items = items(args.first().ok_or_else(|| mismatch("shuffle", 1))?);
    for last in (1..items.len()).rev() {
        let other = surroundings.draw(|random| random.below(last as u64 + 1));
        items.swap(last, other as usize);
    }
    Ok(JValue::array(items))
}
