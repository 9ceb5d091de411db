//! serialize-image: an object of S3 becomes an image that the model can look at, in the event itself.
//!
//! A photograph in base64 is over Step Functions' payload quota of 262,144 bytes, so it is fitted to the model's input
//! here, and not at the endpoint.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::aws::{self, Failure};
use crate::diagnostic::{FunctionError, chain};
use crate::environment::{self, Environment};
use crate::event::{self, Call, Invalid, Location};
use crate::image::{self, Fitted, Shape, Unusable};
use crate::logging;
use crate::runtime::Handler;

/// The most bytes that are read: an object that says it has more is not downloaded.
pub const MAX_BYTES: u64 = 32 << 20;

/// The function.
#[derive(Clone, Debug)]
pub struct SerializeImage {
    s3: Client,
    shape: Shape,
}

/// Why there is no image. The variants' names are the error names that state machines see.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event does not say which object.
    #[error(transparent)]
    InvalidEvent(#[from] Invalid),
    /// S3: there is no such bucket.
    #[error("{0}: the bucket does not exist")]
    NoSuchBucket(Location),
    /// S3: there is no such key. Without the right to list the bucket, S3 says `AccessDenied` instead.
    #[error("{0}: the object does not exist")]
    NoSuchKey(Location),
    /// S3: the function may not read the object, or may not know that it doesn't exist.
    #[error(
        "{0}: access denied: the function's role needs s3:GetObject on it, and s3:ListBucket to tell what is missing"
    )]
    AccessDenied(Location),
    /// S3 has another reason, such as an archived object.
    #[error("{0}: S3 refused to read it: {1}")]
    StorageRefused(Location, String),
    /// S3 did not answer, or asks to come back later. Retryable.
    #[error("{0}: S3 did not deliver it: {1}")]
    StorageUnavailable(Location, String),
    /// The object has no bytes.
    #[error("{0}: the object is empty")]
    EmptyObject(Location),
    /// The object has more than [`MAX_BYTES`].
    #[error(
        "{location}: the object has {bytes} bytes, and images are read up to {MAX_BYTES}: upload a smaller one"
    )]
    ObjectTooLarge {
        /// Which object.
        location: Location,
        /// Its size, as far as it was read.
        bytes: u64,
    },
    /// It is something else than an image.
    #[error("{0}: {1}")]
    NotAnImage(Location, Unusable),
    /// It is an image in a format that is not read here.
    #[error("{0}: {1}")]
    UnsupportedImage(Location, Unusable),
    /// It has too many pixels.
    #[error("{0}: {1}")]
    ImageTooLarge(Location, Unusable),
    /// Its end is missing.
    #[error("{0}: {1}")]
    TruncatedImage(Location, Unusable),
    /// It can't be decoded.
    #[error("{0}: {1}")]
    CorruptImage(Location, Unusable),
}

impl FunctionError for Error {
    const RETRYABLE: &'static [&'static str] = &["StorageUnavailable"];

    fn name(&self) -> &'static str {
        self.into()
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        error.diagnostic()
    }
}

impl Error {
    fn of_image(location: Location, unusable: Unusable) -> Self {
        match unusable {
            Unusable::NotAnImage => Self::NotAnImage(location, unusable),
            Unusable::Unsupported(_) => Self::UnsupportedImage(location, unusable),
            Unusable::TooLarge { .. } => Self::ImageTooLarge(location, unusable),
            Unusable::Truncated(_) => Self::TruncatedImage(location, unusable),
            Unusable::Corrupt(..) => Self::CorruptImage(location, unusable),
        }
    }

    fn of_s3(location: Location, failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(reason) | Failure::Throttled(reason) => {
                Self::StorageUnavailable(location, reason)
            }
            Failure::Refused { code, message } => match code.as_str() {
                "NoSuchKey" => Self::NoSuchKey(location),
                "NoSuchBucket" => Self::NoSuchBucket(location),
                "AccessDenied" => Self::AccessDenied(location),
                _ => Self::StorageRefused(location, format!("{code}: {message}")),
            },
        }
    }
}

impl Handler for SerializeImage {
    const NAME: &'static str = "serialize-image";
    type Output = event::Object;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        let shape = environment.image_shape()?;
        let config = aws_sdk_s3::config::Builder::from(&aws::config(environment).await)
            // A bucket is a name under the endpoint's host only where AWS answers for every such name.
            .force_path_style(aws::has_own_endpoint(environment, "S3"))
            .build();
        Ok(Self::new(Client::from_conf(config), shape))
    }

    async fn handle(&self, event: Value) -> Result<event::Object, Error> {
        let call = Call::parse(event)?;
        logging::about(&call);
        let mut object = call.object;
        let location = address(&object)?;
        let bytes = self.read(&location).await?;
        let fitted = self.fit(&location, bytes).await?;
        object.image_data = STANDARD.encode(&fitted.png);
        object.inferences = json!([]);
        (object.label, object.confidence, object.inference_id) = (None, None, None);
        Ok(object)
    }
}

impl SerializeImage {
    /// The function over a client of its own, for images of `shape`.
    pub fn new(s3: Client, shape: Shape) -> Self {
        Self { s3, shape }
    }

    async fn read(&self, location: &Location) -> Result<Vec<u8>, Error> {
        let request = self.s3.get_object();
        let answer = request
            .bucket(&location.bucket)
            .key(&location.key)
            .send()
            .await
            .map_err(|error| Error::of_s3(location.clone(), Failure::of(&error)))?;
        check_size(location, announced(&answer))?;
        let bytes = collect(location, answer.body).await?;
        check_size(location, Some(bytes.len() as u64))?;
        Ok(bytes)
    }

    /// Decoding takes milliseconds to a second: too long for the thread that also talks to the network.
    async fn fit(&self, location: &Location, bytes: Vec<u8>) -> Result<Fitted, Error> {
        let shape = self.shape;
        let fitted = tokio::task::spawn_blocking(move || image::fit(&bytes, shape))
            .await
            .unwrap_or_else(|panic| {
                Err(Unusable::Corrupt(
                    "image",
                    format!("the decoder failed: {panic}"),
                ))
            })
            .map_err(|unusable| Error::of_image(location.clone(), unusable))?;
        let Fitted { width, height, .. } = fitted;
        tracing::info!(
            format = fitted.format,
            width,
            height,
            png_bytes = fitted.png.len(),
            "fitted"
        );
        Ok(fitted)
    }
}

fn address(object: &event::Object) -> Result<Location, Invalid> {
    let location = object.location();
    match &location {
        Location { bucket, .. } if bucket.is_empty() => Err(Invalid::Missing("s3_bucket")),
        Location { key, .. } if key.is_empty() => Err(Invalid::Missing("s3_key")),
        _ => Ok(location),
    }
}

fn announced(answer: &GetObjectOutput) -> Option<u64> {
    u64::try_from(answer.content_length?).ok()
}

fn check_size(location: &Location, bytes: Option<u64>) -> Result<(), Error> {
    let location = || location.clone();
    match bytes {
        Some(0) => Err(Error::EmptyObject(location())),
        Some(bytes) if bytes > MAX_BYTES => Err(Error::ObjectTooLarge {
            location: location(),
            bytes,
        }),
        _ => Ok(()),
    }
}

/// Reads a body, but never more than one piece past [`MAX_BYTES`]: not every store announces the length.
async fn collect(location: &Location, mut body: ByteStream) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece =
            piece.map_err(|error| Error::StorageUnavailable(location.clone(), chain(&error)))?;
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MAX_BYTES {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
