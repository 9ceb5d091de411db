//! The reasons for rejecting a signature, with AWS's codes and texts.
//!
//! S3's are from <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>, the others'
//! from <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html> and
//! the services' common errors. No text reveals the expected signature.

use http::StatusCode;

use crate::ErrorResponse;

/// The reason that a request is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The request has no signature.
    Missing,
    /// The request is signed by a method other than AWS Signature Version 4.
    Unsupported,
    /// The request has two signatures.
    Ambiguous,
    /// A part of the signature is missing, there twice or malformed.
    Incomplete(&'static str),
    /// The request does not say when it was signed.
    NoDate,
    /// The scope's day is not the signature's.
    Date {
        /// The value in the signature.
        actual: String,
        /// The required value.
        expected: String,
    },
    /// The signature is for another region.
    Region {
        /// The value in the signature.
        actual: String,
        /// The required value.
        expected: String,
    },
    /// The signature is for another service.
    Service {
        /// The value in the signature.
        actual: String,
        /// The required value.
        expected: String,
    },
    /// The access key is not the stack's.
    UnknownKey,
    /// The request was signed too long ago, or in the future.
    Skewed {
        /// The client's time of signing.
        at: String,
        /// The current time of the stack.
        now: String,
    },
    /// A presigned URL of the future.
    NotYetValid,
    /// A presigned URL of the past.
    Expired,
    /// A presigned URL that is good for too long.
    Expiry,
    /// A header that must be signed is not.
    NotSigned(String),
    /// The header that declares the signed payload of an S3 request is missing.
    NoSha256,
    /// The header that declares the signed payload of an S3 request is invalid.
    BadSha256,
    /// The body has another hash than the one that is signed.
    Sha256Mismatch,
    /// The signature is another one.
    Mismatch,
    /// The body is longer than any service takes.
    TooLarge,
    /// The body did not arrive in full, or in time.
    Broken,
    /// Too many bodies wait for their end.
    Busy,
}

const SIGN_WITH_V4: &str =
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
const TOO_LARGE: &str = "Your request was too big.";
const BUSY: &str =
    "Too many requests are waiting for the end of their bodies. Please reduce your request rate.";
const BROKEN: &str = "The body of the request did not arrive in full.";

impl SignatureError {
    /// Returns S3's error.
    pub fn by_s3(&self) -> ErrorResponse {
        use StatusCode as S;
        let bad = |code: &'static str, text: &str| ErrorResponse::new(S::BAD_REQUEST, code, text);
        let forbidden =
            |code: &'static str, text: &str| ErrorResponse::new(S::FORBIDDEN, code, text);
        let denied = |text: &str| forbidden("AccessDenied", text);
        let malformed = |text: String| {
            let text = format!("The authorization header is malformed; {text}");
            bad("AuthorizationHeaderMalformed", &text)
        };
        match self {
            Self::Missing => denied("Access Denied"),
            Self::Unsupported => bad("InvalidRequest", SIGN_WITH_V4),
            Self::Ambiguous => bad("InvalidArgument", "Only one auth mechanism allowed"),
            Self::Incomplete(part) => malformed(format!("{part} is missing or malformed.")),
            Self::NoDate => {
                denied("AWS authentication requires a valid x-amz-date in ISO 8601 basic format")
            }
            Self::Date { actual, expected } => malformed(wrong("date", actual, expected)),
            Self::Region { actual, expected } => malformed(wrong("region", actual, expected)),
            Self::Service { actual, expected } => malformed(wrong("service", actual, expected)),
            Self::UnknownKey => forbidden(
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::Skewed { .. } => forbidden(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            Self::NotYetValid => denied("Request is not valid yet"),
            Self::Expired => denied("Request has expired"),
            Self::Expiry => bad(
                "AuthorizationQueryParametersError",
                "X-Amz-Expires must be a number of seconds from 0 to 604800",
            ),
            Self::NotSigned(header) => denied(&not_signed(header)),
            Self::NoSha256 => bad(
                "InvalidRequest",
                "Missing required header for this request: x-amz-content-sha256",
            ),
            Self::BadSha256 => bad(
                "InvalidArgument",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
                 STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            ),
            Self::Sha256Mismatch => bad(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            Self::Mismatch => forbidden(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. \
                 Check your key and signing method.",
            ),
            Self::TooLarge => bad("MaxMessageLengthExceeded", TOO_LARGE),
            Self::Broken => bad("IncompleteBody", BROKEN),
            Self::Busy => ErrorResponse::new(S::SERVICE_UNAVAILABLE, "SlowDown", BUSY),
        }
    }

    /// Returns the error in the form of the JSON services; `status` is the service's status for a
    /// rejected request.
    pub fn by_json(&self, status: StatusCode) -> ErrorResponse {
        let scoped = |what: &str, expected: &str| {
            invalid(&format!(
                "Credential should be scoped to {what}: '{expected}'."
            ))
        };
        let (code, text) = match self {
            Self::Missing => (
                "MissingAuthenticationTokenException",
                "Missing Authentication Token".into(),
            ),
            Self::Unsupported => ("IncompleteSignatureException", SIGN_WITH_V4.into()),
            Self::Ambiguous => (
                "IncompleteSignatureException",
                "Only one of the Authorization header and X-Amz-Signature may be there.".into(),
            ),
            Self::Incomplete(part) => (
                "IncompleteSignatureException",
                format!("Authorization requires a well-formed '{part}' parameter."),
            ),
            Self::NoDate => (
                "IncompleteSignatureException",
                "Date must be in ISO-8601 'basic format', in the 'X-Amz-Date' header or parameter."
                    .into(),
            ),
            Self::Date { actual, expected } => invalid(&format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{actual}' != '{expected}'."
            )),
            Self::Region { expected, .. } => scoped("a valid region", expected),
            Self::Service { expected, .. } => scoped("correct service", expected),
            Self::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".into(),
            ),
            Self::Skewed { at, now } if at < now => invalid(&format!(
                "Signature expired: {at} is more than 15 minutes earlier than {now}"
            )),
            Self::Skewed { at, now } => invalid(&format!(
                "Signature not yet current: {at} is more than 15 minutes later than {now}"
            )),
            Self::NotYetValid => invalid("Signature not yet current"),
            Self::Expired => invalid("Signature expired"),
            Self::Expiry => (
                "IncompleteSignatureException",
                "X-Amz-Expires must be a number of seconds from 0 to 604800".into(),
            ),
            Self::NotSigned(header) => invalid(&not_signed(header)),
            Self::NoSha256 | Self::BadSha256 | Self::Sha256Mismatch | Self::Mismatch => invalid(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method. Consult the service \
                 documentation for details.",
            ),
            Self::TooLarge => {
                let code = "RequestEntityTooLargeException";
                return ErrorResponse::new(StatusCode::PAYLOAD_TOO_LARGE, code, TOO_LARGE);
            }
            Self::Broken => ("ValidationException", BROKEN.into()),
            Self::Busy => {
                let code = "ServiceUnavailable";
                return ErrorResponse::new(StatusCode::SERVICE_UNAVAILABLE, code, BUSY);
            }
        };
        ErrorResponse::new(status, code, text)
    }
}

fn invalid(text: &str) -> (&'static str, String) {
    ("InvalidSignatureException", text.to_owned())
}

fn wrong(what: &str, actual: &str, expected: &str) -> String {
    format!("the {what} '{actual}' is wrong; expecting '{expected}'")
}

fn not_signed(header: &str) -> String {
    format!("There were headers present in the request which were not signed: {header}")
}
