//! Labels as people keep them: CSV with a header (RFC 4180), of whose columns `id` and `label`
//! count.

use super::GroundTruth;

/// A file that has no labels to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCsv {
    /// The header lacks a column.
    #[error(
        "the first line has no column {missing}: it is {found:?}, and should name the columns id and label"
    )]
    Header {
        /// Which.
        missing: &'static str,
        /// The line that is there instead.
        found: String,
    },
    /// A row is too short, or has an empty field.
    #[error("row {row} has no {column}")]
    Missing {
        /// Its number, from 1, the header not counted.
        row: usize,
        /// Which.
        column: &'static str,
    },
    /// A field begins with a quote and does not end with one.
    #[error("row {row} has a quote that does not end")]
    Quote {
        /// Its number, from 1, the header not counted.
        row: usize,
    },
}

/// Reads the labels. Other columns, and rows with nothing in them, are not looked at.
///
/// # Errors
/// A column is missing, or a field.
pub fn parse(text: &str) -> Result<Vec<GroundTruth>, InvalidCsv> {
    let mut rows = rows(text.trim_start_matches('\u{feff}'));
    let header = rows.next().unwrap_or(Ok(Vec::new()))?;
    let column = |missing: &'static str| {
        let place = header
            .iter()
            .position(|name| name.trim().eq_ignore_ascii_case(missing));
        place.ok_or_else(|| InvalidCsv::Header {
            missing,
            found: header.join(","),
        })
    };
    let columns = [("id", column("id")?), ("label", column("label")?)];
    let mut labels = Vec::new();
    for (index, fields) in rows.enumerate() {
        let fields = fields?;
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let field = |(column, place): (&'static str, usize)| {
            let field = fields
                .get(place)
                .map(|field| field.trim())
                .filter(|field| !field.is_empty());
            field.map(str::to_owned).ok_or(InvalidCsv::Missing {
                row: index + 1,
                column,
            })
        };
        labels.push(GroundTruth {
            id: field(columns[0])?,
            label: field(columns[1])?,
        });
    }
    Ok(labels)
}

/// Each row's fields. Within quotes commas and ends of lines are text, and two quotes are one.
fn rows(text: &str) -> impl Iterator<Item = Result<Vec<String>, InvalidCsv>> {
    let mut characters = text.chars().peekable();
    let mut row = 0;
    std::iter::from_fn(move || {
        characters.peek()?;
        let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
        loop {
            match characters.next() {
                None if is_quoted => return Some(Err(InvalidCsv::Quote { row })),
                Some('"') if is_quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    field.push('"');
                }
                Some('"') if is_quoted || field.is_empty() => is_quoted = !is_quoted,
                Some(',') if !is_quoted => fields.push(std::mem::take(&mut field)),
                Some('\r') if !is_quoted && characters.peek() == Some(&'\n') => {}
                None | Some('\n') if !is_quoted => {
                    fields.push(field);
                    row += 1;
                    return Some(Ok(fields));
                }
                Some(other) => field.push(other),
                None => {}
            }
        }
    })
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
    }

    #[test]
    fn what_is_missing_is_named() {
        check_error(
            "inference,label\na,b\n",
            "the first line has no column id: it is \"inference,label\", and should name the columns id and label",
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
    }
}
