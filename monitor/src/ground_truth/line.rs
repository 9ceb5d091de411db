//! A line of ground truth.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::encoding::{Data, DecodeError, decode};
use crate::reading::MAX_LINE;
use crate::skipped::Problem;

/// The label of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroundTruth {
    /// The inference ID of its record, or the event ID if it has none.
    pub id: String,
    /// The name of its class, or the class index in the order of the model's scores.
    pub label: String,
}

/// An error of a line of ground truth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabel {
    /// It is not JSON, or its JSON does not have the schema of ground truth.
    #[error("not a line of ground truth: {0}")]
    NotGroundTruth(String),
    /// It is longer than any valid label.
    #[error("it has more than {MAX_LINE} bytes")]
    TooLong,
    /// The label can't be decoded.
    #[error("groundTruthData: {0}")]
    DecodeError(#[from] DecodeError),
    /// The label is not one of the model's classes.
    #[error("there is no class {0:?}: the labels are {1}")]
    UnknownClass(String, String),
}

impl Problem for InvalidLabel {
    fn name(&self) -> &'static str {
        match self {
            Self::NotGroundTruth(_) => "NotGroundTruth",
            Self::TooLong => "TooLong",
            Self::DecodeError(_) => "UndecodableLabel",
            Self::UnknownClass(..) => "UnknownClass",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    ground_truth_data: Label<'a>,
    #[serde(borrow)]
    event_metadata: EventMetadata<'a>,
}

#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow)]
    data: Data<'a>,
    #[serde(borrow)]
    encoding: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventMetadata<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenLine<'a> {
    ground_truth_data: WrittenLabel<'a>,
    event_metadata: EventMetadata<'a>,
    event_version: &'static str,
}

#[derive(Serialize)]
struct WrittenLabel<'a> {
    data: &'a str,
    encoding: &'static str,
}

impl GroundTruth {
    /// Parses a line.
    ///
    /// # Errors
    /// The line is not ground truth.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidLabel> {
        let not = |problem: String| InvalidLabel::NotGroundTruth(problem);
        let line: Line<'_> =
            serde_json::from_slice(line).map_err(|error| not(error.to_string()))?;
        let label = decode(
            line.ground_truth_data.data,
            &line.ground_truth_data.encoding,
        )?;
        let label =
            String::from_utf8(label).map_err(|_| not("the label is not UTF-8".to_owned()))?;
        Ok(Self {
            id: line.event_metadata.event_id.into_owned(),
            label: unquoted(label.trim()),
        })
    }

    /// Appends the label as a line with its newline.
    pub fn write(&self, lines: &mut Vec<u8>) {
        let line = WrittenLine {
            ground_truth_data: WrittenLabel {
                data: &self.label,
                encoding: "CSV",
            },
            event_metadata: EventMetadata {
                event_id: Cow::Borrowed(&self.id),
            },
            event_version: "0",
        };
        // Texts always serialize, and a Vec takes all that is written.
        serde_json::to_writer(&mut *lines, &line).unwrap_or_default();
        lines.push(b'\n');
    }
}

/// JSON and CSV may both have quotes around a text.
fn unquoted(label: &str) -> String {
    let quoted = label
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.map_or_else(|| label.to_owned(), |inner| inner.replace("\"\"", "\""))
}
