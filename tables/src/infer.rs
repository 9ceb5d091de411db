//! Infers a schema from CSV.

use std::io::Read;

use csv::StringRecord;

use crate::reader::csv_reader;
use crate::text::{is_missing, parse_boolean, parse_number};
use crate::{ColumnSchema, ColumnType, Error, Limits, Reason, RowError, Schema};

/// The types that fit the values of a column so far.
struct Observed {
    name: String,
    number: bool,
    boolean: bool,
    missing: bool,
}

impl Schema {
    /// Infers the schema of CSV with a header: a column whose values are all numbers is one of
    /// numbers, one of `true` and `false` is of booleans, any other is of text. Columns without any
    /// value are of numbers.
    ///
    /// # Errors
    /// It can't be read, or its header names columns twice or not at all.
    pub fn infer(input: impl Read) -> Result<Self, Error> {
        let limits = Limits::default();
        let mut input = csv_reader(input, limits.row_bytes)?;
        let mut columns: Vec<Observed> = Vec::new();
        let mut record = StringRecord::new();
        for row in 0.. {
            let is_there = input
                .read_record(&mut record)
                .map_err(|error| match error.kind() {
                    csv::ErrorKind::Utf8 { .. } => row_error(row, &record, Reason::Utf8),
                    _ => Error::Io(error.into()),
                })?;
            if !is_there {
                break;
            }
            if row == 0 {
                let (found, limit) = (record.len(), limits.columns);
                if found > limit {
                    return Err(Error::Columns { found, limit });
                }
                columns = record.iter().map(Observed::new).collect();
                continue;
            }
            let (found, expected) = (record.len(), columns.len());
            if found != expected {
                return Err(row_error(row, &record, Reason::Width { found, expected }));
            }
            for (column, text) in columns.iter_mut().zip(&record) {
                column.observe(text);
            }
        }
        if columns.is_empty() {
            return Err(Error::Empty);
        }
        let columns = columns.into_iter().map(Observed::into_schema).collect();
        Ok(Self::new(columns, None)?)
    }
}

fn row_error(row: usize, record: &StringRecord, reason: Reason) -> Error {
    let line = record.position().map(|position| position.line() as usize);
    let column = None;
    Error::Row(RowError {
        row,
        line,
        column,
        reason,
    })
}

impl Observed {
    fn new(name: &str) -> Self {
        Self {
            name: name.trim().to_owned(),
            number: true,
            boolean: true,
            missing: false,
        }
    }

    fn observe(&mut self, text: &str) {
        if is_missing(text) {
            self.missing = true;
            return;
        }
        // A number that is too large is meant as one, and is an error when it is read.
        let is_number = !matches!(parse_number(text), Err(Reason::NotANumber(_)));
        self.number = self.number && is_number;
        self.boolean = self.boolean && parse_boolean(text).is_ok();
    }

    fn into_schema(self) -> ColumnSchema {
        let kind = if self.number {
            ColumnType::Number
        } else if self.boolean {
            ColumnType::Boolean
        } else {
            ColumnType::Text
        };
        ColumnSchema {
            name: self.name,
            kind,
            missing: self.missing,
        }
    }
}
