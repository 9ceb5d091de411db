//! JSON text on disk: short text unmodified, long text deflated.
//!
//! Histories repeat an execution's data in nearly every event, so long ones compress well.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// Shorter text gains little from deflating and is read more often.
const SHORT: usize = 1024;

/// A text column that may be stored deflated.
pub(crate) struct Packed(pub(crate) String);

/// Writes a text as [`Packed`] reads it, without owning it.
pub(crate) struct Pack<'a>(pub(crate) &'a str);

impl ToSql for Pack<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if self.0.len() < SHORT {
            return Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())));
        }
        let deflated = deflate(self.0.as_bytes())
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(ToSqlOutput::Owned(Value::Blob(deflated)))
    }
}

impl FromSql for Packed {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(deflated) => inflate(deflated).map(Packed).map_err(FromSqlError::other),
            text => Ok(Packed(text.as_str()?.to_owned())),
        }
    }
}

fn deflate(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

fn inflate(deflated: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    DeflateDecoder::new(deflated).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(text: &str) -> (String, &'static str) {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (v ANY) STRICT").unwrap();
        db.execute("INSERT INTO t VALUES (?)", [Pack(text)])
            .unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            let kind = match row.get_ref(0)? {
                ValueRef::Text(_) => "text",
                _ => "blob",
            };
            Ok((row.get::<_, Packed>(0)?.0, kind))
        };
        db.query_row("SELECT v FROM t", [], read).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(text in "(?s).{0,40}", times in 1usize..200) {
            let text = text.repeat(times);
            prop_assert_eq!(round_trip(&text).0, text);
        }
    }

    #[test]
    fn only_long_text_is_deflated() {
        assert_eq!(round_trip(&"x".repeat(SHORT - 1)).1, "text");
        assert_eq!(round_trip(&"x".repeat(SHORT)).1, "blob");
    }

    #[test]
    fn damage_is_an_error() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let read = db.query_row("SELECT x'ffff00'", [], |row| row.get::<_, Packed>(0));
        assert!(read.is_err());
    }
}
