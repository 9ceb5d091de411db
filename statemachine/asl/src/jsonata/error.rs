//! What goes wrong with an expression, in the words that AWS uses.

use std::fmt;

use jsonata_core::evaluator::{EvaluatorError, error_code_prefix};
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
    pub(super) fn new(message: &str) -> Thrown {
        let message = message
            .strip_prefix("Signature validation failed: ")
            .unwrap_or(message);
        let message = texts::earlier(message);
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
