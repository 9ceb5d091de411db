//! `manifest.json` of a `ResultWriter`: which files hold the results.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use serde::Deserialize;

use s3_uri::S3Uri;

/// The files of a map run's results.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// `mapRun` and its ARN.
    pub(super) map_run: String,
    /// A line an image.
    pub(super) classified: Vec<S3Uri>,
    /// A line a batch that failed.
    pub(super) failed: Vec<S3Uri>,
    /// A line a batch that was never begun.
    pub(super) pending: Vec<S3Uri>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    destination_bucket: String,
    map_run_arn: String,
    result_files: ResultFiles,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct ResultFiles {
    #[serde(default)]
    failed: Vec<File>,
    #[serde(default)]
    pending: Vec<File>,
    #[serde(default)]
    succeeded: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Key")]
    key: String,
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no manifest of a ResultWriter: {error}"))?;
        let bucket = raw.destination_bucket;
        let located = |files: Vec<File>| {
            let located = |File { key }| S3Uri {
                bucket: bucket.clone(),
                key,
            };
            files.into_iter().map(located).collect()
        };
        Ok(Self {
            map_run: raw.map_run_arn,
            classified: located(raw.result_files.succeeded),
            failed: located(raw.result_files.failed),
            pending: located(raw.result_files.pending),
        })
    }
}
