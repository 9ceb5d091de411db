//! Writes tables.

use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use serde_json::{Map, Value};

use crate::{Table, Values};

/// Writes CSV (RFC 4180, with `\n` at the ends of lines). A missing value is an empty field.
///
/// # Errors
/// The output can't be written to.
pub fn write_csv(table: &Table, output: impl Write, header: bool) -> io::Result<()> {
    let mut builder = WriterBuilder::new();
    let mut writer = builder
        .quote_style(QuoteStyle::Necessary)
        .from_writer(output);
    if header {
        writer.write_record(table.schema().names())?;
    }
    for row in 0..table.rows() {
        for values in table.columns() {
            match values {
                Values::Numbers(numbers) => writer.write_field(number_text(numbers[row]))?,
                Values::Labels(labels) => writer.write_field(labels.get(row).unwrap_or(""))?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// Writes JSON lines: an object a row. A missing value is null.
///
/// # Errors
/// The output can't be written to.
pub fn write_json_lines(table: &Table, mut output: impl Write) -> io::Result<()> {
    for row in 0..table.rows() {
        let values = table.columns().iter().map(|values| json_value(values, row));
        let names = table.schema().names().map(str::to_owned);
        let object: Map<String, Value> = names.zip(values).collect();
        serde_json::to_writer(&mut output, &object)?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

fn json_value(values: &Values, row: usize) -> Value {
    match values {
        Values::Numbers(numbers) => {
            whole(numbers[row]).map_or_else(|| Value::from(numbers[row]), Value::from)
        }
        Values::Labels(labels) => Value::from(labels.get(row)),
    }
}

/// Returns the shortest text that reads as the same number; none for a missing one.
fn number_text(number: f64) -> String {
    match whole(number) {
        Some(whole) => whole.to_string(),
        None if number.is_nan() => String::new(),
        None => format!("{number:?}"),
    }
}

/// Returns the integer that the number is, if every integer of its size has a number of its own.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    let is_whole = number.fract() == 0.0 && number.abs() < EXACT && !is_negative_zero;
    is_whole.then_some(number as i64)
}
