//! serialize-image: an object of S3 becomes an image that the model can look at, in the event
//! itself.
//!
//! A photograph in base64 is over Step Functions' payload quota of 262,144 bytes, so it is fitted
//! to the model's input here, and not at the endpoint.

use aws_sdk_s3::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fit_image::{Shape, UnusableImage};
use serde_json::{Value, json};

use crate::aws;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::event::{InvalidEvent, Invocation, Object};
use crate::fitter::Fitter;
use crate::logging;
use crate::runtime::Handler;
use s3_objects::{Error as StorageError, Problem};
use s3_uri::S3Uri;

/// The most bytes that are read: an object that says it has more is not downloaded.
pub const MAX_BYTES: u64 = 32 << 20;

/// The function.
#[derive(Clone, Debug)]
pub struct SerializeImage {
    s3: Client,
    fitter: Fitter,
}

/// An error of serialize-image. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event does not say which object.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// See [`Problem::NoSuchBucket`].
    #[error(transparent)]
    NoSuchBucket(StorageError),
    /// See [`Problem::NoSuchKey`].
    #[error(transparent)]
    NoSuchKey(StorageError),
    /// See [`Problem::AccessDenied`].
    #[error(transparent)]
    AccessDenied(StorageError),
    /// See [`Problem::Refused`].
    #[error(transparent)]
    StorageRefused(StorageError),
    /// See [`Problem::Unavailable`]. Retryable.
    #[error(transparent)]
    StorageUnavailable(StorageError),
    /// The object has no bytes.
    #[error("{0}: the object is empty")]
    EmptyObject(S3Uri),
    /// The object has more than [`MAX_BYTES`].
    #[error(
        "{location}: the object has {bytes} bytes, and images are read up to {MAX_BYTES}: upload \
         a smaller one"
    )]
    ObjectTooLarge {
        /// The object.
        location: S3Uri,
        /// Its size, as far as it was read.
        bytes: u64,
    },
    /// It is not an image.
    #[error("{0}: {1}")]
    NotAnImage(S3Uri, UnusableImage),
    /// It is an image in an unsupported format.
    #[error("{0}: {1}")]
    UnsupportedImage(S3Uri, UnusableImage),
    /// It has too many pixels.
    #[error("{0}: {1}")]
    ImageTooLarge(S3Uri, UnusableImage),
    /// Its end is missing.
    #[error("{0}: {1}")]
    TruncatedImage(S3Uri, UnusableImage),
    /// It can't be decoded.
    #[error("{0}: {1}")]
    CorruptImage(S3Uri, UnusableImage),
}

function_error!(Error, retryable: ["StorageUnavailable"]);

impl Error {
    fn of_image(location: S3Uri, unusable: UnusableImage) -> Self {
        match unusable {
            UnusableImage::NotAnImage => Self::NotAnImage(location, unusable),
            UnusableImage::Unsupported(_) => Self::UnsupportedImage(location, unusable),
            UnusableImage::TooLarge { .. } => Self::ImageTooLarge(location, unusable),
            UnusableImage::Truncated(_) => Self::TruncatedImage(location, unusable),
            UnusableImage::Corrupt(..) => Self::CorruptImage(location, unusable),
        }
    }

    fn of_s3(error: StorageError) -> Self {
        match error.problem {
            Problem::NoSuchBucket => Self::NoSuchBucket(error),
            Problem::NoSuchKey => Self::NoSuchKey(error),
            Problem::AccessDenied(_) => Self::AccessDenied(error),
            Problem::Refused(..) => Self::StorageRefused(error),
            Problem::Unavailable(..) => Self::StorageUnavailable(error),
            Problem::TooLarge { bytes, .. } => Self::ObjectTooLarge {
                location: error.uri,
                bytes,
            },
        }
    }
}

impl Handler for SerializeImage {
    const NAME: &'static str = "serialize-image";
    type Output = Object;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let shape = environment.image_shape()?;
        let s3 = aws::s3(&aws::config(environment).await, environment);
        Ok(Self::new(s3, shape))
    }

    async fn handle(&self, event: Value) -> Result<Object, Error> {
        let invocation = Invocation::parse(event)?;
        logging::record_event(&invocation);
        self.serialize(invocation.object).await
    }
}

impl SerializeImage {
    /// The function over a client of its own, for images of `shape`.
    pub fn new(s3: Client, shape: Shape) -> Self {
        let fitter = Fitter::new(shape);
        Self { s3, fitter }
    }

    /// Puts the image that the object names into it. What an earlier model said of it goes.
    pub(crate) async fn serialize(&self, mut object: Object) -> Result<Object, Error> {
        let location = address(&object)?;
        let bytes = self.read(&location).await?;
        let fitted = self.fitter.fit(bytes).await;
        let fitted = fitted.map_err(|unusable| Error::of_image(location, unusable))?;
        object.image_data = STANDARD.encode(&fitted.png);
        object.inferences = json!([]);
        (object.label, object.confidence, object.inference_id) = (None, None, None);
        Ok(object)
    }

    async fn read(&self, location: &S3Uri) -> Result<Vec<u8>, Error> {
        let bytes = s3_objects::get_at_most(&self.s3, location, MAX_BYTES)
            .await
            .map_err(Error::of_s3)?;
        if bytes.is_empty() {
            return Err(Error::EmptyObject(location.clone()));
        }
        Ok(bytes)
    }
}

fn address(object: &Object) -> Result<S3Uri, InvalidEvent> {
    let location = object.uri();
    match &location {
        S3Uri { bucket, .. } if bucket.is_empty() => Err(InvalidEvent::Missing("s3_bucket")),
        S3Uri { key, .. } if key.is_empty() => Err(InvalidEvent::Missing("s3_key")),
        _ => Ok(location),
    }
}

#[cfg(test)]
mod tests;
