//! The errors of TestState.

use thiserror::Error;

use crate::InvalidDefinition;

/// A test that cannot begin. The text is AWS's message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TestStateError {
    /// `InvalidDefinition`: the definition cannot be used.
    #[error(transparent)]
    Definition(#[from] InvalidDefinition),
    /// `InvalidDefinition`: such a state is only tested with a mock.
    #[error("{0}")]
    Unsupported(&'static str),
    /// `InvalidExecutionInput`: the input is no JSON.
    #[error("{0}")]
    Input(String),
    /// `ValidationException`
    #[error("{0}")]
    Validation(String),
}

impl TestStateError {
    pub(super) fn validation(message: impl Into<String>) -> TestStateError {
        TestStateError::Validation(message.into())
    }
}
