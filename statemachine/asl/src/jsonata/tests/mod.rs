//! Tests of expressions: `check(expression, expect)` and many cases of one line.

mod functions;
mod language;
mod limits;
mod simple_path;
mod soup;
mod suite;

use serde_json::{Map, Value, json};

use super::{Bindings, EvaluationError, Expression, States};
use crate::Timestamp;
use crate::random::Random;
use crate::variables::VariableLookup;

impl VariableLookup for Map<String, Value> {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// 2026-11-21T01:31:00.250Z
const NOW: Timestamp = Timestamp(1_795_224_660_250);

/// Evaluates with a small `$states` and the variables `$list`, `$text` and `$one`.
fn evaluate_with(text: &str, random: &mut Random) -> Result<Option<Value>, EvaluationError> {
    let input = json!({
        "id": 7, "name": "Ada", "tags": ["a", "b"], "one": [5], "none": [], "null": null,
        "orders": [{"sku": "x", "price": 2.5, "count": 2}, {"sku": "y", "price": 1, "count": 3}],
    });
    let result = json!({"Payload": {"ok": true}});
    let variables = json!({"list": [3, 1, 2], "text": "abc", "one": 1});
    let variables: &Map<String, Value> = variables.as_object().unwrap();
    let states = States {
        input: Some(&input),
        result: Some(&result),
        ..States::default()
    };
    let bindings = Bindings::new(states, variables, NOW);
    Expression::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .evaluate(&bindings, random, None)
}

fn evaluate(text: &str) -> Result<Option<Value>, EvaluationError> {
    evaluate_with(text, &mut Random::new(1))
}

#[track_caller]
fn check(text: &str, expect: Value) {
    assert_eq!(evaluate(text), Ok(Some(expect)), "{text}");
}

#[track_caller]
fn check_undefined(text: &str) {
    assert_eq!(evaluate(text), Ok(None), "{text}");
}

/// Holds what AWS would print after "… specified for the field '…' " against `expect`.
#[track_caller]
fn check_error(text: &str, expect: &str) {
    match evaluate(text) {
        Err(error) => assert_eq!(error.to_string(), expect, "{text}"),
        Ok(value) => panic!("{text} gave {value:?}"),
    }
}
