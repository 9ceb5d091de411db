//! Syntax errors of JSON, in the words of the parser that AWS uses (Jackson).

use std::ops::Range;

/// The most characters of a text that Jackson quotes.
const MAX_QUOTED: usize = 500;

/// A syntax error of a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// `TOO_DEEPLY_NESTED`, otherwise `INVALID_JSON_DESCRIPTION`.
    pub(crate) code: &'static str,
    /// The text that AWS gives, with the location.
    pub(crate) message: String,
    /// `[Source: (String)"…"; line: 1, column: 4]`
    pub(crate) location: String,
    /// The bytes that are wrong.
    pub(crate) span: Range<usize>,
}

impl SyntaxError {
    /// Creates an error at `span`; `read` is how far Jackson has read when it notices.
    pub(super) fn new(text: &str, problem: &str, span: Range<usize>, read: usize) -> SyntaxError {
        let location = jackson_location(text, read);
        SyntaxError {
            code: "INVALID_JSON_DESCRIPTION",
            message: format!("{problem}\n at {location}"),
            location,
            span,
        }
    }

    pub(super) fn too_deep(text: &str, at: usize) -> SyntaxError {
        SyntaxError {
            code: "TOO_DEEPLY_NESTED",
            message: format!(
                "The definition nests more than {} levels deep",
                super::MAX_DEPTH
            ),
            location: jackson_location(text, at + 1),
            span: at..at + 1,
        }
    }

    /// Creates the error of a number or string at `span` that is well formed and stands for no
    /// value, such as `1e999` or half of a surrogate pair.
    pub(super) fn undecodable(
        text: &str,
        span: Range<usize>,
        error: &serde_json::Error,
    ) -> SyntaxError {
        let message = error.to_string();
        let (problem, _) = message.split_once(" at line ").unwrap_or((&message, ""));
        let before = &text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = span.start - line_start + error.column();
        SyntaxError {
            code: "INVALID_JSON_DESCRIPTION",
            message: format!("{problem} at line {line} column {column}"),
            location: String::new(),
            span,
        }
    }
}

/// Formats a location as Jackson does; lines and columns count from 1, columns in UTF-16.
pub(super) fn jackson_location(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let column = last.encode_utf16().count() + 1;
    format!(
        "[Source: (String){}; line: {line}, column: {column}]",
        quoted(text)
    )
}

fn quoted(text: &str) -> String {
    let end = text.char_indices().nth(MAX_QUOTED).map(|(at, _)| at);
    match end {
        None => format!("\"{text}\""),
        Some(end) => {
            let rest = text[end..].chars().count();
            format!("\"{}\"[truncated {rest} chars]", &text[..end])
        }
    }
}
