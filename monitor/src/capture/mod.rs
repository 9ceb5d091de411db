//! Captured data: requests of an endpoint and its responses, as lines of JSON in a bucket.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html>

mod record;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use crate::reading;
use crate::skipped::SkippedLines;
use crate::window::Window;
use s3_objects::{Bucket, Error, Line};

pub use record::{InvalidRecord, Message, Record};

/// The location of an endpoint's captured data:
/// `{prefix}/{endpoint}/{variant}/yyyy/mm/dd/hh/*.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path of `DestinationS3Uri`, without the bucket.
    pub prefix: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// One production variant, or all.
    pub variant: Option<String>,
}

impl Source {
    fn folder(&self) -> String {
        folder(&self.prefix, &self.endpoint)
    }

    /// Returns the variants with captured data, or the selected one.
    ///
    /// # Errors
    /// The request to S3 failed.
    pub async fn variants(&self, bucket: &Bucket) -> Result<Vec<String>, Error> {
        match &self.variant {
            Some(variant) => Ok(vec![variant.clone()]),
            None => bucket.folders(&self.folder()).await,
        }
    }
}

/// Returns `{prefix}/{name}/`; the prefix may be empty or end in a slash.
pub(crate) fn folder(prefix: &str, name: &str) -> String {
    match prefix.trim_matches('/') {
        "" => format!("{name}/"),
        prefix => format!("{prefix}/{name}/"),
    }
}

/// A consumer of records, one at a time.
pub trait RecordSink: Send + 'static {
    /// Consumes a record; breaks to stop the reader.
    ///
    /// # Errors
    /// The record is invalid here; it is counted as skipped.
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord>;
}

impl RecordSink for Vec<Record> {
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord> {
        self.push(record);
        Ok(ControlFlow::Continue(()))
    }
}

/// Passes all records of the window to `sink`. Returns it with the skipped lines.
///
/// Only the prefixes of the window's hours and of the hour before are listed: an object has the
/// hour of its first line, and may extend into the next. Records of a variant come in the order of
/// their keys. Memory holds one line and a few chunks of an object. `sink` runs on a thread of its
/// own, and may block.
///
/// # Errors
/// A request to S3 failed. An invalid line is no error.
pub async fn read<S: RecordSink>(
    bucket: &Bucket,
    source: &Source,
    window: &Window,
    sink: S,
) -> Result<(S, SkippedLines), Error> {
    let variants = source.variants(bucket).await?;
    let folder = source.folder();
    let window = *window;
    let prefixes = variants.into_iter().flat_map(move |variant| {
        let folder = format!("{folder}{variant}/");
        window
            .with_hour_before()
            .prefixes()
            .map(move |hours| format!("{folder}{hours}"))
    });
    let state = (sink, SkippedLines::default());
    reading::each_line(
        bucket,
        prefixes,
        state,
        move |(sink, skipped), location, line| {
            let record = match line {
                Line::Whole(line) => Record::parse(line),
                Line::TooLong => Err(InvalidRecord::TooLong),
            };
            let taken = match record {
                Ok(record) if !window.contains(record.time) => return ControlFlow::Continue(()),
                Ok(record) => sink.record(record),
                Err(invalid) => Err(invalid),
            };
            taken.unwrap_or_else(|invalid| {
                skipped.add(location, &invalid);
                ControlFlow::Continue(())
            })
        },
    )
    .await
}
