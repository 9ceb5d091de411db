//! Measures how long a row takes to read: CSV with a header, CSV without, and a flat JSON object.
//!
//!     read TABLE TARGET

use std::error::Error;
use std::time::Instant;

use tables::{
    Format, Header, ReadOptions, Reader, Schema, json_to_csv, write_csv, write_json_lines,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("usage: read TABLE TARGET".into());
    };
    let bytes = std::fs::read(path)?;
    let schema = Schema::infer(&bytes[..])?.with_target(target)?;
    let began = Instant::now();
    let table = Reader::new(&schema).csv(&bytes[..])?.table;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} rows: {:.0} MB/s",
        table.rows(),
        bytes.len() as f64 / 1e6 / seconds
    );
    let reader = Reader::of_features(&schema);
    let one = table.select(&[0]);
    let (mut with_header, mut without, mut json) = (Vec::new(), Vec::new(), Vec::new());
    write_csv(&one, &mut with_header, true)?;
    write_csv(&one, &mut without, false)?;
    write_json_lines(&one, &mut json)?;
    let header = Header::Absent;
    let by_position = reader.clone().with_options(ReadOptions {
        header,
        ..ReadOptions::default()
    });
    for (name, reader, format, body) in [
        ("CSV with a header", &reader, Format::Csv, &with_header),
        ("CSV without", &by_position, Format::Csv, &without),
        ("JSON object", &reader, Format::Json, &json),
    ] {
        println!(
            "{name}: {:.1} us",
            median(|| reader.read(format, body).map(drop))?
        );
    }
    let object = String::from_utf8(json)?;
    println!(
        "json_to_csv: {:.1} us",
        median(|| json_to_csv(&object).map(drop))?
    );
    Ok(())
}

/// Returns the median microseconds of a call.
fn median<E>(mut call: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times = Vec::new();
    for _ in 0..5_000 {
        let began = Instant::now();
        call()?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
