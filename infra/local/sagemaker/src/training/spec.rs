//! Parses CreateTrainingJob requests. Unsupported members are refused when the job is created.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::folder::ROOT;
use crate::container::unsupported;
use crate::jobs::inputs::Source;

/// A training job as its runner needs it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) image: String,
    pub(crate) role: String,
    pub(super) hyperparameters: Map<String, Value>,
    pub(crate) channels: Vec<Channel>,
    /// `S3OutputPath`, without a slash at its end.
    pub(super) output: S3Location,
    pub(super) instance_type: String,
    pub(super) max_runtime: Duration,
    pub(super) checkpoints: Option<Checkpoints>,
    /// Names and expressions that find a metric's value in a line.
    pub(super) metrics: Vec<(String, Regex)>,
    pub(super) environment: BTreeMap<String, String>,
}

/// An input channel.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) source: Source,
    /// Its entry in `inputdataconfig.json`.
    pub(super) config: Value,
}

/// A place in S3.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct S3Location {
    pub(super) bucket: String,
    /// Without a slash at its end.
    pub(super) prefix: String,
}

impl S3Location {
    fn of(uri: &Value, member: &str) -> Result<Self, String> {
        let uri = uri.as_str().unwrap_or_default();
        let (bucket, prefix) = s3_uri::split(uri)
            .map_err(|_| format!("{member} {uri} is no S3 URI (s3://bucket/prefix)"))?;
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
        })
    }

    /// The key of something at this place.
    pub(super) fn key(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        }
    }
}

/// Location of checkpoints in S3 and on disk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checkpoints {
    pub(super) place: S3Location,
    /// Below the job's folder.
    pub(super) folder: PathBuf,
}

/// AWS's limit where the request says none: a day.
const RUNTIME: u64 = 86_400;

impl Spec {
    /// Reads a request that the check has found well-formed.
    pub(crate) fn of(request: &Value) -> Result<Self, String> {
        let algorithm = &request["AlgorithmSpecification"];
        let Some(image) = algorithm["TrainingImage"].as_str() else {
            return Err(unsupported(
                "training without a TrainingImage (AlgorithmName, ServerlessJobConfig)",
            ));
        };
        refuse(request)?;
        let mode = algorithm["TrainingInputMode"].as_str().unwrap_or("File");
        let channels = request["InputDataConfig"].as_array().into_iter().flatten();
        let seconds = request["StoppingCondition"]["MaxRuntimeInSeconds"].as_u64();
        let texts = |member: &str| request[member].as_object().cloned().unwrap_or_default();
        let environment = texts("Environment").into_iter();
        Ok(Self {
            image: image.to_owned(),
            role: request["RoleArn"].as_str().unwrap_or_default().to_owned(),
            hyperparameters: texts("HyperParameters"),
            channels: channels
                .map(|channel| Channel::of(channel, mode))
                .collect::<Result<_, _>>()?,
            output: S3Location::of(&request["OutputDataConfig"]["S3OutputPath"], "S3OutputPath")?,
            instance_type: instance_type(request),
            max_runtime: Duration::from_secs(seconds.unwrap_or(RUNTIME)),
            checkpoints: checkpoints(&request["CheckpointConfig"])?,
            metrics: metrics(&algorithm["MetricDefinitions"])?,
            environment: environment
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
        })
    }
}

fn refuse(request: &Value) -> Result<(), String> {
    if request["OutputDataConfig"]["CompressionType"] == "NONE" {
        return Err(unsupported(
            "artifacts that are no archive (CompressionType NONE)",
        ));
    }
    if request["ResourceConfig"]["InstanceCount"]
        .as_u64()
        .unwrap_or(1)
        > 1
    {
        return Err(unsupported("training on more than one instance"));
    }
    Ok(())
}

fn instance_type(request: &Value) -> String {
    let kind = request["ResourceConfig"]["InstanceType"].as_str();
    kind.unwrap_or("local").to_owned()
}

impl Channel {
    fn of(channel: &Value, usual: &str) -> Result<Self, String> {
        let name = channel["ChannelName"].as_str().unwrap_or_default();
        let named = |what: String| format!("The channel {name}: {what}");
        let mode = channel["InputMode"].as_str().unwrap_or(usual);
        if mode == "Pipe" {
            return Err(named(unsupported(
                "the input mode Pipe: use File or FastFile",
            )));
        }
        if channel["CompressionType"] == "Gzip" {
            return Err(named(unsupported(
                "compressed input (CompressionType Gzip)",
            )));
        }
        // FastFile shows a process files, as File does.
        let mut config = json!({ "TrainingInputMode": mode });
        if let Some(kind) = channel["ContentType"].as_str() {
            config["ContentType"] = kind.into();
        }
        config["S3DistributionType"] =
            match channel["DataSource"]["S3DataSource"]["S3DataDistributionType"].as_str() {
                Some(distribution) => distribution.into(),
                None => "FullyReplicated".into(),
            };
        config["RecordWrapperType"] = channel["RecordWrapperType"]
            .as_str()
            .unwrap_or("None")
            .into();
        Ok(Self {
            name: name.to_owned(),
            source: Source::of(&channel["DataSource"]).map_err(named)?,
            config,
        })
    }
}

