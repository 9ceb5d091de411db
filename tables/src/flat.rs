//! A JSON object as CSV: what a function makes of a request before it invokes an endpoint.

use serde_json::{Map, Value};

/// An error of reading a flat JSON object.
#[derive(Debug, thiserror::Error)]
pub enum FlatError {
    /// It is no JSON object.
    #[error("the body must be a JSON object of columns and values: {0}")]
    NotAnObject(serde_json::Error),
    /// It is empty.
    #[error("the object has no columns")]
    Empty,
    /// A value is a list or an object.
    #[error("column {column}: expected a number, text, a boolean or null, found {found}")]
    Nested {
        /// The key.
        column: String,
        /// The kind of its value.
        found: &'static str,
    },
}

/// Returns a flat JSON object as CSV: a header and one row, quoted as RFC 4180 has it, with the
/// columns in the order of the object. Null is an empty field.
///
/// # Errors
/// It is no JSON object, has no keys, or a value is a list or an object.
pub fn json_to_csv(json: &str) -> Result<String, FlatError> {
    let object: Map<String, Value> = serde_json::from_str(json).map_err(FlatError::NotAnObject)?;
    if object.is_empty() {
        return Err(FlatError::Empty);
    }
    let mut csv = String::new();
    write_line(&mut csv, object.keys().map(String::as_str));
    let values: Vec<String> = object.iter().map(field).collect::<Result<_, _>>()?;
    write_line(&mut csv, values.iter().map(String::as_str));
    Ok(csv)
}

fn field((column, value): (&String, &Value)) -> Result<String, FlatError> {
    let nested = |found| FlatError::Nested {
        column: column.clone(),
        found,
    };
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) => Err(nested("a list")),
        Value::Object(_) => Err(nested("an object")),
    }
}

/// Writes a line of CSV.
fn write_line<'a>(csv: &mut String, fields: impl ExactSizeIterator<Item = &'a str>) {
    let is_single = fields.len() == 1;
    for (index, field) in fields.enumerate() {
        if index > 0 {
            csv.push(',');
        }
        // A line of one empty field would be an empty line, which readers skip.
        let is_blank = is_single && field.is_empty();
        if is_blank || field.contains(['"', ',', '\n', '\r']) {
            csv.push('"');
            csv.push_str(&field.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(field);
        }
    }
    csv.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Result<&str, &str>) {
        let csv = json_to_csv(json).map_err(|error| error.to_string());
        assert_eq!(csv.as_deref().map_err(|error| &**error), expected, "{json}");
    }

    /// The right values are those of Python's `csv.writer(lineterminator="\n")`.
    #[test]
    fn an_object_is_a_header_and_a_row() {
        check(
            r#"{"Id": 1, "1stFlrSF": 1656.5, "Alley": null, "FireplaceQu": "", "CentralAir": true}"#,
            Ok("Id,1stFlrSF,Alley,FireplaceQu,CentralAir\n1,1656.5,,,true\n"),
        );
        check(
            r#"{"a,b": "say \"hi\"", "c": "two\nlines", "d": " plain "}"#,
            Ok("\"a,b\",c,d\n\"say \"\"hi\"\"\",\"two\nlines\", plain \n"),
        );
        check(r#"{"a": ""}"#, Ok("a\n\"\"\n"));
    }

    #[test]
    fn what_is_not_flat_is_named() {
        check("{}", Err("the object has no columns"));
        check(
            r#"{"a": 1, "b": [1]}"#,
            Err("column b: expected a number, text, a boolean or null, found a list"),
        );
        check(
            "[1]",
            Err(
                "the body must be a JSON object of columns and values: invalid type: sequence, \
                 expected a map at line 1 column 0",
            ),
        );
        check(
            r#"{"a": 1e999}"#,
            Err(
                "the body must be a JSON object of columns and values: number out of range at \
                 line 1 column 11",
            ),
        );
    }
}
