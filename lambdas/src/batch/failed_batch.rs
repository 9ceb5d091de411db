//! A batch that came to nothing: its images have lines too.

use serde::Deserialize;

use super::item::{self, Batch};
use super::line::Line;

/// A batch whose execution did not succeed, as `ResultWriter` describes it.
#[derive(Debug)]
pub struct FailedBatch {
    /// The execution's error, `States.Timeout`, or `NotClassified` for a batch that was not begun,
    /// or was stopped when too many others had failed.
    pub error: String,
    cause: String,
    batch: Batch,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Child {
    error: Option<String>,
    #[serde(default)]
    cause: String,
    input: String,
    #[serde(default)]
    status: String,
}

impl FailedBatch {
    /// Reads a line of the files of failed and of pending executions.
    ///
    /// # Errors
    /// The line is not a failed batch; returns the reason.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let child: Child = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let batch = serde_json::from_str(&child.input)
            .map_err(|error| format!("the input of the batch: {error}"))?;
        let error = match (child.error, child.status.as_str()) {
            (Some(error), _) => error,
            (None, "TIMED_OUT") => "States.Timeout".to_owned(),
            (None, _) => "NotClassified".to_owned(),
        };
        Ok(Self {
            error,
            cause: child.cause,
            batch,
        })
    }

    /// Returns the number of images.
    pub fn images(&self) -> usize {
        self.batch.items.len()
    }

    /// The lines that its images would have had.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.batch.items.iter().map(|item| {
            let (error, cause) = (self.error.as_str(), self.cause.as_str());
            match item::location(item, &self.batch.shared.bucket) {
                Ok(image) => Line::failed(image, error, cause),
                Err(problem) => Line::unnamed(item, &problem),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(child: &Value) -> Result<FailedBatch, String> {
        FailedBatch::read(child.to_string().as_bytes())
    }

    #[test]
    fn the_images_of_a_failed_batch_have_lines() {
        let input =
            json!({"BatchInput": {"bucket": "b", "threshold": null}, "Items": [{"Key": "k"}, 7]});
        let child = json!({"Error": "ModelFailed", "Cause": "boom", "Input": input.to_string(), "Status": "FAILED"});
        let batch = read(&child).unwrap();
        assert_eq!(batch.images(), 2);
        let lines = serde_json::to_value(batch.lines().collect::<Vec<_>>()).unwrap();
        let failed = json!({
            "s3_bucket": "b", "s3_key": "k", "status": "FAILED", "error": "ModelFailed", "cause": "boom",
        });
        assert_eq!(lines[0], failed);
        assert_eq!(lines[1]["error"], "InvalidItem");
    }

    #[test]
    fn one_without_an_error_ran_out_of_time_or_was_not_begun() {
        let of = |status: &str| {
            let input = r#"{"Items": []}"#;
            read(&json!({"Input": input, "Status": status}))
                .unwrap()
                .error
        };
        assert_eq!(of("TIMED_OUT"), "States.Timeout");
        assert_eq!(of("ABORTED"), "NotClassified");
        assert_eq!(of("PENDING"), "NotClassified");
    }

    #[test]
    fn what_is_no_batch_is_told() {
        assert!(
            read(&json!({"Status": "FAILED"}))
                .unwrap_err()
                .contains("`Input`")
        );
        let error = read(&json!({"Input": "[]"})).unwrap_err();
        assert!(error.starts_with("the input of the batch: "), "{error}");
    }
}
