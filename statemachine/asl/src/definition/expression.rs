//! Compiles JSONata expressions, and reports what Step Functions does not support in them.

use serde_json::Value;

use super::cursor::Cursor;
use crate::jsonata::Expression;
use crate::query::Query;

/// The code of what JSONata allows and Step Functions does not.
const UNSUPPORTED: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

/// Returns what stands between `{%` and `%}`, if the string begins and ends with them.
pub(crate) fn delimited(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix("{%")?.strip_suffix("%}")
}

/// Compiles an expression, without its delimiters. One that does not compile is reported, and
/// stands for `null`.
pub(super) fn compile_expression(text: &str, field: &Cursor<'_>) -> Option<Query> {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            let message = without_code(&error.message);
            field.error_with_code("INVALID_JSONATA_EXPRESSION", message);
            Expression::parse("null").ok()?
        }
    };
    if let Some(operator) = expression.newer_operator() {
        let message = format!(
            "Step Functions evaluates JSONata 2.0.6, which does not have the operator {operator}"
        );
        field.warning("NEWER_JSONATA_OPERATOR", message);
    }
    if !expression.is_cheap() {
        field.note_costly();
    }
    check_names(&expression, field);
    Some(Query::new(expression, field.state_field()))
}

/// Reports the names that mean nothing in a field of a state.
fn check_names(expression: &Expression, field: &Cursor<'_>) {
    for name in expression.top_level_names() {
        let message = format!("Reference to '{name}' at the top level is not supported.");
        field.error_with_code(UNSUPPORTED, message).hint(format!(
            "the state's input is $states.input, for example $states.input.{name}"
        ));
    }
    if expression.reads_root() {
        let message = "Reference to '$$' at the top level is not supported.";
        field
            .error_with_code(UNSUPPORTED, message)
            .hint("an expression has no context: the state's input is $states.input");
    }
    if expression.reads_error_output() && !field.state_field().starts_with("Catch[") {
        let message = "Reference to '$states.errorOutput' is only supported in a catcher.";
        field
            .error_with_code(UNSUPPORTED, message)
            .hint("read it in Output or Assign of the catcher, and what comes after it there");
    }
}

/// Removes JSONata's code, as AWS does: `S0202: Expected …` becomes `Expected …`.
fn without_code(message: &str) -> &str {
    let rest = message.split_once(": ");
    rest.filter(|(code, _)| code.len() == 5 && code[1..].bytes().all(|b| b.is_ascii_digit()))
        .map_or(message, |(_, text)| text)
}
