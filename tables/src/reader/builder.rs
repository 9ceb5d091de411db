//! Puts the values of rows into columns, and keeps what is wrong with them.

use std::sync::Arc;

use super::{OnError, Reader, Rows};
use crate::text::{boolean_label, is_missing, parse_boolean, parse_number};
use crate::{ColumnType, Error, Reason, RowError, Table, Values};

/// A table in the making.
///
/// A row is [`begin`](Self::begin), values, [`end`](Self::end). Only the first thing that is wrong
/// with a row is kept; its values are taken back at its end.
pub(super) struct Builder<'a> {
    pub(super) reader: &'a Reader,
    columns: Vec<Values>,
    numbers: Vec<usize>,
    errors: Vec<RowError>,
    /// The number of the current row; of the last one between two.
    row: usize,
    line: Option<usize>,
    failure: Option<RowError>,
    is_in_row: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(reader: &'a Reader) -> Self {
        let columns = reader.schema.columns().iter();
        Self {
            reader,
            columns: columns.map(|column| Values::new(column.kind)).collect(),
            numbers: Vec::new(),
            errors: Vec::new(),
            row: 0,
            line: None,
            failure: None,
            is_in_row: false,
        }
    }

    /// Begins a row, which stands on that line.
    pub(super) fn begin(&mut self, line: Option<usize>) {
        self.row += 1;
        self.line = line;
        self.is_in_row = true;
    }

    /// Returns true between the beginning and the end of a row.
    pub(super) fn is_in_row(&self) -> bool {
        self.is_in_row
    }

    /// Returns an error about the current row.
    pub(super) fn error(&self, column: Option<&str>, reason: Reason) -> RowError {
        RowError {
            row: self.row,
            line: self.line,
            column: column.map(str::to_owned),
            reason,
        }
    }

    /// Says what is wrong with the current row.
    pub(super) fn fail(&mut self, column: Option<&str>, reason: Reason) {
        if self.failure.is_none() {
            self.failure = Some(self.error(column, reason));
        }
    }

    /// Says what is wrong with a value of the current row.
    pub(super) fn fail_at(&mut self, column: usize, reason: Reason) {
        let reader = self.reader;
        self.fail(Some(&reader.schema.columns()[column].name), reason);
    }

    /// Adds a text.
    pub(super) fn text(&mut self, column: usize, text: &str) {
        if is_missing(text) {
            return self.missing(column);
        }
        if text.contains('\0') {
            return self.fail_at(column, Reason::Nul);
        }
        let value = match (self.kind(column), self.slot(column)) {
            (_, None) => return,
            (ColumnType::Number, Some(Values::Numbers(numbers))) => {
                parse_number(text).map(|number| numbers.push(number))
            }
            (ColumnType::Boolean, Some(Values::Labels(labels))) => {
                parse_boolean(text).map(|value| labels.push(boolean_label(value)))
            }
            (_, Some(Values::Labels(labels))) => {
                labels.push(text);
                Ok(())
            }
            (_, Some(Values::Numbers(_))) => Ok(()),
        };
        if let Err(reason) = value {
            self.fail_at(column, reason);
        }
    }

    /// Adds a number.
    pub(super) fn number(&mut self, column: usize, number: f64) {
        match self.slot(column) {
            None => {}
            Some(Values::Numbers(numbers)) => numbers.push(number),
            Some(Values::Labels(_)) => self.wrong_type(column, "a number"),
        }
    }

    /// Adds a boolean.
    pub(super) fn boolean(&mut self, column: usize, value: bool) {
        match (self.kind(column), self.slot(column)) {
            (_, None) => {}
            (ColumnType::Boolean, Some(Values::Labels(labels))) => {
                labels.push(boolean_label(value));
            }
            _ => self.wrong_type(column, "a boolean"),
        }
    }

    /// Adds a missing value.
    pub(super) fn missing(&mut self, column: usize) {
        let is_allowed = self.reader.schema.columns()[column].missing;
        if let Some(values) = self.slot(column) {
            if is_allowed {
                values.push_missing();
            } else {
                self.fail_at(column, Reason::Missing);
            }
        }
    }

    /// Says that a value has another type than its column.
    pub(super) fn wrong_type(&mut self, column: usize, found: &'static str) {
        let expected = match self.kind(column) {
            ColumnType::Number => "a number",
            ColumnType::Text => "text",
            ColumnType::Boolean => "a boolean",
        };
        self.fail_at(column, Reason::Type { expected, found });
    }

    /// Ends the current row: columns without a value get a missing one.
    ///
    /// # Errors
    /// Something was wrong with it and the reader fails on errors, or there are too many rows.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.is_in_row = false;
        let rows = self.numbers.len();
        if self.row > self.reader.options.limits.rows {
            return Err(Error::Rows(self.reader.options.limits.rows));
        }
        if self.failure.is_none() {
            for column in 0..self.columns.len() {
                if self.columns[column].len() == rows {
                    self.missing(column);
                }
            }
        }
        let Some(error) = self.failure.take() else {
            self.numbers.push(self.row);
            return Ok(());
        };
        self.columns
            .iter_mut()
            .for_each(|column| column.truncate(rows));
        if self.reader.options.on_error == OnError::Fail {
            return Err(error.into());
        }
        self.errors.push(error);
        Ok(())
    }

    /// Ends the table.
    pub(super) fn finish(self) -> Rows {
        let schema = Arc::clone(&self.reader.schema);
        Rows {
            table: Table::numbered(schema, self.columns, self.numbers),
            errors: self.errors,
        }
    }

    fn kind(&self, column: usize) -> ColumnType {
        self.reader.schema.columns()[column].kind
    }

    /// Returns the column if it has no value of this row yet.
    fn slot(&mut self, column: usize) -> Option<&mut Values> {
        if self.columns[column].len() > self.numbers.len() {
            self.fail_at(column, Reason::Repeated);
            return None;
        }
        Some(&mut self.columns[column])
    }
}
