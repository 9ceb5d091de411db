//! Errors of S3, and their reasons.

use aws_failure::Failure;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use s3_uri::S3Uri;

/// A request for an object, or for those below a prefix, that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{uri}: {problem}")]
pub struct Error {
    /// The object or the prefix.
    pub uri: S3Uri,
    /// The reason.
    pub problem: Problem,
}

/// The reason why an object or a prefix can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// S3: there is no such bucket.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// S3: there is no such key. Without the permission to list the bucket, S3 says `AccessDenied`
    /// instead.
    #[error("the object does not exist")]
    NoSuchKey,
    /// S3: the caller lacks a permission, or may not know that the object doesn't exist. With the
    /// permissions that it needs.
    #[error("access denied: the role needs {0}")]
    AccessDenied(&'static str),
    /// S3 has another reason, such as an archived object.
    #[error("S3 refused to {0} it: {1}")]
    Refused(&'static str, String),
    /// S3 did not answer, or asks to come back later. Retryable.
    #[error("S3 did not {0} it: {1}")]
    Unavailable(&'static str, String),
    /// The object has more bytes than the caller takes.
    #[error("the object has {bytes} bytes, and at most {max} are read")]
    TooLarge {
        /// Its size, as far as it was read.
        bytes: u64,
        /// The maximum that the caller takes.
        max: u64,
    },
}

/// An action on S3, with the permissions that it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Read,
    Write,
    List,
}

impl Action {
    fn permissions(self) -> &'static str {
        match self {
            Self::Read => "s3:GetObject on it, and s3:ListBucket to tell what is missing",
            Self::Write => "s3:PutObject on it",
            Self::List => "s3:ListBucket on the bucket",
        }
    }

    fn refused(self, reason: String) -> Problem {
        let action = match self {
            Self::Read => "read",
            Self::Write => "take",
            Self::List => "list",
        };
        Problem::Refused(action, reason)
    }

    pub(crate) fn unavailable(self, uri: &S3Uri, reason: String) -> Error {
        let action = match self {
            Self::Read => "deliver",
            Self::Write => "take",
            Self::List => "list",
        };
        Error {
            uri: uri.clone(),
            problem: Problem::Unavailable(action, reason),
        }
    }

    pub(crate) fn failed<E>(self, uri: &S3Uri, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let problem = match Failure::of(error) {
            Failure::Unavailable(reason) | Failure::Throttled(reason) => {
                return self.unavailable(uri, reason);
            }
            Failure::Refused { code, message } => match code.as_str() {
                "NoSuchKey" => Problem::NoSuchKey,
                "NoSuchBucket" => Problem::NoSuchBucket,
                "AccessDenied" => Problem::AccessDenied(self.permissions()),
                _ => self.refused(format!("{code}: {message}")),
            },
        };
        let uri = uri.clone();
        Error { uri, problem }
    }
}
