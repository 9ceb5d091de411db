//! Failed requests to AWS, sorted by what a caller can do about them.
//!
//! Which errors may be retried is AWS's own list, the one that the SDK retries by: throttling and
//! transient error codes, and server errors.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use error_text::with_causes;

/// The reason of a failed request to AWS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No response, or one that says that the service is at fault. Retryable.
    #[error("{0}")]
    Unavailable(String),
    /// Too many requests. Retryable.
    #[error("{0}")]
    Throttled(String),
    /// The request is at fault.
    #[error("{code}: {message}")]
    Refused {
        /// AWS's name of the error.
        code: String,
        /// AWS's text.
        message: String,
    },
}

impl Failure {
    /// Sorts an error of the SDK, whose own retries are over.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let is_of_the_request = match error {
            SdkError::ServiceError(response) => {
                let status = response.raw().status().as_u16();
                return Self::of_response(response.err(), status);
            }
            SdkError::ConstructionFailure(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_user(),
            _ => false,
        };
        if is_of_the_request {
            Self::Refused {
                code: "InvalidRequest".into(),
                message: with_causes(error),
            }
        } else {
            Self::Unavailable(with_causes(error))
        }
    }

    fn of_response(error: &impl ProvideErrorMetadata, status: u16) -> Self {
        let code = error.code().unwrap_or("UnknownError");
        let message = error.message().unwrap_or("no message").to_owned();
        let text = format!("{code}: {message} (HTTP {status})");
        if THROTTLING_ERRORS.contains(&code) {
            return Self::Throttled(text);
        }
        match status {
            // ModelNotReadyException is a 429 that is about the model, not about the number of
            // requests.
            429 if code != "ModelNotReadyException" => Self::Throttled(text),
            // What is not implemented will not be so later.
            501 => Self::refused(code, message),
            408 | 429 | 500.. => Self::Unavailable(text),
            _ if TRANSIENT_ERRORS.contains(&code) => Self::Unavailable(text),
            _ => Self::refused(code, message),
        }
    }

    fn refused(code: &str, message: String) -> Self {
        let code = code.to_owned();
        Self::Refused { code, message }
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn sorted(status: u16, code: &str) -> Failure {
        let metadata = ErrorMetadata::builder().code(code).message("m").build();
        Failure::of_response(&metadata, status)
    }

    /// Monitoring took a throttled request for a final one, and the functions a timeout of S3,
    /// which is a 400.
    #[test]
    fn what_aws_documents_as_retryable_is() {
        for (status, code) in [
            (400, "ThrottlingException"),
            (400, "Throttling"),
            (503, "SlowDown"),
            (400, "RequestLimitExceeded"),
            (429, "TooManyRequestsException"),
            (429, "TooManyRequests"),
            (400, "PriorRequestNotComplete"),
        ] {
            let expected = Failure::Throttled(format!("{code}: m (HTTP {status})"));
            assert_eq!(sorted(status, code), expected);
        }
        for (status, code) in [
            (400, "RequestTimeout"),
            (500, "InternalError"),
            (503, "ServiceUnavailable"),
            (502, "UnknownError"),
            (504, "UnknownError"),
            (429, "ModelNotReadyException"),
        ] {
            let expected = Failure::Unavailable(format!("{code}: m (HTTP {status})"));
            assert_eq!(sorted(status, code), expected);
        }
    }

    #[test]
    fn everything_else_is_final() {
        for (status, code) in [
            (400, "InvalidRequest"),
            (403, "AccessDenied"),
            (404, "NoSuchKey"),
            (409, "BucketAlreadyExists"),
            (501, "NotImplemented"),
        ] {
            assert_eq!(sorted(status, code), Failure::refused(code, "m".to_owned()));
        }
    }
}
