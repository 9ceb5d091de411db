//! Reads CSV.

use std::io::Read;

use ::csv::{ByteRecord, ErrorKind, ReaderBuilder};

use super::builder::Builder;
use super::guard::{Guard, reason_of};
use super::{ExtraColumns, Field, Header, Reader};
use crate::{Error, InvalidSchema, Reason};

/// Returns a parser of records, the header among them, that is safe from long rows and open quotes.
pub(crate) fn csv_reader<R: Read>(
    input: R,
    row_bytes: usize,
) -> Result<::csv::Reader<impl Read>, Error> {
    let mut builder = ReaderBuilder::new();
    let builder = builder.has_headers(false).flexible(true);
    Ok(builder.from_reader(Guard::new(input, row_bytes)?))
}

pub(super) fn read(reader: &Reader, input: impl Read) -> Result<super::Rows, Error> {
    let mut input = csv_reader(input, reader.options.limits.row_bytes)?;
    let mut builder = reader.builder();
    let mut record = ByteRecord::new();
    let mut is_first = true;
    let mut header = None;
    loop {
        let line = input.position().line() as usize;
        match input.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(builder.finish()),
            Err(error) => {
                broken(&mut builder, line, error)?;
                return Ok(builder.finish());
            }
        }
        let limit = reader.options.limits.columns;
        if record.len() > limit {
            let found = record.len();
            return Err(Error::Columns { found, limit });
        }
        if std::mem::take(&mut is_first) && is_header(reader, &record) {
            header = Some(match_names(reader, &record)?);
            continue;
        }
        let line = record.position().map(|position| position.line() as usize);
        builder.begin(line);
        read_row(&mut builder, &record, header.as_deref());
        builder.end()?;
    }
}

/// Takes in the row that the parser could not finish: where another begins is unknown.
fn broken(builder: &mut Builder<'_>, line: usize, error: ::csv::Error) -> Result<(), Error> {
    match error.into_kind() {
        ErrorKind::Io(error) => {
            let Some(reason) = reason_of(&error) else {
                return Err(error.into());
            };
            builder.begin(Some(line));
            builder.fail(None, reason.clone());
            builder.end()
        }
        other => Err(Error::Io(std::io::Error::other(format!("{other:?}")))),
    }
}

fn read_row(builder: &mut Builder<'_>, record: &ByteRecord, header: Option<&[Field]>) {
    let fields = match header {
        Some(fields) if fields.len() == record.len() => Ok(fields),
        Some(fields) => Err(fields.len()),
        None => builder.reader.fields_of(record.len()),
    };
    let fields = match fields {
        Ok(fields) => fields,
        Err(expected) => {
            let found = record.len();
            return builder.fail(None, Reason::Width { found, expected });
        }
    };
    for (field, bytes) in fields.iter().zip(record) {
        if let Field::Column(column) = *field {
            match std::str::from_utf8(bytes) {
                Ok(text) => builder.text(column, text),
                Err(_) => builder.fail_at(column, Reason::Utf8),
            }
        }
    }
}

fn is_header(reader: &Reader, record: &ByteRecord) -> bool {
    let is_name = |field: &[u8]| {
        std::str::from_utf8(field).is_ok_and(|text| reader.names.contains_key(text.trim()))
    };
    match reader.options.header {
        Header::Present => true,
        Header::Absent => false,
        Header::Detect => record.iter().any(is_name),
    }
}

/// Returns what each field of a row is for, by the names in the header.
fn match_names(reader: &Reader, record: &ByteRecord) -> Result<Vec<Field>, Error> {
    let mut unknown = Vec::new();
    let mut seen = vec![false; reader.schema.columns().len()];
    let mut fields = Vec::with_capacity(record.len());
    for bytes in record {
        let name = String::from_utf8_lossy(bytes);
        let field = reader.names.get(name.trim()).copied();
        match field {
            None => unknown.push(name.trim().to_owned()),
            Some(Field::Column(column)) if std::mem::replace(&mut seen[column], true) => {
                return Err(InvalidSchema::Repeated(name.trim().to_owned()).into());
            }
            Some(_) => {}
        }
        fields.push(field.unwrap_or(Field::Skipped));
    }
    let columns = reader.schema.columns().iter().zip(seen);
    let absent = columns.filter(|(column, is_there)| !column.missing && !is_there);
    let absent = absent.map(|(column, _)| column);
    let absent: Vec<&str> = absent.map(|column| &*column.name).collect();
    let is_refused = reader.options.extra_columns == ExtraColumns::Refuse && !unknown.is_empty();
    if absent.is_empty() && !is_refused {
        return Ok(fields);
    }
    let mut faults = Vec::new();
    if !absent.is_empty() {
        faults.push(format!("it lacks {}", absent.join(", ")));
    }
    if !unknown.is_empty() {
        unknown.truncate(20);
        faults.push(format!("the schema does not have {}", unknown.join(", ")));
    }
    Err(Error::Header(faults.join("; ")))
}
