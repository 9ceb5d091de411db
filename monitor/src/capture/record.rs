//! A line of captured data.

use std::borrow::Cow;

use evaluation::{InvalidResponse, Scores};
use jiff::Timestamp;
use serde::Deserialize;

use crate::encoding::{Data, DecodeError, decode};
use crate::reading::MAX_LINE;
use crate::skipped::Problem;

/// A captured request and response. A side that was not captured is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// SageMaker's event ID of the request.
    pub event_id: String,
    /// The caller's inference ID (`InferenceId` of InvokeEndpoint).
    pub inference_id: Option<String>,
    /// The time of the response.
    pub time: Timestamp,
    /// The request.
    pub input: Option<Message>,
    /// The response.
    pub output: Option<Message>,
}

/// A body and its content type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The Content-Type header; empty if there was none.
    pub content_type: String,
    /// The bytes as they were sent, decoded from the line.
    pub body: Vec<u8>,
}

/// An error of a captured line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidRecord {
    /// It is not JSON, or its JSON does not have the schema of data capture.
    #[error("not a captured line: {0}")]
    NotCaptured(String),
    /// It is longer than any line that SageMaker writes.
    #[error("it has more than {MAX_LINE} bytes")]
    TooLong,
    /// The body of the request can't be decoded.
    #[error("endpointInput: {0}")]
    Input(DecodeError),
    /// The body of the response can't be decoded.
    #[error("endpointOutput: {0}")]
    Output(DecodeError),
    /// The response was not captured.
    #[error("it has no endpointOutput: capture the output too (CaptureOptions)")]
    NoOutput,
    /// The response does not contain scores.
    #[error("the response is not scores: {0}")]
    NotScores(#[from] InvalidResponse),
    /// The response has another number of classes: it is another model's.
    #[error("the answer has {found} scores, and the labels are {expected}")]
    OtherClasses {
        /// Number of scores.
        found: usize,
        /// Number of labels.
        expected: usize,
    },
}

impl Problem for InvalidRecord {
    fn name(&self) -> &'static str {
        match self {
            Self::NotCaptured(_) => "NotCaptured",
            Self::TooLong => "TooLong",
            Self::Input(_) => "UndecodableInput",
            Self::Output(_) => "UndecodableOutput",
            Self::NoOutput => "NoOutput",
            Self::NotScores(_) => "NotScores",
            Self::OtherClasses { .. } => "OtherClasses",
        }
    }
}

/// The JSON of a line. It borrows its strings: most of it is the data of an image.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    capture_data: CaptureData<'a>,
    #[serde(borrow)]
    event_metadata: EventMetadata<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CaptureData<'a> {
    #[serde(borrow)]
    endpoint_input: Option<Captured<'a>>,
    #[serde(borrow)]
    endpoint_output: Option<Captured<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Captured<'a> {
    #[serde(borrow, default)]
    observed_content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Data<'a>,
    #[serde(borrow)]
    encoding: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventMetadata<'a> {
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow, default)]
    inference_id: Option<Cow<'a, str>>,
    inference_time: Timestamp,
}

impl Record {
    /// Parses a line.
    ///
    /// # Errors
    /// The line does not have the schema of data capture, or a body can't be decoded.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidRecord> {
        let line: Line<'_> = serde_json::from_slice(line)
            .map_err(|error| InvalidRecord::NotCaptured(error.to_string()))?;
        let CaptureData {
            endpoint_input,
            endpoint_output,
        } = line.capture_data;
        Ok(Self {
            event_id: line.event_metadata.event_id.into_owned(),
            inference_id: line.event_metadata.inference_id.map(Cow::into_owned),
            time: line.event_metadata.inference_time,
            input: endpoint_input
                .map(|input| input.message().map_err(InvalidRecord::Input))
                .transpose()?,
            output: endpoint_output
                .map(|output| output.message().map_err(InvalidRecord::Output))
                .transpose()?,
        })
    }

    /// Returns the ID of its ground truth: the inference ID, or the event ID if it has none.
    pub fn id(&self) -> &str {
        self.inference_id.as_deref().unwrap_or(&self.event_id)
    }

    /// Parses the response as probabilities.
    ///
    /// # Errors
    /// The response was not captured, or does not contain scores.
    pub fn scores(&self) -> Result<Scores, InvalidRecord> {
        let output = self.output.as_ref().ok_or(InvalidRecord::NoOutput)?;
        let (_, scores) = Scores::from_response(&output.body)?;
        Ok(scores)
    }
}

impl Captured<'_> {
    fn message(self) -> Result<Message, DecodeError> {
        Ok(Message {
            content_type: self.observed_content_type.unwrap_or_default().into_owned(),
            body: decode(self.data, &self.encoding)?,
        })
    }
}
