//! Parses CreateTransformJob requests. Unsupported members are refused when the job is created.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::processing::{Format, Processing};
use super::records::{Batching, Split};

use crate::container::unsupported;
use crate::jobs::inputs::Source;

/// A transform job as its runner needs it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(super) model: String,
    pub(super) source: Source,
    pub(super) content_type: Option<String>,
    pub(super) accept: Option<String>,
    /// `AssembleWith` Line: a newline after each response.
    pub(super) assemble_lines: bool,
    pub(super) split: Split,
    /// With the format of the input.
    pub(super) processing: Option<(Processing, Format)>,
    pub(super) bucket: String,
    /// Before each output's name: empty, or with a slash at its end.
    pub(super) prefix: String,
    /// `BatchStrategy`, if given.
    strategy: Option<String>,
    /// `MaxConcurrentTransforms`, if given.
    max_concurrent: Option<u64>,
    /// `MaxPayloadInMB`, if given.
    max_megabytes: Option<u64>,
    pub(super) timeout: Duration,
    pub(super) retries: u64,
    pub(super) environment: BTreeMap<String, String>,
}

/// AWS's limits where the request says none.
const PAYLOAD: u64 = 6;
const CONCURRENT: u64 = 1;
/// The most megabytes, and the most in all requests at a time.
const MAX_PRODUCT: u64 = 100;
const TIMEOUT: u64 = 600;
const RETRIES: u64 = 3;

