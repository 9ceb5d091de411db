//! The result of one image: a line of the batch's result.

use serde::Serialize;
use serde_json::Value;

use crate::event::Object;
use s3_uri::S3Uri;

/// The most characters of a cause. See [`super::MAX_ITEMS`].
const MAX_CAUSE: usize = 200;

/// The outcome of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// The model is sure enough.
    Passed,
    /// The gate refused the image: `ThresholdConfidenceNotMet`.
    Refused,
    /// There is no prediction.
    Failed,
}

/// The result of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The bucket of the image.
    pub s3_bucket: String,
    /// The key of the image, as S3 has it.
    pub s3_key: String,
    /// The outcome.
    pub status: Status,
    /// The class with the best score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The best score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The prediction's id in SageMaker's data capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_id: Option<String>,
    /// The reason why it did not pass, by the names that `classify.asl.json` has for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error message, up to 200 characters of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Line {
    pub(super) fn passed(object: Object) -> Self {
        Self {
            s3_bucket: object.s3_bucket,
            s3_key: object.s3_key,
            status: Status::Passed,
            label: object.label,
            confidence: object.confidence,
            inference_id: object.inference_id,
            error: None,
            cause: None,
        }
    }

    /// `object` is what was known of the image when the gate refused it.
    pub(super) fn refused(object: Object, error: &str, cause: &str) -> Self {
        let cause = shortened(&object.uri(), cause);
        Self {
            status: Status::Refused,
            error: Some(error.to_owned()),
            cause: Some(cause),
            ..Self::passed(object)
        }
    }

    pub(super) fn failed(image: S3Uri, error: &str, cause: &str) -> Self {
        let cause = shortened(&image, cause);
        Self {
            s3_bucket: image.bucket,
            s3_key: image.key,
            status: Status::Failed,
            label: None,
            confidence: None,
            inference_id: None,
            error: Some(error.to_owned()),
            cause: Some(cause),
        }
    }

    /// The line of an item that names no image: all that can be said of it is why.
    pub(super) fn unnamed(item: &Value, problem: &str) -> Self {
        let cause = format!("{problem}: {item}");
        Self::failed(S3Uri::default(), "InvalidItem", &cause)
    }
}

/// A cause without the image that the line is about anyway, and not too long.
fn shortened(location: &S3Uri, cause: &str) -> String {
    let about = format!("{location}: ");
    let cause = cause.strip_prefix(&about).unwrap_or(cause);
    match cause.char_indices().nth(MAX_CAUSE) {
        Some((end, _)) => format!("{}...", &cause[..end]),
        None => cause.to_owned(),
    }
}
