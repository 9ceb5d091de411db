//! Captured data: requests of an endpoint and its responses, as lines of JSON in a bucket.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html>

mod record;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use crate::reading;
use crate::skipped::Skipped;
use crate::window::Window;
use s3_objects::{Bucket, Error, Line};

pub use record::{InvalidRecord, Message, Record};

/// Location of an endpoint's captured data: `{prefix}/{endpoint}/{variant}/yyyy/mm/dd/hh/*.jsonl`.
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

    /// The variants that have captured data, or the one that is asked for.
    ///
    /// # Errors
    /// S3 did not list them.
    pub async fn variants(&self, bucket: &Bucket) -> Result<Vec<String>, Error> {
        match &self.variant {
            Some(variant) => Ok(vec![variant.clone()]),
            None => bucket.folders(&self.folder()).await,
        }
    }
}

/// `{prefix}/{name}/`, also where the prefix is empty or has its slash already.
pub(crate) fn folder(prefix: &str, name: &str) -> String {
    match prefix.trim_matches('/') {
        "" => format!("{name}/"),
        prefix => format!("{prefix}/{name}/"),
    }
}

/// A consumer of records, one at a time.
pub trait Sink: Send + 'static {
    /// Takes one, and says whether there may be more.
    ///
    /// # Errors
    /// The record is not what is expected here: it is counted with the other lines that are
    /// skipped.
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord>;
}

impl Sink for Vec<Record> {
    fn record(&mut self, record: Record) -> Result<ControlFlow<()>, InvalidRecord> {
        self.push(record);
        Ok(ControlFlow::Continue(()))
    }
}

/// Hands all records whose inference lies in the window to `sink`, and gives it back with what was
/// skipped.
///
/// Only folders of the window's hours are listed, and of the hour before it: an object has the hour
/// of its first line, and may reach into the next. Records of a variant come in the order of their
/// keys. Memory holds one line and a few pieces of an object, however many there are; `sink` is
/// called on a thread of its own, and may take its time.
///
/// # Errors
/// S3 did not deliver. A line that can't be used is no error.
pub async fn read<S: Sink>(
    bucket: &Bucket,
    source: &Source,
    window: &Window,
    sink: S,
) -> Result<(S, Skipped), Error> {
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
    let state = (sink, Skipped::default());
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
