//! The errors of S3, with AWS's codes and texts.
//!
//! The texts are from <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>; `s3s`
//! derives the HTTP status from the code. The elements that AWS adds to some errors
//! (`RangeRequested`, `ArgumentName`) are members: some come from the request (see `response`), the
//! others from [`Error::with`].

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::{S3Error, S3ErrorCode};

/// An element of an error in addition to its code and text.
pub(super) type Member = (String, String);

/// Carries members through `s3s`, which has no place for them; `response` takes it off again.
const MEMBERS: HeaderName = HeaderName::from_static("x-scones-error-members");

const INVALID_PART_NUMBER: &str = "InvalidPartNumber";

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
        "The specified upload does not exist. The upload ID may be invalid, or the upload may \
         have been aborted or completed."
    )]
    NoSuchUpload,
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    #[error(
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    )]
    VersionsInBucket,
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest,
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadContentMd5,
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadChecksum(&'static str),
    #[error("The {0} you specified for part {1} did not match what we received.")]
    BadPartChecksum(String, i32),
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been \
         uploaded, or the specified entity tag may not match the part's entity tag."
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
    #[error(
        "The conditional request cannot succeed due to a conflicting operation against this \
         resource."
    )]
    ConditionalRequestConflict,
    #[error("Unable to validate the following destination configurations")]
    InvalidDestination,
    #[error("The specified location-constraint is not valid")]
    InvalidLocationConstraint,
    #[error(
        "The {0} location constraint is incompatible for the region specific endpoint this \
         request was sent to."
    )]
    IllegalLocationConstraint(String),
    #[error("The Versioning element must be specified")]
    IllegalVersioning,
    #[error("The operation is not valid for the object's storage class")]
    InvalidObjectState,
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass,
    #[error("A header you provided implies functionality that is not implemented")]
    HeaderNotImplemented,
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    #[error(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )]
    MalformedXml,
    #[error("Your request was too big.")]
    TooLong,
    #[error("The body of your POST request is not well-formed multipart/form-data.")]
    MalformedForm,
    #[error("Your POST request fields preceding the upload file were too large.")]
    FieldsTooLong,
    #[error("{0}")]
    AccessDenied(String),
    #[error("{0}")]
    InvalidPolicy(String),
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
    #[error(
        "s3.sqlite is missing or empty, and objects/ holds {0} files of objects: put s3.sqlite \
         back from where they came from, or move objects/ away to start with no buckets"
    )]
    NoDatabase(usize),
    #[error(
        "s3.sqlite-wal is missing, and the stack that wrote s3.sqlite was not stopped: its last \
         writes are only there. Put it back beside s3.sqlite, or create an empty s3.sqlite-wal to \
         go on without them; files of objects that are unknown then are moved to lost+found/"
    )]
    NoWal,
    #[error("The S3 store is shutting down")]
    Stopped,
    /// An error with members.
    #[error("{0}")]
    Detailed(Box<Error>, Vec<Member>),
}

impl Error {
    /// An argument that can't be taken.
    pub(super) fn argument(
        text: impl Into<Cow<'static, str>>,
        name: &str,
        value: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument(text.into())
            .with("ArgumentName", name)
            .with("ArgumentValue", value)
    }

    /// Adds a member to the error.
    pub(super) fn with(self, name: &str, value: impl Into<String>) -> Self {
        let (error, mut members) = match self {
            Self::Detailed(error, members) => (error, members),
            error => (Box::new(error), Vec::new()),
        };
        members.push((name.to_owned(), value.into()));
        Self::Detailed(error, members)
    }

