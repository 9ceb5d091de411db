//! Parses expressions, and reports errors as the reference implementation does.

use std::panic::catch_unwind;

use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::evaluator::error_code_prefix;
use jsonata_core::parser::ParserError;
use jsonata_core::value::with_stack;

use super::error::ThrownError;
use super::meter::children;
use super::{SyntaxError, error_texts};

pub(super) fn parse(text: &str) -> Result<AstNode, SyntaxError> {
    let parsed = try_parse(text).and_then(|mut tree| match undetected_error(&mut tree) {
        Some(message) => Err(message.to_owned()),
        None => Ok(tree),
    });
    parsed.map_err(|message| SyntaxError {
        message: error_texts::with_tokens(&ThrownError::new(&message).to_string()),
    })
}

/// A definition with an expression that makes the parser panic is wrong; it must not take down the
/// thread that reads it.
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
        let message = &message[code_position(&message)..];
        match expected_at_end(text).filter(|_| message.starts_with("S0207")) {
            Some(expected) => format!("S0203: Expected \"{expected}\" before end of expression"),
            None => message.to_owned(),
        }
    })
}

/// Returns the error of what the reference refuses to parse, and the library does not.
fn undetected_error(node: &mut AstNode) -> Option<&'static str> {
    with_stack(|| {
        let here = match node {
            AstNode::Binary {
                op: BinaryOp::ColonEqual,
                lhs,
                ..
            } if !matches!(**lhs, AstNode::Variable(_)) => Some("S0212: "),
            AstNode::Regex { pattern, .. } if pattern.is_empty() => Some("S0301: "),
            AstNode::Regex { pattern, .. } if has_open_bracket(pattern) => Some("S0302: "),
            _ => None,
        };
        here.or_else(|| children(node).into_iter().find_map(undetected_error))
    })
}

/// Returns true if brackets are open at the end of a pattern: a `/` inside brackets does not end
/// it.
fn has_open_bracket(pattern: &str) -> bool {
    let (mut depth, mut escaped) = (0_i32, false);
    for c in pattern.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// Returns what the reference expects if the text ends right after what opens something; the
/// library only says that it ends.
fn expected_at_end(text: &str) -> Option<&'static str> {
    let text = text.trim_end();
    let before = text.get(..text.len().checked_sub(1)?)?.trim_end();
    Some(match text.chars().next_back()? {
        '(' => ")",
        '[' => "]",
        '|' => "|",
        '{' if before.ends_with(')') => "}",
        '{' => ":",
        '.' if text.ends_with("..") => "]",
        _ => return None,
    })
}

/// Returns true if what is not closed at the end of the text is a regular expression, which the
/// library calls a string.
fn is_in_regex(text: &str) -> bool {
    let closed = catch_unwind(|| jsonata_core::parser::parse(&format!("{text}/")));
    !matches!(closed, Ok(Err(ParserError::UnclosedString)))
}

/// Returns where the code begins, which the parser puts words in front of ("Parse error: Invalid
/// syntax: S0213: …"); 0 without one.
fn code_position(message: &str) -> usize {
    let mut starts = message
        .match_indices(": ")
        .map(|(at, colon)| at + colon.len());
    starts
        .find(|start| error_code_prefix(&message[*start..]).is_some())
        .unwrap_or(0)
}
