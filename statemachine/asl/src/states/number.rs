//! A number of a definition, or the path or expression that gives one: `MaxItems` and `MaxItemsPath`.

use crate::definition::{Diagnostics, Fields};
use crate::fault::Fault;
use crate::io;
use crate::jsonpath::{Path, Root};
use crate::query::Query;
use crate::template::Scope;

#[derive(Debug)]
pub(crate) enum Number {
    Fixed(f64),
    /// The field's name, and the path.
    Path(&'static str, Path),
    Query(Query),
}

/// Reads and checks a number that stands in a definition.
type Literal = fn(&mut Fields<'_>, &'static str, &mut Diagnostics) -> Option<f64>;

fn whole(
    fields: &mut Fields<'_>,
    name: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<f64> {
    let number = fields.integer(name, 0, u64::from(u32::MAX), diagnostics);
    number.map(|number| number as f64)
}

/// `TimeoutSeconds` and its like.
pub(super) fn seconds(
    fields: &mut Fields<'_>,
    name: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<f64> {
    let seconds = fields.seconds(name, diagnostics);
    seconds.map(|seconds| seconds as f64)
}

fn percentage(
    fields: &mut Fields<'_>,
    name: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<f64> {
    fields.number(name, 0.0..=100.0, diagnostics)
}

impl Number {
    /// A whole number of a Map.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Number> {
        Number::read_of_map(whole, fields, fixed, path, diagnostics)
    }

    /// A percentage of a Map.
    pub(super) fn read_percentage(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Number> {
        Number::read_of_map(percentage, fields, fixed, path, diagnostics)
    }

    /// A number of a Map, whose paths lead to one node of the input or a variable; other states take any path.
    fn read_of_map(
        literal: Literal,
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Number> {
        let number = Number::read_as(literal, fields, fixed, path, diagnostics);
        if let Some(Number::Path(_, found)) = &number
            && (*found.root() == Root::Context || !found.is_reference())
        {
            diagnostics.error(&fields.location(path), "Value is not a Reference Path");
        }
        number
    }

    /// A number that `literal` reads where the definition has it itself.
    pub(super) fn read_as(
        literal: Literal,
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Number> {
        fields.exclusive(&[fixed, path], diagnostics);
        if let Some(query) = fields.query(fixed, diagnostics) {
            return Some(Number::Query(query));
        }
        let number = literal(fields, fixed, diagnostics).map(Number::Fixed);
        let found = fields.path(path, diagnostics);
        number.or(found.map(|found| Number::Path(path, found)))
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

/// The number that a `…Path` field leads to.
fn integer(field: &str, path: &Path, scope: &Scope<'_>) -> Result<u64, Fault> {
    let value = io::find(path, scope)?;
    // A text that is a number is as good, on AWS too.
    let number = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    if number.is_some_and(|number| number < 0) {
        let name = field.trim_end_matches("Path");
        return Err(Fault::runtime(format!("{name} cannot be negative.")));
    }
    let number = number.and_then(|number| u64::try_from(number).ok());
    number.or_else(|| value.as_u64()).ok_or_else(|| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let path = path.text();
        Fault::runtime(format!(
            "The {field} field refers to value \"{text}\" which is not a valid integer: {path}"
        ))
    })
}
