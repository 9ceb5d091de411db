//! Typed tables: a schema, columns, and rows of CSV and JSON.
