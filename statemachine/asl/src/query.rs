//! A JSONata expression in a field of a state, and what AWS says when it does not give what the
//! field needs.

use serde_json::Value;

use crate::fault::Fault;
use crate::java_text;
use crate::jsonata::Expression;
use crate::scope::Scope;

/// An expression and its field.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    expression: Expression,
    /// The field, from the state on: `Output/result`.
    field: Box<str>,
}

impl Query {
    pub(crate) fn new(expression: Expression, field: &str) -> Query {
        Query {
            expression,
            field: field.into(),
        }
    }

    /// The field, from the state on.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// The expression's value; it must be defined.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Fault> {
        let mut random = scope.random.get();
        let value = self
            .expression
            .evaluate(scope.bindings, &mut random, scope.evaluator);
        scope.random.set(random);
        match value {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.fault("returned nothing (undefined).")),
            Err(error) => Err(self.fault(&error.to_string())),
        }
    }

    pub(crate) fn array(&self, scope: &Scope<'_>) -> Result<Value, Fault> {
        self.typed(scope, "array", |value| {
            value.is_array().then(|| value.clone())
        })
    }

    pub(crate) fn boolean(&self, scope: &Scope<'_>) -> Result<bool, Fault> {
        self.typed(scope, "boolean", Value::as_bool)
    }

    pub(crate) fn string(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        self.typed(scope, "string", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn number(&self, scope: &Scope<'_>) -> Result<f64, Fault> {
        self.typed(scope, "number", Value::as_f64)
    }

    /// A whole number that is not negative.
    pub(crate) fn integer(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let number = self.number(scope)?;
        if number < 0.0 {
            return Err(self.refuse(format!("{} cannot be negative.", self.field)));
        }
        if number.fract() != 0.0 {
            let message = format!("{} must be an integer, but was: {number}", self.field);
            return Err(self.refuse(message));
        }
        Ok(number as u64)
    }

    fn typed<T>(
        &self,
        scope: &Scope<'_>,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Fault> {
        let value = self.evaluate(scope)?;
        read(&value).ok_or_else(|| {
            self.fault(&format!(
                "returned an unexpected result type. Expected '{expected}', but was '{}' for \
                 value: {}",
                type_name(&value),
                java_text::json(&value)
            ))
        })
    }

    fn fault(&self, problem: &str) -> Fault {
        self.refuse(format!(
            "The JSONata expression '{}' specified for the field '{}' {problem}",
            self.expression.text(),
            self.field
        ))
    }

    /// The field's value cannot be used, whatever the expression is.
    pub(crate) fn refuse(&self, message: String) -> Fault {
        Fault::Evaluation {
            field: Some(self.field.clone()),
            message,
        }
    }
}

/// JSONata's names of JSON's types.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
