//! The summary of `summarize-batch`, for people.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// The results of the images.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) images: u64,
    passed: u64,
    refused: u64,
    pub(super) failed: u64,
    labels: BTreeMap<String, Counts>,
    errors: BTreeMap<String, u64>,
    pub(super) results: Results,
}

#[derive(Debug, Deserialize)]
struct Counts {
    passed: u64,
    refused: u64,
}

/// The files of results.
#[derive(Debug, Deserialize)]
pub(super) struct Results {
    pub(super) bucket: String,
    pub(super) lines: Vec<String>,
    pub(super) unclassified: Vec<String>,
    summary: String,
}

impl Report {
    pub(super) fn read(summary: Value) -> anyhow::Result<Self> {
        serde_json::from_value(summary).context("the execution's output is no summary of a batch")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.labels.keys().chain(self.errors.keys());
        let width = labels.map(|label| label.chars().count()).max();
        let width = width.unwrap_or(0).max("all images".len());
        writeln!(
            f,
            "  {:width$} {:>9} {:>9} {:>9}",
            "LABEL", "PASSED", "REFUSED", "FAILED"
        )?;
        for (label, Counts { passed, refused }) in &self.labels {
            writeln!(f, "  {label:width$} {passed:>9} {refused:>9} {:>9}", "-")?;
        }
        for (error, images) in &self.errors {
            writeln!(f, "  {error:width$} {:>9} {:>9} {images:>9}", "-", "-")?;
        }
        let (passed, refused, failed) = (self.passed, self.refused, self.failed);
        writeln!(
            f,
            "  {:width$} {passed:>9} {refused:>9} {failed:>9}",
            "all images"
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "{} images; a line for each, and this summary:",
            self.images
        )?;
        let Results {
            bucket,
            lines,
            unclassified,
            summary,
        } = &self.results;
        for key in lines.iter().chain(unclassified).chain([summary]) {
            writeln!(f, "  s3://{bucket}/{key}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_is_a_table() {
        let summary = json!({
            "images": 12, "passed": 8, "refused": 2, "failed": 2,
            "labels": {
                "bicycle": {"passed": 5, "refused": 2}, "motorcycle": {"passed": 3, "refused": 0},
            },
            "errors": {"NotAnImage": 2},
            "results": {
                "bucket": "b", "lines": ["batches/e/u/SUCCEEDED_0.jsonl"], "unclassified": [],
                "summary": "batches/e/u/summary.json",
            },
            "map_run_arn": "arn",
        });
        let expected = "  LABEL         PASSED   REFUSED    FAILED
  bicycle            5         2         -
  motorcycle         3         0         -
  NotAnImage         -         -         2
  all images         8         2         2

12 images; a line for each, and this summary:
  s3://b/batches/e/u/SUCCEEDED_0.jsonl
  s3://b/batches/e/u/summary.json
";
        assert_eq!(Report::read(summary).unwrap().to_string(), expected);
    }

    #[test]
    fn another_output_is_told_apart() {
        let error = Report::read(json!({"s3_key": "k"})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the execution's output is no summary of a batch"
        );
    }
}
