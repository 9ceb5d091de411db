//! Errors of reading, by row and column.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::InvalidSchema;

/// An error of reading a table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row can't be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The header lacks columns, or has some that the schema does not know.
    #[error("the header does not fit the schema: {0}")]
    Header(String),
    /// The header or the schema has names that can't be.
    #[error("the header can't be read: {0}")]
    Names(#[from] InvalidSchema),
    /// There is not even a header.
    #[error("there is no header: the first line must name the columns")]
    Empty,
    /// The input has more columns than the limit.
    #[error("{found} columns are more than the limit of {limit}")]
    Columns {
        /// The number that there is.
        found: usize,
        /// The number that is allowed.
        limit: usize,
    },
    /// The input has more rows than the limit.
    #[error("there are more rows than the limit of {0}; split the input")]
    Rows(usize),
    /// The input is not of the shape that JSON rows have.
    #[error("the JSON can't be read: {0}")]
    Json(String),
    /// The input can't be read at all.
    #[error("the input can't be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A row that can't be read.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
pub struct RowError {
    /// The number of the row, from 1, without the header.
    pub row: usize,
    /// The number of its first line in the input, from 1, where it has lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The name of the column, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The reason.
    pub reason: Reason,
}

/// The reason why a row or value can't be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The text in a column of numbers is none.
    #[error("{0:?} is not a number")]
    NotANumber(String),
    /// The number is beyond 64 bits, or infinite.
    #[error("{0:?} is not a finite number of 64 bits")]
    NotFinite(String),
    /// The text in a column of booleans is none.
    #[error("{0:?} is neither true nor false")]
    NotABoolean(String),
    /// A JSON value has another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// The type that the schema has.
        expected: &'static str,
        /// The value that is there.
        found: &'static str,
    },
    /// There is no value where one must be.
    #[error("the value is missing; the schema allows no missing values here")]
    Missing,
    /// There is a column that the schema does not have.
    #[error("the schema has no such column")]
    Unknown,
    /// The value is there twice.
    #[error("the column is there twice")]
    Repeated,
    /// The row has too many or too few values.
    #[error("found {found} values, expected {expected}")]
    Width {
        /// The number that there is.
        found: usize,
        /// The number that there should be.
        expected: usize,
    },
    /// The row is no row.
    #[error("a row must be an object or a list, found {0}")]
    NotARow(&'static str),
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Utf8,
    /// The text has a NUL.
    #[error("the text contains a NUL byte")]
    Nul,
    /// The input ends within quotes.
    #[error("a quote is opened and never closed")]
    UnclosedQuote,
    /// The row is too long.
    #[error("the row is longer than the limit of {0} bytes")]
    TooLong(usize),
    /// It is no JSON.
    #[error("{0}")]
    Json(String),
    /// Found by whoever works with the table.
    #[error("{0}")]
    Other(String),
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Returns the beginning of a text, short enough for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 40;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
