//! Errors of classify-batch, and those that are not of a single image.

use serde_json::Value;

use crate::diagnostic::FunctionError;
use crate::{classify, serialize};

/// An error of one image: one of serialize-image's or classify-image's, by its own name.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The image can't be read.
    #[error(transparent)]
    Serialize(#[from] serialize::Error),
    /// The prediction failed.
    #[error(transparent)]
    Classify(#[from] classify::Error),
}

/// The image itself is at fault: another one may do well.
const IMAGE_FAULTS: [&str; 11] = [
    "CorruptImage",
    "EmptyObject",
    "ImageRefused",
    "ImageTooLarge",
    "InvalidEvent",
    "InvalidImageData",
    "NoSuchKey",
    "NotAnImage",
    "ObjectTooLarge",
    "TruncatedImage",
    "UnsupportedImage",
];

/// Nothing is known of the image, and nothing will be known of the next one.
const BATCH_FAULTS: [&str; 4] = [
    "EndpointThrottled",
    "EndpointUnavailable",
    "ModelUnavailable",
    "StorageUnavailable",
];

impl ImageError {
    /// The name that `classify.asl.json` knows it by.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Serialize(error) => error.name(),
            Self::Classify(error) => error.name(),
        }
    }

    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Serialize(error) => serialize::Error::RETRYABLE.contains(&error.name()),
            Self::Classify(error) => classify::Error::RETRYABLE.contains(&error.name()),
        }
    }

    pub(super) fn is_image_fault(&self) -> bool {
        IMAGE_FAULTS.contains(&self.name())
    }

    pub(super) fn fails_batch(&self) -> bool {
        BATCH_FAULTS.contains(&self.name())
    }
}

/// An error of classify-batch. The names, those of `ImageError` among them, are the error names
/// that state machines see.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is not what `ItemBatcher` makes.
    #[error(
        "the event is {0}: a batch is like {{\"BatchInput\": {{\"bucket\": \"...\"}}, \"Items\": \
         [{{\"Key\": \"...\"}}]}}"
    )]
    InvalidBatch(String),
    /// The threshold of the execution is none.
    #[error("the threshold {0} is not a number above 0 and up to 1")]
    InvalidThreshold(Value),
    /// An error that is not of a single image.
    #[error(transparent)]
    ImageError(ImageError),
}

impl strum::VariantNames for Error {
    const VARIANTS: &'static [&'static str] = &[
        "AccessDenied",
        "EndpointNotFound",
        "EndpointRefused",
        "EndpointThrottled",
        "EndpointUnavailable",
        "InvalidBatch",
        "InvalidPrediction",
        "InvalidThreshold",
        "LabelsMismatch",
        "ModelFailed",
        "ModelUnavailable",
        "ModelUnusable",
        "NoSuchBucket",
        "StorageRefused",
        "StorageUnavailable",
    ];
}

impl FunctionError for Error {
    const RETRYABLE: &'static [&'static str] = &[
        "EndpointThrottled",
        "EndpointUnavailable",
        "ModelFailed",
        "ModelUnavailable",
        "StorageUnavailable",
    ];

    fn name(&self) -> &'static str {
        match self {
            Self::InvalidBatch(_) => "InvalidBatch",
            Self::InvalidThreshold(_) => "InvalidThreshold",
            Self::ImageError(fault) => fault.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::VariantNames;

    use super::*;

    /// Returns the names of all errors of an image.
    fn faults() -> BTreeSet<&'static str> {
        let names = [serialize::Error::VARIANTS, classify::Error::VARIANTS];
        names.concat().into_iter().collect()
    }

    #[test]
    fn every_fault_is_of_the_image_or_may_fail_the_batch() {
        let own = ["InvalidBatch", "InvalidThreshold"];
        let batch = Error::VARIANTS.iter().filter(|name| !own.contains(name));
        let all: Vec<&str> = batch.chain(&IMAGE_FAULTS).copied().collect();
        let distinct = BTreeSet::from_iter(all.iter().copied());
        assert_eq!(distinct, faults());
        assert_eq!(distinct.len(), all.len(), "one is in both lists");
    }

    #[test]
    fn what_may_pass_is_what_the_functions_say() {
        let theirs = [serialize::Error::RETRYABLE, classify::Error::RETRYABLE].concat();
        let theirs = BTreeSet::from_iter(theirs);
        assert_eq!(
            BTreeSet::from_iter(Error::RETRYABLE.iter().copied()),
            theirs
        );
        assert!(BATCH_FAULTS.iter().all(|name| theirs.contains(name)));
    }
}
