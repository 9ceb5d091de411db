//! Typed tables: a schema, columns, and rows of CSV and JSON.
//!
//! A [`Schema`] names the columns, their types, which of them may lack values, and the target. A
//! [`Reader`] reads CSV, JSON and JSON lines by it into a [`Table`], whose columns are numbers or
//! labels; what can't be read is a [`RowError`], which names row and column. Nothing past the
//! reader has to look at text again.

mod error;
mod flat;
mod format;
mod infer;
mod labels;
mod reader;
mod schema;
mod table;
mod text;
mod write;

pub use error::{Error, Reason, RowError};
pub use flat::{FlatError, json_to_csv};
pub use format::{Format, UnsupportedContentType};
pub use labels::Labels;
pub use reader::{ExtraColumns, Header, Limits, OnError, ReadOptions, Reader, Rows};
pub use schema::{ColumnSchema, ColumnType, InvalidSchema, Schema};
pub use table::{Table, Values};
pub use write::{write_csv, write_json_lines};
