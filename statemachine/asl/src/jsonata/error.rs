//! The errors of expressions, in the words that AWS uses.

use std::fmt;

use jsonata_core::evaluator::{EvaluatorError, error_code_prefix};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error_texts;
use super::trace::Operation;

/// The error of a text that is no expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct SyntaxError {
    /// JSONata's code and what it says: `S0203: Expected …`.
    pub(crate) message: String,
}

/// The error of an evaluation that gave no value.
///
/// It prints as the end of AWS's sentence "The JSONata expression '…' …".
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum EvaluationError {
    /// The expression failed.
    Thrown(ThrownError),
    /// The evaluation exceeded a limit of AWS's.
    Limit(Limit),
    /// A function, which JSON cannot hold.
    UnsupportedResult,
    /// The evaluator failed, and not the expression; with an id for the two to be found by.
    Internal(String),
}

/// A limit of evaluations.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Limit {
    Depth,
    Memory,
    Time,
}

/// An error that the expression itself threw.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ThrownError {
    /// `T1006`; none where JSONata has no code for it.
    pub(crate) code: Option<String>,
    /// The message without the code.
    pub(crate) message: String,
}

/// The code at the beginning of an error that is [`EvaluationError::Internal`].
pub(super) const INTERNAL: &str = "U1000";

impl EvaluationError {
    pub(super) fn new(error: &EvaluatorError) -> EvaluationError {
        let message = error.message();
        match error_code_prefix(message) {
            Some("D1011" | "U1001") => EvaluationError::Limit(Limit::Depth),
            Some("D1012" | "U1003") => EvaluationError::Limit(Limit::Time),
            Some("D2015") => EvaluationError::Limit(Limit::Memory),
            Some(INTERNAL) => EvaluationError::Internal(String::new()),
            _ => EvaluationError::thrown(message),
        }
    }

    /// `message` starts with its code, if it has one.
    pub(super) fn thrown(message: &str) -> EvaluationError {
        EvaluationError::Thrown(ThrownError::new(message))
    }
}

impl ThrownError {
    pub(super) fn new(message: &str) -> ThrownError {
        let message = message
            .strip_prefix("Signature validation failed: ")
            .unwrap_or(message);
        let Some(code) = error_code_prefix(message) else {
            return ThrownError {
                code: None,
                message: message.to_owned(),
            };
        };
        let own = message[code.len() + 1..].trim_start();
        ThrownError {
            code: Some(code.to_owned()),
            message: error_texts::text(code, own),
        }
    }

    /// Returns true if JSONata's text has values that are not in this one.
    pub(super) fn lacks_values(&self) -> bool {
        self.code.as_deref().is_some_and(error_texts::has_values)
    }

    /// Adds the values of the call or operator that failed.
    pub(super) fn with_values_of(self, failed: &Operation) -> ThrownError {
        let code = self.code.as_deref().unwrap_or_default();
        let message = error_texts::with_values(code, &self.message, failed);
        ThrownError {
            message: message.unwrap_or(self.message),
            code: self.code,
        }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A code begins a sentence of its own.
            EvaluationError::Thrown(thrown) if thrown.code.is_some() => {
                write!(f, "threw an error during evaluation. {thrown}")
            }
            EvaluationError::Thrown(thrown) => {
                write!(f, "threw an error during evaluation: {thrown}")
            }
            EvaluationError::Limit(limit) => {
                write!(f, "threw an error during evaluation: {limit}")
            }
            EvaluationError::Internal(id) => {
                write!(f, "threw an internal error during evaluation. {id}")
            }
            EvaluationError::UnsupportedResult => {
                f.write_str("returned an unsupported result type.")
            }
        }
    }
}

impl std::error::Error for EvaluationError {}

/// AWS's words, those of JSONata's own `timeboxExpression`; of memory, AWS's alone.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Depth => {
                "Stack overflow error: Check for non-terminating recursive function.  Consider \
                 rewriting as tail-recursive."
            }
            Limit::Memory => {
                "Expression evaluation memory limit exceeded: Check for excessive memory usage"
            }
            Limit::Time => "Expression evaluation timeout: Check for infinite loop",
        })
    }
}

impl fmt::Display for ThrownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
