//! What is wrong with a text that is no JSON, in the words of the parser that AWS uses (Jackson).

use std::ops::Range;

/// Jackson shows so much of a text.
const SHOWN: usize = 500;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// `TOO_DEEPLY_NESTED`, otherwise `INVALID_JSON_DESCRIPTION`.
    pub(crate) code: &'static str,
    /// AWS's, with the place.
    pub(crate) message: String,
    /// `[Source: (String)"…"; line: 1, column: 4]`
    pub(crate) location: String,
    /// What is wrong there.
    pub(crate) span: Range<usize>,
}

impl SyntaxError {
    /// `read` is how far Jackson has read when it notices; it gives that place.
    pub(super) fn new(text: &str, problem: &str, span: Range<usize>, read: usize) -> SyntaxError {
        let location = place(text, read);
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
            location: place(text, at + 1),
            span: at..at + 1,
        }
    }
}

/// A place as Jackson prints it; lines and columns count from 1, columns in UTF-16.
pub(super) fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let column = last.encode_utf16().count() + 1;
    format!(
        "[Source: (String){}; line: {line}, column: {column}]",
        shown(text)
    )
}

fn shown(text: &str) -> String {
    let end = text.char_indices().nth(SHOWN).map(|(at, _)| at);
    match end {
        None => format!("\"{text}\""),
        Some(end) => {
            let rest = text[end..].chars().count();
            format!("\"{}\"[truncated {rest} chars]", &text[..end])
        }
    }
}
