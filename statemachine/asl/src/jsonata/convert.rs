//! Converts between JSON and JSONata's values.
//!
//! JSONata's numbers are doubles. An integer that a double holds exactly comes back as an integer:
//! `1`, not `1.0`.

use jsonata_core::value::{JArray, JMap, JValue, with_stack};
use serde_json::{Map, Number, Value};

use super::EvaluationError;
use super::error::Limit;
use super::evaluation::{MAX_MEMORY, VALUE_SIZE};
use crate::payload::MAX_PAYLOAD_DEPTH;

pub(super) fn from_json(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => JValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => JValue::string(text.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(from_json).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), from_json(value)));
            JValue::object(fields.collect())
        }
    }
}

/// `value` as JSON; `None` is undefined.
pub(super) fn to_json(value: &JValue) -> Result<Option<Value>, EvaluationError> {
    let mut writer = Writer {
        left: MAX_MEMORY,
        depth: 0,
    };
    writer.write(value)
}

struct Writer {
    /// The bytes that may still be written. The limit stops a result that shares its parts and is
    /// endless when written out; one that is only too large for a payload gets the payload's own
    /// error.
    left: usize,
    depth: usize,
}

impl Writer {
    fn write(&mut self, value: &JValue) -> Result<Option<Value>, EvaluationError> {
        self.spend(VALUE_SIZE)?;
        Ok(Some(match value {
            JValue::Undefined => return Ok(None),
            JValue::Null => Value::Null,
            JValue::Bool(value) => Value::Bool(*value),
            JValue::Number(number) => self::number(*number),
            JValue::String(text) => {
                self.spend(text.len())?;
                Value::String(text.as_ref().to_owned())
            }
            JValue::Array(items) => self.nested(|writer| writer.array(items))?,
            JValue::Object(fields) => self.nested(|writer| writer.object(fields))?,
            _ => return Err(EvaluationError::UnsupportedResult),
        }))
    }

    fn array(&mut self, items: &JArray) -> Result<Value, EvaluationError> {
        let mut array = Vec::with_capacity(items.len().min(self.left / VALUE_SIZE));
        for item in items {
            array.push(self.write(item)?.unwrap_or(Value::Null));
        }
        Ok(Value::Array(array))
    }

    fn object(&mut self, fields: &JMap) -> Result<Value, EvaluationError> {
        let mut object = Map::with_capacity(fields.len().min(self.left / VALUE_SIZE));
        for (name, value) in fields {
            self.spend(name.len())?;
            if let Some(value) = self.write(value)? {
                object.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(object))
    }

    fn nested(
        &mut self,
        write: impl FnOnce(&mut Writer) -> Result<Value, EvaluationError>,
    ) -> Result<Value, EvaluationError> {
        if self.depth == MAX_PAYLOAD_DEPTH {
            let message = format!("The result is nested more than {MAX_PAYLOAD_DEPTH} levels deep");
            return Err(EvaluationError::thrown(&message));
        }
        self.depth += 1;
        let value = with_stack(|| write(self));
        self.depth -= 1;
        value
    }

    fn spend(&mut self, size: usize) -> Result<(), EvaluationError> {
        let left = self.left.checked_sub(size);
        self.left = left.ok_or(EvaluationError::Limit(Limit::Memory))?;
        Ok(())
    }
}

/// Doubles are integers up to here without a gap; `2^53`.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts a number; one that JSON does not have becomes the text of its name: AWS gives
/// `["Infinity"]` for `[1/0]`.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        return Value::from(number as i64);
    }
    let name = match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    Number::from_f64(number).map_or_else(|| name.into(), Value::Number)
}
