//! From text to a tree, or to what is wrong with the text.

use std::panic::catch_unwind;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::error_code_prefix;
use jsonata_core::parser::ParserError;

use super::error::Thrown;
use super::{SyntaxError, texts};

pub(super) fn parse(text: &str) -> Result<AstNode, SyntaxError> {
    try_parse(text).map_err(|message| SyntaxError {
        message: texts::with_tokens(&Thrown::new(&message).to_string()),
    })
}

/// A definition with an expression that makes the parser panic is wrong; it must not take down the thread that reads it.
fn try_parse(text: &str) -> Result<AstNode, String> {
    let parsed = catch_unwind(|| jsonata_core::parser::parse(text));
    let parsed = parsed.map_err(|_| "S0201: Syntax error".to_owned())?;
    parsed.map_err(|error| {
        if matches!(error, ParserError::UnclosedComment) {
            return "S0106: Comment has no closing tag".to_owned();
        }
        if matches!(error, ParserError::UnclosedString) && is_in_regex(text) {
            return "S0302: No terminating / in regular expression".to_owned();
        }
        let message = error.display_message();
        message[code_position(&message)..].to_owned()
    })
}

/// Whether what is not closed at the end of the text is a regular expression: the library calls that a string.
fn is_in_regex(text: &str) -> bool {
    let closed = catch_unwind(|| jsonata_core::parser::parse(&format!("{text}/")));
    !matches!(closed, Ok(Err(ParserError::UnclosedString)))
}

/// Where the code begins, which the parser puts words in front of ("Parse error: Invalid syntax: S0213: …"); 0 without one.
fn code_position(message: &str) -> usize {
    let mut starts = message
        .match_indices(": ")
        .map(|(at, colon)| at + colon.len());
    starts
        .find(|start| error_code_prefix(&message[*start..]).is_some())
        .unwrap_or(0)
}
