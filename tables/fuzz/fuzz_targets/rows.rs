//! Any bytes are rows or an error, and what is read is written and read the same. The first byte
//! chooses the format. Run: `cargo +nightly fuzz run rows` in `tables/`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tables::{Format, OnError, ReadOptions, Reader, Schema, json_to_csv, write_csv};

const SCHEMA: &str = r#"{"columns": [
    {"name": "a", "type": "number", "missing": true},
    {"name": "b", "type": "text", "missing": true},
    {"name": "c", "type": "boolean", "missing": true}
], "target": "a"}"#;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let _ = Schema::infer(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = json_to_csv(text);
    }
    let format = [Format::Csv, Format::Json, Format::JsonLines][usize::from(first % 3)];
    let schema: Schema = serde_json::from_str(SCHEMA).expect("a schema");
    let on_error = OnError::Report;
    let options = ReadOptions {
        on_error,
        ..ReadOptions::default()
    };
    let reader = Reader::new(&schema).with_options(options);
    let Ok(rows) = reader.read(format, bytes) else {
        return;
    };
    let mut csv = Vec::new();
    write_csv(&rows.table, &mut csv, true).expect("written");
    let again = reader.csv(&csv[..]).expect("what was written is read");
    assert!(again.errors.is_empty());
    assert_eq!(again.table.columns(), rows.table.columns());
});
