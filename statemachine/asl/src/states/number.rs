//! A number of a definition, or the path or expression that gives one: `MaxItems` and
//! `MaxItemsPath`.

use serde_json::Value;

use crate::fault::Fault;
use crate::input_output;
use crate::java_text::string_or_json;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;

#[derive(Debug)]
pub(crate) enum NumberField {
    Fixed(f64),
    /// The field's name, and the path.
    Path(&'static str, Path),
    Query(Query),
}

impl NumberField {
    /// Evaluates to a whole number that is not negative.
    pub(crate) fn whole(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        match self {
            NumberField::Fixed(number) => Ok(*number as u64),
            NumberField::Path(field, path) => integer(field, path, scope),
            NumberField::Query(query) => query.integer(scope),
        }
    }

    /// Evaluates to a whole number of either sign.
    pub(crate) fn signed(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let (field, path) = match self {
            NumberField::Fixed(number) => return Ok(*number as i64),
            NumberField::Query(query) => return Ok(query.number(scope)? as i64),
            NumberField::Path(field, path) => (field, path),
        };
        let value = input_output::find(path, scope)?;
        value
            .as_i64()
            .or_else(|| value.as_str()?.parse().ok())
            .ok_or_else(|| not_a_number(field, path, &value, "integer"))
    }

    pub(crate) fn float(&self, scope: &Scope<'_>) -> Result<f64, Fault> {
        let (field, path) = match self {
            NumberField::Fixed(number) => return Ok(*number),
            NumberField::Query(query) => return query.number(scope),
            NumberField::Path(field, path) => (field, path),
        };
        let value = input_output::find(path, scope)?;
        value
            .as_f64()
            .or_else(|| value.as_str()?.parse().ok())
            .ok_or_else(|| not_a_number(field, path, &value, "float"))
    }
}

fn not_a_number(field: &str, path: &Path, value: &Value, expected: &str) -> Fault {
    let (text, path) = (string_or_json(value), path.text());
    Fault::runtime(format!(
        "The {field} field refers to value \"{text}\" which is not a valid {expected}: {path}"
    ))
}

/// Returns the number that a `…Path` field leads to.
fn integer(field: &str, path: &Path, scope: &Scope<'_>) -> Result<u64, Fault> {
    let value = input_output::find(path, scope)?;
    // A text that is a number is as good, on AWS too.
    let number = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    if number.is_some_and(|number| number < 0) {
        let name = field.trim_end_matches("Path");
        return Err(Fault::runtime(format!("{name} cannot be negative.")));
    }
    let number = number.and_then(|number| u64::try_from(number).ok());
    number
        .or_else(|| value.as_u64())
        .ok_or_else(|| not_a_number(field, path, &value, "integer"))
}
