//! Settings of data capture: `DataCaptureConfig`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A configuration of capture that is enabled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// `InitialSamplingPercentage`, 0 to 100.
    pub(crate) sampling_percent: u8,
    /// `DestinationS3Uri`.
    pub(crate) destination: String,
    /// Capture the requests.
    pub(super) input: bool,
    /// Capture the answers.
    pub(super) output: bool,
    /// Written as JSON text; others as base64 unless they are CSV.
    pub(super) json_content_types: Vec<String>,
    /// Written as text.
    pub(super) csv_content_types: Vec<String>,
}

impl Settings {
    /// Of a CreateEndpointConfig request; `None` where it captures nothing. The error is a
    /// destination that is no S3 URI.
    pub(crate) fn of_config(request: &Value) -> Result<Option<Self>, String> {
        let config = &request["DataCaptureConfig"];
        if config.is_null() || config["EnableCapture"] == false {
            return Ok(None);
        }
        let options = config["CaptureOptions"].as_array().into_iter().flatten();
        let modes: Vec<&str> = options.filter_map(|o| o["CaptureMode"].as_str()).collect();
        let captures = |mode: &str| modes.contains(&mode) || modes.contains(&"InputAndOutput");
        let percent = config["InitialSamplingPercentage"]
            .as_u64()
            .unwrap_or_default();
        let types = |member: &str| texts(&config["CaptureContentTypeHeader"][member]);
        let destination = config["DestinationS3Uri"].as_str().unwrap_or_default();
        if s3_uri::split(destination).is_err() {
            return Err(format!(
                "DestinationS3Uri {destination} is no S3 URI (s3://bucket/prefix)"
            ));
        }
        Ok(Some(Self {
            sampling_percent: u8::try_from(percent).unwrap_or(100),
            destination: destination.to_owned(),
            input: captures("Input"),
            output: captures("Output"),
            json_content_types: types("JsonContentTypes"),
            csv_content_types: types("CsvContentTypes"),
        }))
    }
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}
