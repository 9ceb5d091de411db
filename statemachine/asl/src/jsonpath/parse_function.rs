//! Parses functions of paths: `concat($.a, "b")`.

use serde_json::{Deserializer, Value};

use super::function::{Argument, Call, Function};
use super::parse::{Cursor, path_extent};
use super::{PathSyntaxError, Step};

/// Parses the arguments of a call, from after its opening parenthesis up to and with the closing
/// one.
pub(super) fn call(cursor: &mut Cursor<'_>, name: &str) -> Result<Call, PathSyntaxError> {
    let Some(function) = Function::from_name(name) else {
        return Err(cursor.bad(format!("there is no JSONPath function {name}()")));
    };
    let mut arguments = Vec::new();
    cursor.skip_spaces();
    while !cursor.eat(")") {
        if !arguments.is_empty() {
            cursor.expect(",")?;
            cursor.skip_spaces();
        }
        arguments.push(argument(cursor)?);
        cursor.skip_spaces();
    }
    Ok(Call::new(function, arguments))
}

fn argument(cursor: &mut Cursor<'_>) -> Result<Argument, PathSyntaxError> {
    if cursor.peek() == Some('$') {
        let mut inner = cursor.inner(path_extent(cursor.rest()))?;
        inner.eat("$");
        return inner.steps().map(Argument::Path);
    }
    json(cursor).map(Argument::Fixed)
}

fn json(cursor: &mut Cursor<'_>) -> Result<Value, PathSyntaxError> {
    // The stream takes no number that a comma or a parenthesis ends.
    let digits = cursor.take_while(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    if let Ok(number) = serde_json::from_str(digits) {
        return Ok(number);
    }
    let mut stream = Deserializer::from_str(cursor.rest()).into_iter();
    let value = stream.next();
    let length = stream.byte_offset();
    match value {
        Some(Ok(value)) if digits.is_empty() => {
            cursor.take(length);
            Ok(value)
        }
        _ => Err(cursor.bad("expected a path or JSON")),
    }
}

/// `$..a.sum()` means `$.sum($..a)`: the function of all that is found, not of each.
pub(super) fn invert(mut steps: Vec<Step>) -> Vec<Step> {
    let first = steps.iter().position(|step| matches!(step, Step::Call(_)));
    let (Some(Step::Scan), Some(at)) = (steps.first(), first) else {
        return steps;
    };
    let mut calls = steps.split_off(at);
    if let Some(Step::Call(call)) = calls.first_mut() {
        call.take_from(steps);
    }
    calls
}
