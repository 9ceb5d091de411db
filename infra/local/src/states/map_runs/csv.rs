//! CSV (RFC 4180): each row is an object of texts, by the names of the columns.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::decode::{Decode, Decoded};

/// A reader of rows.
pub(super) struct Csv {
    delimiter: u8,
    /// The columns; `None` until the first row has named them.
    columns: Option<Vec<String>>,
    row: Vec<String>,
    field: Vec<u8>,
    place: Place,
}

/// Where in a row the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first byte of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted field: the end of it, or the first half of a quote in it.
    Quote,
}

impl Csv {
    /// With the columns given, or named by the first row.
    pub(super) fn new(columns: Option<Vec<String>>, delimiter: char) -> Result<Self, String> {
        if let Some(columns) = &columns {
            distinct(columns)?;
        }
        Ok(Csv {
            delimiter: u8::try_from(delimiter).unwrap_or(b','),
            columns,
            row: Vec::new(),
            field: Vec::new(),
            place: Place::Start,
        })
    }

    fn byte(&mut self, byte: u8, items: &mut Vec<Value>) -> Decoded {
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) => {
                self.field.push(byte);
                Place::Quoted
            }
            (Place::Start, b'"') => Place::Quoted,
            (Place::Quote, b'"') => {
                self.field.push(b'"');
                Place::Quoted
            }
            (_, b'\n') => {
                self.end_row(items)?;
                Place::Start
            }
            (_, delimiter) if delimiter == self.delimiter => {
                self.end_field();
                Place::Start
            }
            _ => {
                self.field.push(byte);
                Place::Plain
            }
        };
        Ok(())
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        self.row.push(String::from_utf8_lossy(&field).into_owned());
    }

    fn end_row(&mut self, items: &mut Vec<Value>) -> Decoded {
        if self.field.last() == Some(&b'\r') {
            self.field.pop();
        }
        if self.row.is_empty() && self.field.is_empty() {
            return Ok(()); // an empty line
        }
        self.end_field();
        let row = std::mem::take(&mut self.row);
        match &self.columns {
            None => {
                distinct(&row)?;
                self.columns = Some(row);
            }
            Some(columns) => items.push(item(columns, row)),
        }
        Ok(())
    }
}

impl Decode for Csv {
    fn piece(&mut self, piece: &[u8], items: &mut Vec<Value>) -> Decoded {
        piece.iter().try_for_each(|byte| self.byte(*byte, items))
    }

    fn end(&mut self, items: &mut Vec<Value>) -> Decoded {
        self.end_row(items)
    }
}

/// A row has as many fields as there are columns: more are dropped, and missing ones are empty, as on AWS.
fn item(columns: &[String], row: Vec<String>) -> Value {
    let mut fields = row.into_iter();
    let named = columns.iter().map(|column| {
        let field = fields.next().unwrap_or_default();
        (column.clone(), Value::String(field))
    });
    Value::Object(named.collect::<Map<_, _>>())
}

fn distinct(columns: &[String]) -> Decoded {
    let mut seen = HashSet::new();
    if columns.iter().all(|column| seen.insert(column)) {
        Ok(())
    } else {
        Err("CSV headers cannot contain duplicates.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;
    use serde_json::json;

    fn check(text: &str, expected: Result<Value, &str>) {
        decode::check(|| Csv::new(None, ',').unwrap(), text, expected);
    }

    #[test]
    fn the_first_row_names_the_columns() {
        check("a,b\n1,2\n", Ok(json!([{ "a": "1", "b": "2" }])));
        check("a,b\r\n1,2\r\n", Ok(json!([{ "a": "1", "b": "2" }])));
        check("a,b\n1,2", Ok(json!([{ "a": "1", "b": "2" }])));
        check("a\n\nx\n\n", Ok(json!([{ "a": "x" }])));
        check("a,b\n,\n", Ok(json!([{ "a": "", "b": "" }])));
        check("a,b\n", Ok(json!([])));
        check("", Ok(json!([])));
    }

    #[test]
    fn rows_that_are_too_long_or_too_short() {
        check("a\n1,2\n", Ok(json!([{ "a": "1" }])));
        check("a,b\n1\n", Ok(json!([{ "a": "1", "b": "" }])));
        check("a,\n1,2,3\n", Ok(json!([{ "a": "1", "": "2" }])));
    }

    #[test]
    fn quotes_hold_anything() {
        check(
            "a,b\n\"1,\n\"\"x\"\"\",\"\"\n",
            Ok(json!([{ "a": "1,\n\"x\"", "b": "" }])),
        );
        check("a\n x\"y \n", Ok(json!([{ "a": " x\"y " }])));
        check("a\n\"é\"\n", Ok(json!([{ "a": "é" }])));
    }

    #[test]
    fn columns_have_different_names() {
        let text = "CSV headers cannot contain duplicates.";
        check("a,a\n1,2\n", Err(text));
        let given = Csv::new(Some(vec!["x".into(), "x".into()]), ',');
        assert_eq!(given.err().as_deref(), Some(text));
    }

    #[test]
    fn other_delimiters_and_given_columns() {
        let make = || Csv::new(Some(vec!["x".into(), "y".into()]), '\t').unwrap();
        let expected = Ok(json!([{ "x": "1,2", "y": "3" }]));
        decode::check(make, "1,2\t3\n", expected);
    }
}
