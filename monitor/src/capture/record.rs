//! One captured line.

use std::borrow::Cow;

use evaluation::{InvalidResponse, Scores};
use jiff::Timestamp;
use serde::Deserialize;

use crate::encoding::{Data, DecodeError, decode};
use crate::reading::MAX_LINE;
use crate::skipped::Problem;

/// A request and its answer, as they were captured. A side that was not captured is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// SageMaker's own name for the request.
    pub event_id: String,
    /// The caller's (`InferenceId` of InvokeEndpoint).
    pub inference_id: Option<String>,
    /// The time of the response.
    pub time: Timestamp,
    /// The request.
    pub input: Option<Message>,
    /// The answer.
    pub output: Option<Message>,
}

/// A body and what it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// As the Content-Type header had it; empty where it had none.
    pub content_type: String,
    /// As it was sent, whatever its encoding in the line.
    pub body: Vec<u8>,
}

/// An error of a captured line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidRecord {
    /// It is no JSON, or its JSON is not that of data capture.
    #[error("not a captured line: {0}")]
    NotCaptured(String),
    /// It is longer than any that SageMaker writes.
    #[error("it has more than {MAX_LINE} bytes")]
    TooLong,
    /// The body of the request can't be had back.
    #[error("endpointInput: {0}")]
    Input(DecodeError),
    /// The body of the answer can't be had back.
    #[error("endpointOutput: {0}")]
    Output(DecodeError),
    /// The answer was not captured: what it said is not known.
    #[error("it has no endpointOutput: capture the output too (CaptureOptions)")]
    NoOutput,
    /// The answer is no scores.
    #[error("the response is not scores: {0}")]
    NotScores(#[from] InvalidResponse),
    /// The answer is of another model.
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

/// A line borrows what it can: the data of an image is most of it.
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
    /// Reads a line.
    ///
    /// # Errors
    /// It is not one that data capture writes, or a body in it can't be had back.
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

    /// Returns the id of its ground truth: the inference id, or the event id where there is none.
    pub fn id(&self) -> &str {
        self.inference_id.as_deref().unwrap_or(&self.event_id)
    }

    /// The answer as probabilities.
    ///
    /// # Errors
    /// It was not captured, or is something else.
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
