//! `hyperparameters.json`: what training must be told of a set, in the form of a training job's
//! `HyperParameters`.
//!
//! `labels` is of `scones-model`, which writes them into the model; the built-in algorithm knows
//! the others.

use super::{Error, Summary};
use serde_json::json;

/// Its name.
pub(super) const FILE: &str = "hyperparameters.json";

/// Its text. SageMaker takes all values as strings.
pub(super) fn hyperparameters(summary: &Summary, image_shape: &str) -> Result<String, Error> {
    let labels: Vec<&str> = summary
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    let values = json!({
        "image_shape": image_shape,
        "labels": labels.join(","),
        "num_classes": labels.len().to_string(),
        "num_training_samples": summary.train.to_string(),
    });
    let text = serde_json::to_string_pretty(&values);
    text.map(|text| text + "\n")
        .map_err(|error| Error::Encode(error.to_string()))
}
