//! Reads JSON, straight into the columns: no tree of values is built for an object.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::builder::Builder;
use super::{ExtraColumns, Field, Reader, Rows};
use crate::{Error, Reason};

/// The position in a document that is being read.
struct Place<'b, 'a> {
    builder: &'b mut Builder<'a>,
    /// The column whose value is being read.
    column: Option<usize>,
    /// The error that ends the reading: the parser's own then only says that it does.
    stop: Option<Error>,
}

impl<'b, 'a> Place<'b, 'a> {
    fn new(builder: &'b mut Builder<'a>) -> Self {
        Self {
            builder,
            column: None,
            stop: None,
        }
    }

    fn column_name(&self) -> Option<String> {
        let columns = self.builder.reader.schema.columns();
        self.column.map(|column| columns[column].name.clone())
    }

    fn end_row<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.builder.end().map_err(|error| {
            self.stop = Some(error);
            E::custom("stopped")
        })
    }
}

pub(super) fn read(reader: &Reader, bytes: &[u8]) -> Result<Rows, Error> {
    let mut builder = reader.builder();
    let mut place = Place::new(&mut builder);
    let mut json = serde_json::Deserializer::from_slice(without_mark(bytes));
    let outcome = Document(&mut place).deserialize(&mut json);
    let outcome = outcome.and_then(|()| json.end());
    let (column, stop) = (place.column_name(), place.stop);
    match (stop, outcome) {
        (None, Ok(())) => Ok(builder.finish()),
        (Some(error), _) => Err(error),
        (None, Err(error)) if builder.is_in_row() => {
            let reason = Reason::Json(error.to_string());
            Err(builder.error(column.as_deref(), reason).into())
        }
        (None, Err(error)) => Err(Error::Json(error.to_string())),
    }
}

pub(super) fn read_lines(reader: &Reader, bytes: &[u8]) -> Result<Rows, Error> {
    let mut builder = reader.builder();
    let limit = reader.options.limits.row_bytes;
    for (line, text) in (1..).zip(without_mark(bytes).split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        builder.begin(Some(line));
        if text.len() > limit {
            builder.fail(None, Reason::TooLong(limit));
        } else {
            let mut place = Place::new(&mut builder);
            let mut json = serde_json::Deserializer::from_slice(text);
            let outcome = Row(&mut place).deserialize(&mut json);
            let column = place.column_name();
            if let Err(error) = outcome.and_then(|()| json.end()) {
                builder.fail(column.as_deref(), Reason::Json(error.to_string()));
            }
        }
        builder.end()?;
    }
    Ok(builder.finish())
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// Names the type of a value, and implements the visits that only do that.
macro_rules! scalars_are_no_rows {
    () => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
            self.no_row("a boolean")
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
            self.no_row("a number")
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
            self.no_row("a number")
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
            self.no_row("a number")
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
            self.no_row("text")
        }
        fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
            self.no_row("null")
        }
    };
}

/// A whole document: an object, a list of rows, or the instances of one.
struct Document<'p, 'b, 'a>(&'p mut Place<'b, 'a>);

impl Document<'_, '_, '_> {
    fn no_row<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        Err(E::custom(format!(
            "expected an object, a list of rows or {{\"instances\": […]}}, found {found}"
        )))
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    scalars_are_no_rows!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Numbered(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut unknown = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed(self.0.builder.reader))? {
            match key {
                Key::Instances => {
                    map.next_value_seed(Instances(self.0))?;
                    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    return Ok(());
                }
                // It may be a sibling of the instances, as in TensorFlow Serving's requests.
                Key::Unknown(name) => {
                    unknown.push(name);
                    map.next_value::<IgnoredAny>()?;
                }
                key => {
                    self.0.builder.begin(None);
                    for name in unknown {
                        fail_unknown(self.0.builder, &name);
                    }
                    read_object(self.0, map, Some(key))?;
                    return self.0.end_row();
                }
            }
        }
        self.0.builder.begin(None);
        for name in unknown {
            fail_unknown(self.0.builder, &name);
        }
        self.0.end_row()
    }
}

/// The list under `instances`.
struct Instances<'p, 'b, 'a>(&'p mut Place<'b, 'a>);

