//! CSV as Step Functions reads it: each row is an object of texts, by the names of the columns.
//!
//! It is not RFC 4180: two quotes are one quote wherever they stand, and a backslash before a
//! backslash, a quote or the delimiter takes its meaning away; before anything else the backslash
//! is dropped.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html>

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::decode::{Decode, Decoded};

/// A reader of rows.
pub(super) struct Csv {
    delimiter: u8,
    /// The columns; `None` until the first row has named them.
    columns: Option<Columns>,
    row: Vec<String>,
    field: Vec<u8>,
    state: FieldState,
    /// True if the previous byte was a backslash.
    escaped: bool,
}

/// The reader's position in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldState {
    /// Before the first byte of a field.
    Start,
    Plain,
    /// After a quote in a plain field: that quote, or the first half of one.
    PlainQuote,
    Quoted,
    /// After a quote in a quoted field: the end of it, or the first half of a quote in it.
    Quote,
}

impl Csv {
    /// Creates a reader with the given columns; without them, the first row names the columns.
    pub(super) fn new(columns: Option<Vec<String>>, delimiter: char) -> Result<Self, String> {
        let columns = columns.map(Columns::new).transpose()?;
        Ok(Csv {
            delimiter: u8::try_from(delimiter).unwrap_or(b','),
            columns,
            row: Vec::new(),
            field: Vec::new(),
            state: FieldState::Start,
            escaped: false,
        })
    }

    fn byte(&mut self, byte: u8, items: &mut Vec<Value>) -> Decoded {
        let escaped = std::mem::take(&mut self.escaped);
        if escaped && (byte == b'\\' || byte == b'"' || byte == self.delimiter) {
            self.push(byte);
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.quote();
        } else if byte == b'\n' && self.state != FieldState::Quoted {
            self.end_row(items)?;
        } else if byte == self.delimiter && self.state != FieldState::Quoted {
            self.end_field();
        } else {
            self.push(byte);
        }
        Ok(())
    }

    fn quote(&mut self) {
        self.state = match self.state {
            FieldState::Start => FieldState::Quoted,
            FieldState::Quoted => FieldState::Quote,
            FieldState::Plain => FieldState::PlainQuote,
            FieldState::PlainQuote => {
                self.field.push(b'"');
                FieldState::Plain
            }
            FieldState::Quote => {
                self.field.push(b'"');
                FieldState::Quoted
            }
        };
    }

    /// Adds a byte that means nothing but itself.
    fn push(&mut self, byte: u8) {
        let quote = match self.state {
            FieldState::PlainQuote => true,
            // The two quotes that the field begins with enclose nothing: they are one quote.
            FieldState::Quote => self.field.is_empty() && byte != b'\r',
            _ => false,
        };
        if quote {
            self.field.push(b'"');
        }
        self.field.push(byte);
        if self.state != FieldState::Quoted {
            self.state = FieldState::Plain;
        }
    }

    fn end_field(&mut self) {
        if self.state == FieldState::PlainQuote {
            self.field.push(b'"');
        }
        let field = std::mem::take(&mut self.field);
        self.row.push(String::from_utf8_lossy(&field).into_owned());
        self.state = FieldState::Start;
    }