fn checkpoints(config: &Value) -> Result<Option<Checkpoints>, String> {
    if config.is_null() {
        return Ok(None);
    }
    let local = config["LocalPath"]
        .as_str()
        .unwrap_or("/opt/ml/checkpoints");
    let folder = Path::new(local).strip_prefix(ROOT).ok();
    let folder = folder.filter(|folder| {
        let mut parts = folder.components();
        parts.all(|part| matches!(part, std::path::Component::Normal(_)))
    });
    let folder = folder.ok_or_else(|| {
        unsupported(&format!(
            "checkpoints outside of {ROOT} (LocalPath {local})"
        ))
    })?;
    Ok(Some(Checkpoints {
        place: S3Location::of(&config["S3Uri"], "CheckpointConfig.S3Uri")?,
        folder: folder.to_owned(),
    }))
}

fn metrics(definitions: &Value) -> Result<Vec<(String, Regex)>, String> {
    let definitions = definitions.as_array().into_iter().flatten();
    definitions
        .map(|definition| {
            let text = |member: &str| definition[member].as_str().unwrap_or_default();
            let regex = Regex::new(text("Regex")).map_err(|error| {
                let name = text("Name");
                format!("The regular expression of the metric {name} can't be read: {error}")
            })?;
            Ok((text("Name").to_owned(), regex))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(change: impl FnOnce(&mut Value)) -> Value {
        let source =
            json!({ "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://b/train/" } });
        let mut request = json!({
            "AlgorithmSpecification": { "TrainingImage": "i", "TrainingInputMode": "File" },
            "InputDataConfig": [{ "ChannelName": "train", "DataSource": source, "ContentType": "image/png" }],
            "OutputDataConfig": { "S3OutputPath": "s3://b/out/" },
            "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
        });
        change(&mut request);
        request
    }

    #[test]
    fn what_a_runner_needs_is_read() {
        let spec = Spec::of(&request(|request| {
            request["CheckpointConfig"] =
                json!({ "S3Uri": "s3://b", "LocalPath": "/opt/ml/checkpoints/a" });
        }));
        let spec = spec.unwrap();
        assert_eq!(
            spec.output.key("j/output/model.tar.gz"),
            "out/j/output/model.tar.gz"
        );
        assert_eq!(spec.max_runtime, Duration::from_secs(60));
        let checkpoints = spec.checkpoints.unwrap();
        assert_eq!(checkpoints.folder, Path::new("checkpoints/a"));
        assert_eq!(checkpoints.place.key("x"), "x");
        let config = json!({
            "TrainingInputMode": "File", "ContentType": "image/png", "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        });
        assert_eq!(spec.channels[0].config, config);
    }

    #[test]
    fn what_is_not_here_is_named() {
        let check = |change: fn(&mut Value), expected: &str| {
            assert_eq!(Spec::of(&request(change)).unwrap_err(), expected);
        };
        check(
            |request| request["AlgorithmSpecification"]["TrainingInputMode"] = "Pipe".into(),
            "The channel train: The local stack does not have the input mode Pipe: use File or \
             FastFile",
        );
        check(
            |request| {
                let source = &mut request["InputDataConfig"][0]["DataSource"]["S3DataSource"];
                source["S3DataType"] = "AugmentedManifestFile".into();
            },
            "The channel train: The local stack does not have the S3DataType AugmentedManifestFile",
        );
        check(
            |request| request["ResourceConfig"] = json!({ "InstanceCount": 2 }),
            "The local stack does not have training on more than one instance",
        );
        check(
            |request| {
                request["CheckpointConfig"] =
                    json!({ "S3Uri": "s3://b/c", "LocalPath": "/opt/ml/../c" });
            },
            "The local stack does not have checkpoints outside of /opt/ml (LocalPath /opt/ml/../c)",
        );
        check(
            |request| {
                let metric = json!([{ "Name": "m", "Regex": "(" }]);
                request["AlgorithmSpecification"]["MetricDefinitions"] = metric;
            },
            "The regular expression of the metric m can't be read: found open group without \
             closing ')'",
        );
    }
}
