//! Reads labels from CSV with a header (RFC 4180). The columns `id` and `label` are required.

use csv::{ReaderBuilder, StringRecord};

use super::GroundTruth;

/// An error of a CSV file of labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCsv {
    /// The header lacks a column.
    #[error(
        "the first line has no column {missing}: it is {found:?}, and should name the columns id \
         and label"
    )]
    Header {
        /// The missing column.
        missing: &'static str,
        /// The header of the file.
        found: String,
    },
    /// A row is too short, or has an empty field.
    #[error("row {row} has no {column}")]
    Missing {
        /// The number of the row, from 1, the header not counted.
        row: usize,
        /// The column of the missing or empty field.
        column: &'static str,
    },
    /// A field begins with a quote and does not end with one.
    #[error("row {row} has a quote that does not end")]
    Quote {
        /// The number of the row, from 1, the header not counted.
        row: usize,
    },
}

/// Reads the labels. Other columns and empty rows are ignored.
///
/// # Errors
/// A column or a field is missing, or a quote does not end.
pub fn parse(text: &str) -> Result<Vec<GroundTruth>, InvalidCsv> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    // Text of a str is UTF-8, and rows may have any number of fields: nothing is left that fails.
    let mut rows: Vec<StringRecord> = reader.records().filter_map(Result::ok).collect();
    let is_open = rows.last().is_some_and(|last| is_open(last, text));
    let header = rows.drain(..rows.len().min(1)).next().unwrap_or_default();
    let column = |missing: &'static str| {
        let index = header
            .iter()
            .position(|name| name.trim().eq_ignore_ascii_case(missing));
        index.ok_or_else(|| InvalidCsv::Header {
            missing,
            found: Vec::from_iter(&header).join(","),
        })
    };
    let columns = [("id", column("id")?), ("label", column("label")?)];
    if is_open {
        return Err(InvalidCsv::Quote { row: rows.len() });
    }
    let mut labels = Vec::new();
    for (index, fields) in rows.iter().enumerate() {
        let row = index + 1;
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let field = |(column, index): (&'static str, usize)| {
            let field = fields.get(index).map(str::trim);
            let field = field.filter(|field| !field.is_empty());
            field
                .map(str::to_owned)
                .ok_or(InvalidCsv::Missing { row, column })
        };
        labels.push(GroundTruth {
            id: field(columns[0])?,
            label: field(columns[1])?,
        });
    }
    Ok(labels)
}

/// Returns true if the last row has an unterminated quote. The CSV reader does not report it: the
/// rest of the file would become one field.
fn is_open(row: &StringRecord, text: &str) -> bool {
    let start = row.position().map_or(0, |at| at.byte() as usize);
    let raw = &text[start..];
    let has_quoted_field = raw.starts_with('"') || raw.contains(",\"");
    has_quoted_field && !raw.matches('"').count().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = parse(text).unwrap();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|label| (label.id.as_str(), label.label.as_str()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(parse(text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn columns_go_by_their_names() {
        check(
            "id,label\na,bicycle\nb,1\n",
            &[("a", "bicycle"), ("b", "1")],
        );
        check("Label,note,ID\r\nbicycle,x,a\r\n\r\n", &[("a", "bicycle")]);
        check(
            "\u{feff}id,label\n\"a,1\",\"a \"\"good\"\"\nbike\"",
            &[("a,1", "a \"good\"\nbike")],
        );
        check("id,label\n", &[]);
        check(
            "id,label\na,5\" bike\nb,1",
            &[("a", "5\" bike"), ("b", "1")],
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        check_error(
            "inference,label\na,b\n",
            "the first line has no column id: it is \"inference,label\", and should name the \
             columns id and label",
        );
        check_error(
            "",
            "the first line has no column id: it is \"\", and should name the columns id and label",
        );
        check_error("id,label\na,bicycle\nb\n", "row 2 has no label");
        check_error("id,label\n,bicycle\n", "row 1 has no id");
        check_error(
            "id,label\na,\"bicycle\n",
            "row 1 has a quote that does not end",
        );
        check_error(
            "id,label\na,1\n\"b,1\nc,1\n",
            "row 2 has a quote that does not end",
        );
    }
}