    fn end_row(&mut self, items: &mut Vec<Value>) -> Decoded {
        if self.field.last() == Some(&b'\r') {
            self.field.pop();
        }
        if self.row.is_empty() && self.field.is_empty() {
            self.state = FieldState::Start;
            return Ok(()); // an empty line
        }
        self.end_field();
        let row = std::mem::take(&mut self.row);
        match &self.columns {
            None => self.columns = Some(Columns::new(row)?),
            Some(columns) => items.push(columns.item(row)),
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

/// The columns' names.
struct Columns {
    names: Vec<String>,
    /// The indexes of the columns in a row, in the order of an item's members: that of Java's
    /// `HashMap`, as recorded on AWS.
    order: Vec<usize>,
}

impl Columns {
    fn new(names: Vec<String>) -> Result<Self, String> {
        let mut unique = HashSet::new();
        if !names.iter().all(|name| unique.insert(name)) {
            return Err("CSV headers cannot contain duplicates.".to_owned());
        }
        // A map has 16 buckets or more, and doubles them when it is more than three quarters full.
        let buckets = (names.len() * 4).div_ceil(3).next_power_of_two().max(16);
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|at| bucket(&names[*at], buckets));
        Ok(Columns { names, order })
    }

    /// Returns the item of a row. Extra fields are dropped, and missing ones are empty, as on AWS.
    fn item(&self, mut row: Vec<String>) -> Value {
        row.resize(self.names.len(), String::new());
        let named = self.order.iter().map(|at| {
            let field = std::mem::take(&mut row[*at]);
            (self.names[*at].clone(), Value::String(field))
        });
        Value::Object(named.collect::<Map<_, _>>())
    }
}

/// The bucket of a name in a `HashMap` of Java's, by `String.hashCode`.
fn bucket(name: &str, buckets: usize) -> usize {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
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

    /// Recorded on AWS, of these columns.
    #[test]
    fn members_were_in_the_order_of_the_columns() {
        let members = |text: &str| {
            let mut csv = Csv::new(None, ',').unwrap();
            let items = decode::decode(&mut csv, text, text.len()).unwrap();
            items[0].to_string()
        };
        let item = r#"{"0":"Value4","{}":"Value6","True":"Value5"}"#;
        assert_eq!(members("0,True,{}\nValue4,Value5,Value6\n"), item);
        let item = r#"{"":"Value5","H1":"Value4"}"#;
        assert_eq!(members("H1,\nValue4,Value5,Value6\n"), item);
        let item = r#"{"H1":"a","H2":"b","H3":"c"}"#;
        assert_eq!(members("H1,H2,H3\na,b,c\n"), item);
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

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html>
    #[test]
    fn the_documents_own_example_was_read_as_rfc_4180() {
        let text = "l,n,s,o,a\nabc,123,\"commas, a double quotation marks (\"\"), and a newline \
                    (\n)\",{\"\"MyKey\"\":\"\"MyValue\"\"},\"[1,2,3]\"";
        let item = json!({
            "l": "abc", "n": "123", "s": "commas, a double quotation marks (\"), and a newline (\n)",
            "o": r#"{"MyKey":"MyValue"}"#, "a": "[1,2,3]",
        });
        check(text, Ok(json!([item])));
        let text = "path,size\nC:\\\\Program Files\\\\MyApp.exe,6534512\n";
        let item = json!({ "path": r"C:\Program Files\MyApp.exe", "size": "6534512" });
        check(text, Ok(json!([item])));
    }

    #[test]
    fn two_quotes_are_one_anywhere() {
        let field = |text: &str, expected: &str| {
            check(
                &format!("a,b\nx,{text}\n"),
                Ok(json!([{ "a": "x", "b": expected }])),
            );
            check(
                &format!("a,b\r\nx,{text}\r\n"),
                Ok(json!([{ "a": "x", "b": expected }])),
            );
        };
        field(r#"x""y"#, r#"x"y"#);
        field(r#"x"""#, r#"x""#);
        field(r#"x"""""#, r#"x"""#);
        field(r#"""x"""#, r#""x""#);
        field(r#""""x""""#, r#""x""#);
        field(r#""""""#, r#"""#);
        field(r#""""#, "");
        field(r#"5" pipe"#, r#"5" pipe"#);
    }

    #[test]
    fn a_backslash_takes_the_meaning_of_what_follows_or_goes() {
        for d in [',', '|', ';', ' ', '\t'] {
            let columns = Some(vec!["a".into(), "b".into()]);
            let make = || Csv::new(columns.clone(), d).unwrap();
            let text = format!("x\\{d}y{d}\\\"q\\\"\n\"x{d}\\\"y\"{d}\\n\\\\n\\\n{d}z\\");
            let expected = json!([
                { "a": format!("x{d}y"), "b": "\"q\"" },
                { "a": format!("x{d}\"y"), "b": "n\\n" },
                { "a": "", "b": "z" },
            ]);
            decode::check(make, &text, Ok(expected));
        }
    }

    #[test]
    fn columns_have_different_names() {
        let text = "CSV headers cannot contain duplicates.";
        check("a,a\n1,2\n", Err(text));
        let duplicate = Csv::new(Some(vec!["x".into(), "x".into()]), ',');
        assert_eq!(duplicate.err().as_deref(), Some(text));
    }

    #[test]
    fn other_delimiters_and_given_columns() {
        let make = || Csv::new(Some(vec!["x".into(), "y".into()]), '\t').unwrap();
        let expected = Ok(json!([{ "x": "1,2", "y": "3" }]));
        decode::check(make, "1,2\t3\n", expected);
    }
}
