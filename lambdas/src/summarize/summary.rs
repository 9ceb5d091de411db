//! Counts the results of a map run into a summary.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::Manifest;
use crate::batch::FailedBatch;
use s3_uri::S3Uri;

/// The result of the images of a map run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Number of images: the sum of the next three.
    pub images: u64,
    /// Number of images that passed the gate.
    pub passed: u64,
    /// Number of images that the gate refused.
    pub refused: u64,
    /// Number of images without an answer.
    pub failed: u64,
    /// Images by the class with the best score.
    pub labels: BTreeMap<String, Counts>,
    /// Images without an answer by the name of the error. `NotClassified` are those whose batch was
    /// never begun.
    pub errors: BTreeMap<String, u64>,
    /// Keys of the files that were counted.
    pub results: ResultLocations,
    /// The map run.
    pub map_run_arn: String,
}

/// Images of one label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Number of images that passed the gate.
    pub passed: u64,
    /// Number of images that the gate refused.
    pub refused: u64,
}

/// Location of the results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResultLocations {
    /// The bucket.
    pub bucket: String,
    /// The keys of the files with a line an image.
    pub lines: Vec<String>,
    /// The keys of the files with a line a batch that failed, or was never begun.
    pub unclassified: Vec<String>,
    /// The key of this summary.
    pub summary: String,
}

/// Accumulates the counts of a summary.
#[derive(Debug, Default)]
pub(super) struct SummaryBuilder(Summary);

/// The part of a [`crate::batch::Line`] that is counted.
#[derive(Deserialize)]
struct Image {
    status: String,
    label: Option<String>,
    error: Option<String>,
}

impl SummaryBuilder {
    /// Counts a line of an image.
    pub(super) fn image(&mut self, line: &[u8]) -> Result<(), String> {
        let image: Image = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let summary = &mut self.0;
        summary.images += 1;
        match image.status.as_str() {
            "PASSED" => {
                summary.passed += 1;
                self.label(image.label).passed += 1;
            }
            "REFUSED" => {
                summary.refused += 1;
                self.label(image.label).refused += 1;
            }
            "FAILED" => {
                summary.failed += 1;
                self.error(image.error, 1);
            }
            other => return Err(format!("the status {other:?} is unknown")),
        }
        Ok(())
    }

    /// Counts the images of a batch that has no lines.
    pub(super) fn batch(&mut self, line: &[u8]) -> Result<(), String> {
        let batch = FailedBatch::read(line)?;
        let images = batch.images() as u64;
        self.0.images += images;
        self.0.failed += images;
        self.error(Some(batch.error), images);
        Ok(())
    }

    fn label(&mut self, label: Option<String>) -> &mut Counts {
        let label = label.unwrap_or_default();
        self.0.labels.entry(label).or_default()
    }

    fn error(&mut self, error: Option<String>, images: u64) {
        let error = error.unwrap_or_else(|| "Unknown".to_owned());
        *self.0.errors.entry(error).or_default() += images;
    }

    /// Returns the summary, which the caller writes to `to`.
    pub(super) fn finish(self, manifest: &Manifest, to: &S3Uri) -> Summary {
        let keys = |files: &[S3Uri]| files.iter().map(|file| file.key.clone()).collect();
        let unclassified = [manifest.failed.as_slice(), &manifest.pending].concat();
        Summary {
            results: ResultLocations {
                bucket: to.bucket.clone(),
                lines: keys(&manifest.classified),
                unclassified: keys(&unclassified),
                summary: to.key.clone(),
            },
            map_run_arn: manifest.map_run.clone(),
            ..self.0
        }
    }
}
