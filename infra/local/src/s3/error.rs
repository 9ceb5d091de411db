//! Why a request was refused, in AWS's codes and texts.
//!
//! The texts are those of <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>; the HTTP status
//! follows from the code, in `s3s`.

use std::borrow::Cow;

use s3s::{S3Error, S3ErrorCode};

/// A refusal or a failure of the store.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    #[error("The specified key does not exist.")]
    NoSuchKey,
    #[error("The specified version does not exist.")]
    NoSuchVersion,
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload,
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest,
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadContentMd5,
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadChecksum(&'static str),
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    #[error("The requested range is not satisfiable")]
    InvalidRange,
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber,
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    #[error(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )]
    MalformedXml,
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge,
    #[error("{0}")]
    InvalidArgument(Cow<'static, str>),
    #[error("{0}")]
    InvalidRequest(Cow<'static, str>),
    #[error("{0}")]
    InvalidTag(&'static str),
    #[error("{0}")]
    NotImplemented(&'static str),
    #[error("The database of S3 objects failed: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("The database of S3 objects could not commit: {0}")]
    Commit(String),
    #[error("The files of S3 objects failed: {0}")]
    Files(#[from] std::io::Error),
    #[error("A row of the database of S3 objects is not what was written: {0}")]
    Row(#[from] serde_json::Error),
    #[error("The S3 store is shutting down")]
    Stopped,
}

impl Error {
    fn code(&self) -> S3ErrorCode {
        use S3ErrorCode as Code;
        match self {
            Self::NoSuchBucket => Code::NoSuchBucket,
            Self::NoSuchKey => Code::NoSuchKey,
            Self::NoSuchVersion => Code::NoSuchVersion,
            Self::NoSuchUpload => Code::NoSuchUpload,
            Self::BucketNotEmpty => Code::BucketNotEmpty,
            Self::BucketAlreadyOwnedByYou => Code::BucketAlreadyOwnedByYou,
            Self::InvalidDigest => Code::InvalidDigest,
            Self::BadContentMd5 | Self::BadChecksum(_) => Code::BadDigest,
            Self::IncompleteBody => Code::IncompleteBody,
            Self::EntityTooLarge => Code::EntityTooLarge,
            Self::EntityTooSmall => Code::EntityTooSmall,
            Self::InvalidPart => Code::InvalidPart,
            Self::InvalidPartOrder => Code::InvalidPartOrder,
            Self::InvalidRange => Code::InvalidRange,
            Self::InvalidPartNumber => Code::Custom("InvalidPartNumber".into()),
            Self::PreconditionFailed => Code::PreconditionFailed,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::MalformedXml => Code::MalformedXML,
            Self::MetadataTooLarge => Code::MetadataTooLarge,
            Self::InvalidArgument(_) => Code::InvalidArgument,
            Self::InvalidRequest(_) => Code::InvalidRequest,
            Self::InvalidTag(_) => Code::InvalidTag,
            Self::NotImplemented(_) => Code::NotImplemented,
            Self::Database(_) | Self::Commit(_) | Self::Files(_) | Self::Row(_) => {
                Code::InternalError
            }
            Self::Stopped => Code::ServiceUnavailable,
        }
    }
}

impl From<Error> for S3Error {
    fn from(error: Error) -> Self {
        let mut refusal = S3Error::with_message(error.code(), error.to_string());
        if matches!(error, Error::InvalidPartNumber) {
            refusal.set_status_code(http::StatusCode::RANGE_NOT_SATISFIABLE);
        }
        refusal
    }
}

/// AWS's text for a code that `s3s` raises without one.
pub(super) fn text_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "KeyTooLongError" => "Your key is too long",
        "MaxMessageLengthExceeded" => "Your request was too big.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "IncompleteBody" => {
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        }
        "InvalidRange" => "The requested range is not satisfiable",
        "MalformedPOSTRequest" => {
            "The body of your POST request is not well-formed multipart/form-data."
        }
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "InternalError" => "We encountered an internal error. Please try again.",
        _ => return None,
    })
}
