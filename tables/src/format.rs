//! Formats by their content type.

/// A format of rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `text/csv`, as RFC 4180 has it.
    Csv,
    /// `application/json`.
    Json,
    /// `application/jsonlines`: a JSON value a line.
    JsonLines,
}

/// A content type that no rows can be read from.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnsupportedContentType {
    /// The type is unknown.
    #[error("{0:?} is not supported; send text/csv, application/json or application/jsonlines")]
    Type(String),
    /// The character set is not UTF-8.
    #[error("the charset {0:?} is not supported; send UTF-8")]
    Charset(String),
}

impl Format {
    /// Returns the format of a `Content-Type`, such as `text/csv; charset=utf-8`.
    ///
    /// # Errors
    /// The type or its character set is unknown.
    pub fn from_content_type(content_type: &str) -> Result<Self, UnsupportedContentType> {
        let mut parts = content_type.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let format = match &*essence {
            "text/csv" => Self::Csv,
            "application/json" => Self::Json,
            "application/jsonlines" | "application/x-jsonlines" | "application/jsonl" => {
                Self::JsonLines
            }
            _ => return Err(UnsupportedContentType::Type(content_type.to_owned())),
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let charset = value.trim().trim_matches('"').to_ascii_lowercase();
            let is_utf8 = matches!(&*charset, "utf-8" | "utf8" | "us-ascii");
            if name.trim().eq_ignore_ascii_case("charset") && !is_utf8 {
                return Err(UnsupportedContentType::Charset(charset));
            }
        }
        Ok(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, expected: Result<Format, &str>) {
        let format = Format::from_content_type(content_type).map_err(|error| error.to_string());
        assert_eq!(format, expected.map_err(str::to_owned), "{content_type}");
    }

    #[test]
    fn content_types() {
        check("text/csv", Ok(Format::Csv));
        check(
            "Text/CSV; charset=\"UTF-8\"; header=present",
            Ok(Format::Csv),
        );
        check("application/json;charset=utf-8", Ok(Format::Json));
        check("application/x-jsonlines", Ok(Format::JsonLines));
        check(
            "text/csv; charset=latin1",
            Err("the charset \"latin1\" is not supported; send UTF-8"),
        );
        check(
            "text/libsvm",
            Err(
                "\"text/libsvm\" is not supported; send text/csv, application/json or \
                 application/jsonlines",
            ),
        );
    }
}
