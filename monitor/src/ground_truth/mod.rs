//! Ground truth of captured images, in SageMaker's layout
//! (`{prefix}/{endpoint}/yyyy/mm/dd/hh/*.jsonl`) and schema.
//!
//! ```json
//! {"groundTruthData": {"data": "bicycle", "encoding": "CSV"}, "eventMetadata": {"eventId": "…"}, "eventVersion": "0"}
//! ```
//!
//! `eventId` is the inference ID of the captured record, or its event ID if it has none. The hour
//! is the one in which the label became known, which may be long after the inference.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html>

pub mod csv;
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::capture::{Record, folder};
use crate::reading;
use crate::skipped::SkippedLines;
use crate::window::Window;
use s3_objects::{Bucket, Error, Line};

pub use line::{GroundTruth, InvalidLabel};

/// Location of the ground truth of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path below which each endpoint has its folder.
    pub prefix: String,
    /// The endpoint's name.
    pub endpoint: String,
}

impl Location {
    fn folder(&self) -> String {
        folder(&self.prefix, &self.endpoint)
    }
}

/// Returns the class index of a label, which is one of `names` or an index.
pub fn class(label: &str, names: &[String]) -> Option<usize> {
    let named = names.iter().position(|name| name == label);
    named.or_else(|| label.parse().ok().filter(|number| *number < names.len()))
}

/// The true classes of images, by the IDs of their captured records.
///
/// It stores a class index for each label, so that a million labels take some tens of MB.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    names: Vec<String>,
    by_id: HashMap<String, u32>,
}

impl Classes {
    /// Returns an empty map for the classes `names`, in the order of the model's scores.
    pub fn new(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            by_id: HashMap::new(),
        }
    }

    /// Adds a label: the name of a class, or its index. A later label for the same ID replaces the
    /// earlier one.
    ///
    /// # Errors
    /// There is no such class.
    pub fn add(&mut self, truth: GroundTruth) -> Result<(), InvalidLabel> {
        let Some(class) = class(&truth.label, &self.names) else {
            return Err(InvalidLabel::UnknownClass(
                truth.label,
                self.names.join(", "),
            ));
        };
        // There are no four thousand million classes.
        self.by_id.insert(truth.id, class as u32);
        Ok(())
    }

    /// Returns the true class of a record's image, if it is known.
    pub fn of(&self, record: &Record) -> Option<usize> {
        self.of_id(record.id())
    }

    /// Returns the true class of the image with this inference ID, or event ID if it has none.
    pub fn of_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).map(|class| *class as usize)
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Returns true if there is no label.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Reads the labels that became known in the window. Returns them with the skipped lines.
///
/// For the records of some window, pass one that begins with it and ends now: labels come later
/// than inferences.
///
/// # Errors
/// A request to S3 failed. An invalid line is no error.
pub async fn read(
    bucket: &Bucket,
    location: &Location,
    window: &Window,
    labels: &[String],
) -> Result<(Classes, SkippedLines), Error> {
    let folder = location.folder();
    let prefixes = window
        .prefixes()
        .map(move |hours| format!("{folder}{hours}"));
    let state = (Classes::new(labels), SkippedLines::default());
    reading::each_line(bucket, prefixes, state, |(classes, skipped), at, line| {
        let truth = match line {
            Line::Whole(line) => GroundTruth::parse(line),
            Line::TooLong => Err(InvalidLabel::TooLong),
        };
        if let Err(invalid) = truth.and_then(|truth| classes.add(truth)) {
            skipped.add(at, &invalid);
        }
        ControlFlow::Continue(())
    })
    .await
}

/// Writes labels that became known at `at` as an object of their own. Returns its key.
///
/// `name` distinguishes it from other objects of the same hour. Writing the same name and hour
/// again replaces the object, so that no label is there twice.
///
/// # Errors
/// The request to S3 failed.
pub async fn write(
    bucket: &Bucket,
    location: &Location,
    at: Timestamp,
    name: &str,
    labels: impl IntoIterator<Item = GroundTruth>,
) -> Result<String, Error> {
    let hour = at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y/%m/%d/%H")
        .to_string();
    let key = format!("{}{hour}/{name}.jsonl", location.folder());
    let mut lines = Vec::new();
    for label in labels {
        label.write(&mut lines);
    }
    bucket.put(&key, "application/jsonlines", lines).await?;
    Ok(key)
}
