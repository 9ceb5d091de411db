//! The arguments of one evaluation, by index and type.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::{Map, Value};

use super::strings::Literal;
use crate::random::Random;

/// The reason why a function cannot be evaluated: the last part of a `States.IntrinsicFailure`'s
/// cause.
pub(super) type FunctionError = String;

/// The result of a function.
pub(super) type FunctionResult = Result<Value, FunctionError>;

/// AWS: `States.Hash` and the Base64 functions take at most 10,000 characters.
const MAX_CHARACTERS: usize = 10_000;

pub(super) struct Arguments<'v> {
    values: Vec<Cow<'v, Value>>,
    /// The first argument, if it is a text in quotes.
    literal: Option<&'v Literal>,
    /// The execution's generator.
    random: &'v Cell<Random>,
}

impl<'v> Arguments<'v> {
    pub(super) fn new(
        values: Vec<Cow<'v, Value>>,
        literal: Option<&'v Literal>,
        random: &'v Cell<Random>,
    ) -> Self {
        Arguments {
            values,
            literal,
            random,
        }
    }

    /// Draws from the execution's generator.
    pub(super) fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut random = self.random.get();
        let drawn = draw(&mut random);
        self.random.set(random);
        drawn
    }

    pub(super) fn literal(&self) -> Option<&'v Literal> {
        self.literal
    }

    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// Returns all arguments as an array.
    pub(super) fn all(&self) -> Value {
        self.values.iter().map(|v| v.as_ref().clone()).collect()
    }

    /// Returns an argument; `index` counts from 0. The parser has checked how many there are.
    pub(super) fn value(&self, index: usize) -> &Value {
        self.values.get(index).map_or(&Value::Null, Cow::as_ref)
    }

    pub(super) fn array(&self, index: usize) -> Result<&Vec<Value>, FunctionError> {
        let value = self.value(index).as_array();
        value.ok_or_else(|| self.type_error(index, "an array"))
    }

    pub(super) fn object(&self, index: usize) -> Result<&Map<String, Value>, FunctionError> {
        let value = self.value(index).as_object();
        value.ok_or_else(|| self.type_error(index, "a JSON object"))
    }

    pub(super) fn text(&self, index: usize) -> Result<&str, FunctionError> {
        let value = self.value(index).as_str();
        value.ok_or_else(|| self.type_error(index, "a string"))
    }

    /// Returns a text of at most 10,000 characters.
    pub(super) fn short_text(&self, index: usize) -> Result<&str, FunctionError> {
        let text = self.text(index)?;
        if text.len() > MAX_CHARACTERS && text.chars().count() > MAX_CHARACTERS {
            return Err(format!(
                "Argument {} must have at most {MAX_CHARACTERS} characters",
                index + 1
            ));
        }
        Ok(text)
    }

    /// Returns a whole number; one with a fraction is rounded as Java's `Math.round` does: halves
    /// up, also below zero.
    pub(super) fn integer(&self, index: usize) -> Result<i64, FunctionError> {
        let value = self.value(index);
        if let Some(whole) = value.as_i64() {
            return Ok(whole);
        }
        let real = value
            .as_f64()
            .ok_or_else(|| self.type_error(index, "a number"))?;
        // `floor(real + 0.5)` would make 1 of the largest double below 0.5.
        let (floor, fraction) = (real.floor(), real - real.floor());
        // `as` saturates, as `Math.round` does.
        Ok(if fraction >= 0.5 { floor + 1.0 } else { floor } as i64)
    }

    fn type_error(&self, index: usize, expected: &str) -> FunctionError {
        let value = crate::java_text::json(self.value(index));
        format!("Argument {} must be {expected} but was: {value}", index + 1)
    }
}
