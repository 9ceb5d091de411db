//! Errors as AWS gets them: a name that a state machine can act on, and a text for people.
//!
//! The name is the variant's name, so that it can't be forgotten or written twice. State machines
//! depend on it: renaming a variant is a breaking change.

use lambda_runtime::Diagnostic;

/// A handler's error: an enum that derives [`strum::IntoStaticStr`] and [`strum::VariantNames`].
pub trait FunctionError: std::error::Error + strum::VariantNames {
    /// The names of the errors that may pass by themselves: the state machine retries these, and no
    /// others.
    const RETRYABLE: &'static [&'static str];

    /// The name that Step Functions matches in `Retry` and `Catch`.
    fn name(&self) -> &'static str;

    /// Returns the error as the Runtime API takes it.
    fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            error_type: self.name().to_owned(),
            error_message: self.to_string(),
        }
    }
}

/// Implements [`FunctionError`] for an enum of errors, with the names of those that may pass by
/// themselves.
macro_rules! function_error {
    ($error:ty, retryable: [$($name:literal),*]) => {
        impl $crate::diagnostic::FunctionError for $error {
            const RETRYABLE: &'static [&'static str] = &[$($name),*];

            fn name(&self) -> &'static str {
                self.into()
            }
        }
    };
}

pub(crate) use function_error;
