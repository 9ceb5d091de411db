//! Parses CreateTransformJob requests. Unsupported members are refused when the job is created.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::container::unsupported;
use crate::jobs::inputs::Source;

/// A transform job as its runner needs it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(super) model: String,
    pub(super) source: Source,
    pub(super) content_type: Option<String>,
    pub(super) accept: Option<String>,
    /// `AssembleWith` Line: a newline after each answer.
    pub(super) lines: bool,
    pub(super) bucket: String,
    /// Before each output's name: empty, or with a slash at its end.
    pub(super) prefix: String,
    /// `MaxConcurrentTransforms`.
    pub(super) at_once: usize,
    /// `MaxPayloadInMB`, in bytes.
    pub(super) most_bytes: usize,
    pub(super) timeout: Duration,
    pub(super) retries: u64,
    pub(super) environment: BTreeMap<String, String>,
}

/// AWS's limits where the request says none.
const PAYLOAD: u64 = 6;
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
        // 0 leaves the choice to SageMaker.
        let count = |value: &Value| value.as_u64().filter(|count| *count > 0);
        let environment = request["Environment"].as_object().into_iter().flatten();
        let seconds = client["InvocationsTimeoutInSeconds"].as_u64();
        let megabytes = count(&request["MaxPayloadInMB"]).unwrap_or(PAYLOAD);
        let at_once = count(&request["MaxConcurrentTransforms"]).unwrap_or(1);
        Ok(Self {
            model: text(&request["ModelName"]).unwrap_or_default(),
            source: Source::of(&input["DataSource"])?,
            content_type: text(&input["ContentType"]),
            accept: text(&output["Accept"]),
            lines: output["AssembleWith"] == "Line",
            bucket: bucket.to_owned(),
            prefix: match prefix.trim_end_matches('/') {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            at_once: usize::try_from(at_once).unwrap_or(1),
            most_bytes: usize::try_from(megabytes << 20).unwrap_or(usize::MAX),
            timeout: Duration::from_secs(seconds.unwrap_or(TIMEOUT)),
            retries: client["InvocationsMaxRetries"].as_u64().unwrap_or(RETRIES),
            environment: environment
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }
}

fn refuse(request: &Value) -> Result<(), String> {
    for (structure, member, only) in [
        ("TransformInput", "SplitType", "None"),
        ("TransformInput", "CompressionType", "None"),
        ("DataProcessing", "JoinSource", "None"),
        ("DataProcessing", "InputFilter", "$"),
        ("DataProcessing", "OutputFilter", "$"),
    ] {
        let said = request[structure][member].as_str().unwrap_or(only);
        if said != only {
            return Err(unsupported(&format!(
                "{structure}.{member} {said}: it has {only}"
            )));
        }
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
        assert_eq!(
            (spec.at_once, spec.most_bytes, spec.retries),
            (1, 6 << 20, 3)
        );
        assert_eq!(
            (spec.prefix.as_str(), spec.timeout),
            ("out/", Duration::from_secs(600))
        );
        let said = Spec::of(&request(|request| {
            request["MaxConcurrentTransforms"] = 8.into();
            request["MaxPayloadInMB"] = 0.into();
            request["ModelClientConfig"] =
                json!({ "InvocationsTimeoutInSeconds": 5, "InvocationsMaxRetries": 0 });
            request["TransformOutput"]["S3OutputPath"] = "s3://b".into();
        }));
        let said = said.unwrap();
        assert_eq!(
            (said.at_once, said.most_bytes, said.retries),
            (8, 6 << 20, 0)
        );
        assert_eq!(
            (said.prefix.as_str(), said.timeout),
            ("", Duration::from_secs(5))
        );
    }

    #[test]
    fn what_is_not_here_is_named() {
        let check = |change: fn(&mut Value), expected: &str| {
            assert_eq!(Spec::of(&request(change)).unwrap_err(), expected);
        };
        check(
            |request| request["TransformInput"]["SplitType"] = "Line".into(),
            "The local stack does not have TransformInput.SplitType Line: it has None",
        );
        check(
            |request| request["DataProcessing"] = json!({ "JoinSource": "Input" }),
            "The local stack does not have DataProcessing.JoinSource Input: it has None",
        );
        check(
            |request| {
                request["TransformInput"]["DataSource"] = json!({ "FileSystemDataSource": {} });
            },
            "The local stack does not have data sources other than S3DataSource",
        );
    }
}
