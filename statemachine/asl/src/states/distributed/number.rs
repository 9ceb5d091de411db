//! A number of a definition, or the path to one: `MaxItems` and `MaxItemsPath`.

use crate::definition::{Diagnostics, Fields};
use crate::fault::Fault;
use crate::io;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::states::map::integer;
use crate::template::Scope;

#[derive(Debug)]
pub(crate) enum Number {
    Fixed(f64),
    /// The field's name, and the path.
    Path(&'static str, Path),
    Query(Query),
}

impl Number {
    pub(super) fn read(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Number> {
        fields.exclusive(&[fixed, path], diagnostics);
        if let Some(query) = fields.query(fixed, diagnostics) {
            return Some(Number::Query(query));
        }
        let number = if fixed == "ToleratedFailurePercentage" {
            fields.number(fixed, 0.0, diagnostics)
        } else {
            let whole = fields.integer(fixed, 0, u64::from(u32::MAX), diagnostics);
            whole.map(|whole| whole as f64)
        };
        let found = fields.path(path, diagnostics);
        number
            .map(Number::Fixed)
            .or(found.map(|found| Number::Path(path, found)))
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        match self {
            Number::Fixed(number) => Ok(*number as u64),
            Number::Path(field, path) => integer(field, path, scope),
            Number::Query(query) => query.integer(scope),
        }
    }

    /// A whole number of either sign.
    pub(super) fn signed(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let (field, path) = match self {
            Number::Fixed(number) => return Ok(*number as i64),
            Number::Query(query) => return Ok(query.number(scope)? as i64),
            Number::Path(field, path) => (field, path),
        };
        let value = io::find(path, scope)?;
        value
            .as_i64()
            .or_else(|| value.as_str()?.parse().ok())
            .ok_or_else(|| wrong(field, path, &value, "integer"))
    }

    pub(super) fn float(&self, scope: &Scope<'_>) -> Result<f64, Fault> {
        let (field, path) = match self {
            Number::Fixed(number) => return Ok(*number),
            Number::Query(query) => return query.number(scope),
            Number::Path(field, path) => (field, path),
        };
        let value = io::find(path, scope)?;
        value
            .as_f64()
            .or_else(|| value.as_str()?.parse().ok())
            .ok_or_else(|| wrong(field, path, &value, "float"))
    }
}

fn wrong(field: &str, path: &Path, value: &serde_json::Value, expected: &str) -> Fault {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let path = path.text();
    Fault::runtime(format!(
        "The {field} field refers to value \"{text}\" which is not a valid {expected}: {path}"
    ))
}