impl Spec {
    /// Reads a request that the check has found well-formed.
    pub(crate) fn of(request: &Value) -> Result<Self, String> {
        refuse(request)?;
        let (input, output) = (&request["TransformInput"], &request["TransformOutput"]);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let uri = output["S3OutputPath"].as_str().unwrap_or_default();
        let (bucket, prefix) = s3_uri::split(uri)
            .map_err(|_| format!("S3OutputPath {uri} is no S3 URI (s3://bucket/prefix)"))?;
        let client = &request["ModelClientConfig"];
        let split = match input["SplitType"].as_str() {
            Some("Line") => Split::Line,
            Some("RecordIO") => Split::RecordIo,
            Some("TFRecord") => Split::TfRecord,
            _ => Split::None,
        };
        let environment = request["Environment"].as_object().into_iter().flatten();
        let seconds = client["InvocationsTimeoutInSeconds"].as_u64();
        let max_megabytes = request["MaxPayloadInMB"].as_u64();
        // 0 leaves the choice to the container.
        let max_concurrent = request["MaxConcurrentTransforms"].as_u64();
        let max_concurrent = max_concurrent.filter(|count| *count > 0);
        let product = max_megabytes.unwrap_or(0) * max_concurrent.unwrap_or(1);
        if product > MAX_PRODUCT {
            return Err(format!(
                "The value of (MaxConcurrentTransforms * MaxPayloadInMB) cannot exceed \
                 {MAX_PRODUCT} MB, and it is {product} MB."
            ));
        }
        Ok(Self {
            model: text(&request["ModelName"]).unwrap_or_default(),
            source: Source::of(&input["DataSource"])?,
            content_type: text(&input["ContentType"]),
            accept: text(&output["Accept"]),
            assemble_lines: output["AssembleWith"] == "Line",
            split,
            processing: processing(request, split)?,
            bucket: bucket.to_owned(),
            prefix: match prefix.trim_end_matches('/') {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            strategy: text(&request["BatchStrategy"]),
            max_concurrent,
            max_megabytes,
            timeout: Duration::from_secs(seconds.unwrap_or(TIMEOUT)),
            retries: client["InvocationsMaxRetries"].as_u64().unwrap_or(RETRIES),
            environment: environment
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }

    /// Returns the size of requests: the job's, or else what a container proposes, or else AWS's
    /// defaults.
    ///
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html>
    pub(super) fn batching(&self, proposed: &Value) -> Batching {
        let count = |member: &str| proposed[member].as_u64().filter(|count| *count > 0);
        let strategy = self
            .strategy
            .as_deref()
            .or(proposed["BatchStrategy"].as_str());
        let max_concurrent = self.max_concurrent.or(count("MaxConcurrentTransforms"));
        let megabytes = self
            .max_megabytes
            .or(count("MaxPayloadInMB"))
            .unwrap_or(PAYLOAD);
        // 0 is "arbitrarily large": here, the most that another value allows.
        let megabytes = if megabytes == 0 {
            MAX_PRODUCT
        } else {
            megabytes
        };
        let max_concurrent = max_concurrent.unwrap_or(CONCURRENT);
        Batching {
            single: matches!(strategy, Some("SingleRecord" | "SINGLE_RECORD")),
            max_payload: usize::try_from(megabytes.min(MAX_PRODUCT) << 20).unwrap_or(usize::MAX),
            max_concurrent: usize::try_from(max_concurrent.min(MAX_PRODUCT)).unwrap_or(1),
        }
    }
}

/// Parses the data processing, with the format of the input that it needs.
fn processing(request: &Value, split: Split) -> Result<Option<(Processing, Format)>, String> {
    let Some(processing) = Processing::parse(&request["DataProcessing"])? else {
        return Ok(None);
    };
    let content_type = request["TransformInput"]["ContentType"].as_str();
    let format = Format::of(content_type.unwrap_or_default())?;
    match (split, format) {
        (Split::RecordIo | Split::TfRecord, _) => Err(
            "DataProcessing needs input files in JSON or CSV format: set SplitType to Line or None"
                .to_owned(),
        ),
        (Split::Line, Format::Json) => Ok(Some((processing, Format::JsonLines))),
        _ => Ok(Some((processing, format))),
    }
}

fn refuse(request: &Value) -> Result<(), String> {
    if request["TransformInput"]["CompressionType"] == "Gzip" {
        return Err(unsupported(
            "TransformInput.CompressionType Gzip: it has None",
        ));
    }
    if !request["DataCaptureConfig"].is_null() {
        return Err(unsupported("data capture of transform jobs"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(change: impl FnOnce(&mut Value)) -> Value {
        let source = json!({ "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://b/in/" } });
        let mut request = json!({
            "ModelName": "m",
            "TransformInput": { "DataSource": source, "ContentType": "image/png" },
            "TransformOutput": { "S3OutputPath": "s3://b/out/" },
        });
        change(&mut request);
        request
    }

    #[test]
    fn limits_are_awss_where_none_are_said() {
        let spec = Spec::of(&request(|_| ())).unwrap();
        assert_eq!(spec.retries, 3);
        assert_eq!(
            (spec.prefix.as_str(), spec.timeout),
            ("out/", Duration::from_secs(600))
        );
        let said = Spec::of(&request(|request| {
            request["ModelClientConfig"] =
                json!({ "InvocationsTimeoutInSeconds": 5, "InvocationsMaxRetries": 0 });
            request["TransformOutput"]["S3OutputPath"] = "s3://b".into();
        }));
        let said = said.unwrap();
        assert_eq!(said.retries, 0);
        assert_eq!(
            (said.prefix.as_str(), said.timeout),
            ("", Duration::from_secs(5))
        );
    }

    /// CreateTransformJob: "If MaxConcurrentTransforms is set to 0 or left unset, Amazon SageMaker
    /// checks the optional execution-parameters […]. If the execution-parameters endpoint is not
    /// enabled, the default value is 1." "The default value [of MaxPayloadInMB] is 6 MB."
    #[test]
    fn the_request_comes_before_the_containers_proposal_and_the_defaults() {
        let check = |said: Value, proposed: Value, expected: (bool, usize, usize)| {
            let spec = Spec::of(&request(|request| {
                let members = request.as_object_mut().unwrap();
                members.extend(said.as_object().unwrap().clone());
            }));
            let batching = spec.unwrap().batching(&proposed);
            let megabytes = batching.max_payload >> 20;
            let found = (batching.single, megabytes, batching.max_concurrent);
            assert_eq!(found, expected, "{said} {proposed}");
        };
        let proposed = json!({
            "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 3, "MaxConcurrentTransforms": 2,
        });
        let said = json!({
            "BatchStrategy": "MultiRecord", "MaxPayloadInMB": 4, "MaxConcurrentTransforms": 8,
        });
        check(json!({}), Value::Null, (false, 6, 1));
        check(json!({}), proposed.clone(), (true, 3, 2));
        check(
            json!({ "MaxConcurrentTransforms": 0 }),
            proposed.clone(),
            (true, 3, 2),
        );
        check(said, proposed, (false, 4, 8));
        check(json!({ "MaxPayloadInMB": 0 }), Value::Null, (false, 100, 1));
    }

    #[test]
    fn what_is_not_here_is_named() {
        let check = |change: fn(&mut Value), expected: &str| {
            assert_eq!(Spec::of(&request(change)).unwrap_err(), expected);
        };
        check(
            |request| request["TransformInput"]["CompressionType"] = "Gzip".into(),
            "The local stack does not have TransformInput.CompressionType Gzip: it has None",
        );
        check(
            |request| request["DataProcessing"] = json!({ "JoinSource": "Input" }),
            "DataProcessing needs text/csv, application/json or application/jsonlines, and not the \
             content type \"image/png\"",
        );
        check(
            |request| request["DataProcessing"] = json!({ "InputFilter": "$..a" }),
            "DataProcessing.InputFilter $..a: the operator .. (deep scan) is not supported",
        );
        check(
            |request| {
                request["MaxPayloadInMB"] = 20.into();
                request["MaxConcurrentTransforms"] = 6.into();
            },
            "The value of (MaxConcurrentTransforms * MaxPayloadInMB) cannot exceed 100 MB, and it is \
             120 MB.",
        );
        check(
            |request| {
                request["TransformInput"]["DataSource"] = json!({ "FileSystemDataSource": {} });
            },
            "The local stack does not have data sources other than S3DataSource",
        );
    }
}
