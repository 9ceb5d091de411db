//! Reads rows by a schema.
//!
//! `builder` puts values into columns and keeps what is wrong with them; `csv` and `json` find the
//! values in their formats; `guard` stands before the CSV parser and stops what would exhaust it.

mod builder;
mod csv;
mod guard;
mod json;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

pub(crate) use self::csv::csv_reader;
use crate::{Error, Format, RowError, Schema, Table};
use builder::Builder;

/// The header of CSV: the first line names the columns, or does not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Header {
    /// It does if one of its fields is the name of a column.
    #[default]
    Detect,
    /// It does.
    Present,
    /// It is a row: columns are matched by position.
    Absent,
}

/// The treatment of columns that the schema does not have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ExtraColumns {
    /// They are an error that names them.
    #[default]
    Refuse,
    /// They are not read.
    Ignore,
}

/// The treatment of rows that can't be read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnError {
    /// Reading ends with its error.
    #[default]
    Fail,
    /// Its error is among [`Rows::errors`], and the other rows are read.
    Report,
}

/// The maximum size of an input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of a row.
    pub row_bytes: usize,
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// Options of a reader.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReadOptions {
    /// The header of CSV.
    pub header: Header,
    /// The treatment of columns that the schema does not have.
    pub extra_columns: ExtraColumns,
    /// The treatment of rows that can't be read.
    pub on_error: OnError,
    /// The maximum size of the input.
    pub limits: Limits,
}

/// The rows that were read, and the errors of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The rows that can be read.
    pub table: Table,
    /// The rows that can't, in order; always empty with [`OnError::Fail`].
    pub errors: Vec<RowError>,
}

/// Reads rows by a schema, which it prepares once for many inputs.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The columns that are read.
    schema: Arc<Schema>,
    /// The column of each name.
    names: HashMap<String, Field>,
    /// The columns of the values of a row without names, one entry for each accepted width.
    positions: Vec<Vec<Field>>,
    /// The options.
    pub options: ReadOptions,
}

/// The use of a value of the input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    /// A column of the table.
    Column(usize),
    /// Nothing: it is passed over.
    Skipped,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            row_bytes: 1 << 20,
            columns: 10_000,
            rows: 50_000_000,
        }
    }
}

impl Reader {
    /// Returns a reader of all columns of the schema, the target among them.
    pub fn new(schema: &Schema) -> Self {
        let fields: Vec<Field> = (0..schema.columns().len()).map(Field::Column).collect();
        Self {
            schema: Arc::new(schema.clone()),
            names: schema
                .names()
                .map(str::to_owned)
                .zip(fields.iter().copied())
                .collect(),
            positions: vec![fields],
            options: ReadOptions::default(),
        }
    }

    /// Returns a reader of the features: the input need not have the target, and if it does, the
    /// target is passed over.
    pub fn of_features(schema: &Schema) -> Self {
        let mut reader = Self::new(&schema.features());
        if let Some(target) = schema.target() {
            reader.names.insert(target.to_owned(), Field::Skipped);
            let with_target = schema.names().map(|name| reader.names[name]);
            reader.positions.push(with_target.collect());
        }
        reader
    }

    /// Returns the reader with these options.
    #[must_use]
    pub fn with_options(mut self, options: ReadOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns the schema of the tables that it returns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads rows of that format.
    ///
    /// # Errors
    /// As of [`csv`](Self::csv), [`json`](Self::json) and [`json_lines`](Self::json_lines).
    pub fn read(&self, format: Format, bytes: &[u8]) -> Result<Rows, Error> {
        match format {
            Format::Csv => self.csv(bytes),
            Format::Json => self.json(bytes),
            Format::JsonLines => self.json_lines(bytes),
        }
    }

    /// Reads CSV (RFC 4180): any line end, a byte order mark, quoted fields. Empty fields and `NA`
    /// are missing values.
    ///
    /// With a header, columns are matched by name, and one that is not there is a missing value of
    /// every row.
    ///
    /// # Errors
    /// A row can't be read, the header lacks a column that allows no missing values or has one that
    /// the schema does not, or a limit is reached.
    pub fn csv(&self, input: impl Read) -> Result<Rows, Error> {
        csv::read(self, input)
    }

    /// Reads JSON: an object (one row), a list of objects or lists, or `{"instances": […]}` of
    /// those or of `{"features": […]}`.
    ///
    /// A value that is null, `""`, `"NA"` or not there is a missing one.
    ///
    /// # Errors
    /// It is no JSON, a row can't be read, or a limit is reached.
    pub fn json(&self, bytes: &[u8]) -> Result<Rows, Error> {
        json::read(self, bytes)
    }

    /// Reads JSON lines: an object or list a line, as in [`json`](Self::json).
    ///
    /// # Errors
    /// A line can't be read, or a limit is reached.
    pub fn json_lines(&self, bytes: &[u8]) -> Result<Rows, Error> {
        json::read_lines(self, bytes)
    }

    /// Returns the columns of a row of `width` values without names.
    fn fields_of(&self, width: usize) -> Result<&[Field], usize> {
        let fields = self.positions.iter().find(|fields| fields.len() == width);
        fields.map(Vec::as_slice).ok_or(self.schema.columns().len())
    }

    fn builder(&self) -> Builder<'_> {
        Builder::new(self)
    }
}