    /// Returns true if the request is at fault, rather than the store.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(
            self.code(),
            S3ErrorCode::InternalError | S3ErrorCode::ServiceUnavailable
        )
    }

    /// Returns the code as it stands in a list of per-object errors.
    pub(super) fn code_name(&self) -> String {
        self.code().as_str().to_owned()
    }

    fn code(&self) -> S3ErrorCode {
        use S3ErrorCode as Code;
        match self {
            Self::NoSuchBucket => Code::NoSuchBucket,
            Self::NoSuchKey => Code::NoSuchKey,
            Self::NoSuchVersion => Code::NoSuchVersion,
            Self::NoSuchUpload => Code::NoSuchUpload,
            Self::BucketNotEmpty | Self::VersionsInBucket => Code::BucketNotEmpty,
            Self::BucketAlreadyOwnedByYou => Code::BucketAlreadyOwnedByYou,
            Self::InvalidDigest => Code::InvalidDigest,
            Self::BadContentMd5 | Self::BadChecksum(_) | Self::BadPartChecksum(..) => {
                Code::BadDigest
            }
            Self::IncompleteBody => Code::IncompleteBody,
            Self::EntityTooLarge => Code::EntityTooLarge,
            Self::EntityTooSmall => Code::EntityTooSmall,
            Self::InvalidPart => Code::InvalidPart,
            Self::InvalidPartOrder => Code::InvalidPartOrder,
            Self::InvalidRange => Code::InvalidRange,
            Self::InvalidPartNumber => Code::Custom(INVALID_PART_NUMBER.into()),
            Self::PreconditionFailed => Code::PreconditionFailed,
            Self::ConditionalRequestConflict => Code::ConditionalRequestConflict,
            Self::InvalidDestination => Code::InvalidArgument,
            Self::InvalidLocationConstraint => Code::InvalidLocationConstraint,
            Self::IllegalLocationConstraint(_) => Code::IllegalLocationConstraintException,
            Self::IllegalVersioning => Code::IllegalVersioningConfigurationException,
            Self::InvalidObjectState => Code::InvalidObjectState,
            Self::InvalidStorageClass => Code::InvalidStorageClass,
            Self::HeaderNotImplemented => Code::NotImplemented,
            Self::Detailed(error, _) => error.code(),
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::MalformedXml => Code::MalformedXML,
            Self::TooLong => Code::MaxMessageLengthExceeded,
            Self::MalformedForm => Code::MalformedPOSTRequest,
            Self::FieldsTooLong => Code::MaxPostPreDataLengthExceededError,
            Self::AccessDenied(_) => Code::AccessDenied,
            Self::InvalidPolicy(_) => Code::InvalidPolicyDocument,
            Self::MetadataTooLarge => Code::MetadataTooLarge,
            Self::InvalidArgument(_) => Code::InvalidArgument,
            Self::InvalidRequest(_) => Code::InvalidRequest,
            Self::InvalidTag(_) => Code::InvalidTag,
            Self::NotImplemented(_) => Code::NotImplemented,
            Self::Database(_)
            | Self::Commit(_)
            | Self::Files(_)
            | Self::Row(_)
            | Self::NoDatabase(_)
            | Self::NoWal => Code::InternalError,
            Self::Stopped => Code::ServiceUnavailable,
        }
    }
}

impl From<Error> for S3Error {
    fn from(error: Error) -> Self {
        let code = error.code();
        let mut refusal = S3Error::with_message(code.clone(), error.to_string());
        if code.as_str() == INVALID_PART_NUMBER {
            refusal.set_status_code(http::StatusCode::RANGE_NOT_SATISFIABLE);
        }
        if let Error::Detailed(_, members) = &error {
            set_members(&mut refusal, members);
        }
        refusal
    }
}

/// Gives an error members, instead of those that it may have.
pub(super) fn set_members(error: &mut S3Error, members: &[Member]) {
    let encoded: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    if let Ok(value) = HeaderValue::from_str(&encoded.join("&")) {
        let mut headers = HeaderMap::new();
        headers.insert(MEMBERS, value);
        add_headers(error, headers);
    }
}

/// Adds to the headers of an error's response.
pub(super) fn add_headers(error: &mut S3Error, more: HeaderMap) {
    let mut headers = error.headers().cloned().unwrap_or_default();
    headers.extend(more);
    error.set_headers(headers);
}

/// Takes the members out of the headers of an error's response.
pub(super) fn take_members(headers: &mut HeaderMap) -> Vec<Member> {
    let Some(value) = headers.remove(MEMBERS) else {
        return Vec::new();
    };
    let text = value.to_str().unwrap_or_default();
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| {
            let value = percent_decode_str(value).decode_utf8_lossy();
            (name.to_owned(), value.into_owned())
        })
        .collect()
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
            "The XML you provided was not well-formed or did not validate against our published \
             schema"
        }
        "InternalError" => "We encountered an internal error. Please try again.",
        _ => return None,
    })
}
