//! What goes wrong with an expression, in the words that AWS uses.

use std::fmt;

use jsonata_core::evaluator::{EvaluatorError, error_code_prefix};
use jsonata_core::parser::ParserError;
use thiserror::Error;

use super::texts;

/// The text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct SyntaxError {
    /// JSONata's code and what it says: `S0203: Expected …`.
    pub(crate) message: String,
    /// Where in the expression's text, in characters, if the parser knows.
    pub(crate) position: Option<usize>,
}

/// An evaluation gave no value.
///
/// It prints as the end of AWS's sentence "The JSONata expression '…' specified for the field '…' …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EvaluationError {
    /// The expression failed, or passed a limit.
    Thrown(Thrown),
    /// A function, which JSON cannot hold.
    UnsupportedResult,
}

/// What JSONata says of a failed evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thrown {
    /// `T1006`; none where JSONata has no code for it.
    pub(crate) code: Option<String>,
    /// The message without the code.
    pub(crate) message: String,
}

impl SyntaxError {
    pub(super) fn new(error: &ParserError) -> SyntaxError {
        let message = error.display_message();
        let start = error_code_position(&message);
        SyntaxError {
            message: Thrown::new(&message[start..]).to_string(),
            position: None,
        }
    }
}

impl EvaluationError {
    pub(super) fn new(error: &EvaluatorError) -> EvaluationError {
        EvaluationError::thrown(error.message())
    }

    /// `message` starts with its code, if it has one.
    pub(super) fn thrown(message: &str) -> EvaluationError {
        EvaluationError::Thrown(Thrown::new(message))
    }
}

impl Thrown {
    fn new(message: &str) -> Thrown {
        let Some(code) = error_code_prefix(message) else {
            return Thrown {
                code: None,
                message: message.to_owned(),
            };
        };
        let own = message[code.len() + 1..].trim_start();
        Thrown {
            code: Some(code.to_owned()),
            message: texts::fixed(code).unwrap_or(own).to_owned(),
        }
    }
}

/// Where the code begins that the parser puts words in front of ("Parse error: Invalid syntax: S0213: …"); 0 without one.
fn error_code_position(message: &str) -> usize {
    let mut starts = message
        .match_indices(": ")
        .map(|(at, colon)| at + colon.len());
    starts
        .find(|start| error_code_prefix(&message[*start..]).is_some())
        .unwrap_or(0)
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvaluationError::Thrown(thrown) => {
                write!(f, "threw an error during evaluation. {thrown}")
            }
            EvaluationError::UnsupportedResult => {
                f.write_str("returned an unsupported result type.")
            }
        }
    }
}

impl std::error::Error for EvaluationError {}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