impl<'de> DeserializeSeed<'de> for Instances<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Instances<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of instances")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, rows: A) -> Result<(), A::Error> {
        Document(self.0).visit_seq(rows)
    }
}

/// A row of a list, with its beginning and its end.
struct Numbered<'p, 'b, 'a>(&'p mut Place<'b, 'a>);

impl<'de> DeserializeSeed<'de> for Numbered<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.builder.begin(None);
        Row(self.0).deserialize(deserializer)?;
        self.0.end_row()
    }
}

/// The values of a row: an object, a list, or the features of one.
struct Row<'p, 'b, 'a>(&'p mut Place<'b, 'a>);

impl Row<'_, '_, '_> {
    fn no_row<E>(self, found: &'static str) -> Result<(), E> {
        self.0.builder.fail(None, Reason::NotARow(found));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Row<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    scalars_are_no_rows!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_object(self.0, map, None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        // The number of values says which columns they are for, so that all are read before.
        let builder = &mut *self.0.builder;
        let limit = builder.reader.options.limits.columns;
        let mut values: Vec<Value> = Vec::new();
        let mut found = 0;
        while found < limit {
            let Some(value) = list.next_element()? else {
                break;
            };
            values.push(value);
            found += 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            found += 1;
        }
        match builder.reader.fields_of(found) {
            Err(expected) => builder.fail(None, Reason::Width { found, expected }),
            Ok(fields) => {
                for (field, value) in fields.iter().zip(&values) {
                    if let Field::Column(column) = *field {
                        put(builder, column, value);
                    }
                }
            }
        }
        Ok(())
    }
}

fn put(builder: &mut Builder<'_>, column: usize, value: &Value) {
    match value {
        Value::Null => builder.missing(column),
        Value::Bool(value) => builder.boolean(column, *value),
        Value::Number(number) => builder.number(column, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => builder.text(column, text),
        Value::Array(_) => builder.wrong_type(column, "a list"),
        Value::Object(_) => builder.wrong_type(column, "an object"),
    }
}

/// Reads the values of an object, the first key of which may have been read.
fn read_object<'de, A: MapAccess<'de>>(
    place: &mut Place<'_, '_>,
    mut map: A,
    first: Option<Key>,
) -> Result<(), A::Error> {
    let reader = place.builder.reader;
    let mut next = first;
    loop {
        let key = match next.take() {
            Some(key) => key,
            None => match map.next_key_seed(KeySeed(reader))? {
                Some(key) => key,
                None => return Ok(()),
            },
        };
        match key {
            Key::Field(Field::Column(column)) => {
                place.column = Some(column);
                map.next_value_seed(Cell(place.builder, column))?;
                place.column = None;
            }
            Key::Field(Field::Skipped) => drop(map.next_value::<IgnoredAny>()?),
            Key::Features => map.next_value_seed(Row(place))?,
            Key::Instances => {
                fail_unknown(place.builder, "instances");
                map.next_value::<IgnoredAny>()?;
            }
            Key::Unknown(name) => {
                fail_unknown(place.builder, &name);
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
}

fn fail_unknown(builder: &mut Builder<'_>, name: &str) {
    if builder.reader.options.extra_columns == ExtraColumns::Refuse {
        builder.fail(Some(&crate::error::excerpt(name)), Reason::Unknown);
    }
}

/// The use of a key of an object.
enum Key {
    Field(Field),
    Features,
    Instances,
    Unknown(String),
}

struct KeySeed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        let is_refused = self.0.options.extra_columns == ExtraColumns::Refuse;
        Ok(match (self.0.names.get(name), name) {
            (Some(field), _) => Key::Field(*field),
            (None, "features") => Key::Features,
            (None, "instances") => Key::Instances,
            (None, _) if is_refused => Key::Unknown(name.to_owned()),
            // No one will read the name.
            (None, _) => Key::Unknown(String::new()),
        })
    }
}

/// A value of an object.
struct Cell<'b, 'a>(&'b mut Builder<'a>, usize);

impl<'de> DeserializeSeed<'de> for Cell<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.boolean(self.1, value);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.0.number(self.1, number as f64);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.number(self.1, number as f64);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.number(self.1, number);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.text(self.1, text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.missing(self.1);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.wrong_type(self.1, "a list");
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.wrong_type(self.1, "an object");
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
