//! A model's container: the image that serves, the data that it serves, and its environment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::Resource;

/// Image, model data and environment of a model server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Container {
    /// As the model names it. Which command stands in for it is the caller's to say.
    pub(super) image: String,
    /// An S3 URI of a `model.tar.gz`, or of a prefix of archives for `multi_model`; an image may
    /// hold its model itself.
    pub(super) model_data_url: Option<String>,
    pub(super) environment: BTreeMap<String, String>,
    /// ContainerHostname, or the container's position in its pipeline.
    #[serde(default = "primary")]
    pub(super) hostname: String,
    /// `Mode` MultiModel: a request names the archive that answers it.
    #[serde(default)]
    pub(super) multi_model: bool,
}

/// The name of a model's only container in AWS's messages.
pub(super) fn primary() -> String {
    "primary".to_owned()
}

/// The containers of a model: one, or an inference pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ModelContainers {
    /// At least one.
    pub(super) containers: Vec<Container>,
    /// `InferenceExecutionConfig.Mode` Direct: a request goes to the container that it names.
    pub(super) direct: bool,
}

impl ModelContainers {
    /// Reads the containers of a model that was created.
    pub(super) fn of_resource(model: &Resource) -> Result<Self, String> {
        let expanded = &model.state["Expanded"];
        Self::of_model(if expanded.is_null() {
            &model.request
        } else {
            expanded
        })
    }

    /// Parses a CreateModel request.
    ///
    /// The rules of hostnames are those of
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html>.
    ///
    /// # Errors
    ///
    /// A text that says what can't be served, or what is missing.
    pub(super) fn of_model(request: &Value) -> Result<Self, String> {
        let several = request["Containers"].as_array().map(Vec::as_slice);
        let primary = &request["PrimaryContainer"];
        let definitions = match (primary, several.unwrap_or_default()) {
            (Value::Null, []) => {
                return Err("Either PrimaryContainer or Containers must be specified.".to_owned());
            }
            (Value::Null, several) => several,
            (primary, []) => std::slice::from_ref(primary),
            _ => {
                return Err(
                    "Only one of PrimaryContainer and Containers can be specified.".to_owned(),
                );
            }
        };
        let direct = request["InferenceExecutionConfig"]["Mode"] == "Direct";
        let containers: Vec<Container> = definitions
            .iter()
            .map(Container::parse)
            .collect::<Result<_, _>>()?;
        let model = Self { containers, direct };
        if definitions.len() > 1 {
            model.name_containers(definitions)
        } else {
            Ok(model)
        }
    }

    /// Gives the containers of a pipeline their hostnames.
    fn name_containers(mut self, definitions: &[Value]) -> Result<Self, String> {
        if self.containers.iter().filter(|one| one.multi_model).count() > 1 {
            return Err(
                "More than one container in MultiModel mode is not supported with inference \
                 pipeline."
                    .to_owned(),
            );
        }
        let hostname =
            |definition: &Value| definition["ContainerHostname"].as_str().map(str::to_owned);
        let hostnames: Vec<Option<String>> = definitions.iter().map(hostname).collect();
        let named = hostnames.iter().flatten().count();
        if self.direct && named < definitions.len() {
            return Err(
                "ContainerHostname is required for each container of a model with the \
                        InferenceExecutionConfig Mode Direct."
                    .to_owned(),
            );
        }
        if named > 0 && named < definitions.len() {
            return Err(
                "If ContainerHostname is specified for any container of an inference pipeline, it \
                 must be specified for every container."
                    .to_owned(),
            );
        }
        let mut taken = BTreeSet::new();
        for (index, (container, hostname)) in self.containers.iter_mut().zip(hostnames).enumerate()
        {
            container.hostname = hostname.unwrap_or_else(|| format!("container-{}", index + 1));
            if !taken.insert(container.hostname.clone()) {
                let hostname = &container.hostname;
                return Err(format!(
                    "ContainerHostname {hostname} is not unique: the containers of a model must \
                     have hostnames of their own."
                ));
            }
        }
        Ok(self)
    }
}

impl Container {
    /// Parses a ContainerDefinition.
    fn parse(definition: &Value) -> Result<Self, String> {
        let Some(image) = definition["Image"].as_str() else {
            return Err("Either Image or ModelPackageName must be specified.".to_owned());
        };
        let environment = definition["Environment"].as_object().into_iter().flatten();
        let environment = environment
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let multi_model = definition["Mode"] == "MultiModel";
        let model_data_url = model_data_url(definition)?;
        if multi_model && model_data_url.is_none() {
            return Err(
                "ModelDataUrl is required for a container with the Mode MultiModel: the S3 \
                        prefix of its archives."
                    .to_owned(),
            );
        }
        Ok(Self {
            image: image.to_owned(),
            model_data_url,
            environment: environment.collect(),
            hostname: primary(),
            multi_model,
        })
    }

    /// Returns the URL of the archive that is unpacked before the container starts.
    pub(super) fn archive_url(&self) -> Option<&str> {
        self.model_data_url.as_deref().filter(|_| !self.multi_model)
    }
}

/// `ModelDataUrl`, or the same in the newer `ModelDataSource`.
fn model_data_url(container: &Value) -> Result<Option<String>, String> {
    let source = &container["ModelDataSource"]["S3DataSource"];
    if source.is_null() {
        return Ok(container["ModelDataUrl"].as_str().map(str::to_owned));
    }
    if source["S3DataType"] != "S3Object" || source["CompressionType"] != "Gzip" {
        return Err(unsupported(
            "model data that is no archive (S3DataType S3Object with CompressionType Gzip is)",
        ));
    }
    Ok(source["S3Uri"].as_str().map(str::to_owned))
}

/// The words for what AWS does and this does not.
pub(super) fn unsupported(what: &str) -> String {
    format!("The local stack does not have {what}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(request: &Value, expected: Result<Option<&str>, &str>) {
        let found = ModelContainers::of_model(request);
        let found = found
            .as_ref()
            .map(|model| model.containers[0].model_data_url.as_deref());
        assert_eq!(found.map_err(String::as_str), expected, "{request}");
    }

    #[test]
    fn one_container_with_an_archive_or_none_is_served() {
        let one = json!({ "Image": "i", "ModelDataUrl": "s3://b/m" });
        check(&json!({ "PrimaryContainer": one }), Ok(Some("s3://b/m")));
        check(&json!({ "Containers": [one] }), Ok(Some("s3://b/m")));
        check(&json!({ "PrimaryContainer": { "Image": "i" } }), Ok(None));
        let source = |kind: &str| {
            json!({ "Image": "i", "ModelDataSource": { "S3DataSource":
            { "S3DataType": kind, "CompressionType": "Gzip", "S3Uri": "s3://b/m" } } })
        };
        check(
            &json!({ "PrimaryContainer": source("S3Object") }),
            Ok(Some("s3://b/m")),
        );
        check(
            &json!({ "PrimaryContainer": source("S3Prefix") }),
            Err(
                "The local stack does not have model data that is no archive (S3DataType S3Object \
                 with CompressionType Gzip is)",
            ),
        );
        check(
            &json!({}),
            Err("Either PrimaryContainer or Containers must be specified."),
        );
    }

    /// The hostnames of a model's containers, or the error.
    fn hostnames(definitions: &[Value], mode: &str) -> String {
        let request =
            json!({ "Containers": definitions, "InferenceExecutionConfig": { "Mode": mode } });
        match ModelContainers::of_model(&request) {
            Ok(model) => {
                let hostnames = model.containers.into_iter().map(|one| one.hostname);
                hostnames.collect::<Vec<_>>().join(" ")
            }
            Err(error) => error,
        }
    }

    /// The rules are ContainerDefinition's in AWS's API reference; the text on MultiModel is from
    /// OElesin/sagemaker-autopilot-step-functions#10.
    #[test]
    fn containers_of_a_pipeline_have_hostnames() {
        let plain = json!({ "Image": "i" });
        let named = |name: &str| json!({ "Image": "i", "ContainerHostname": name });
        let multi = json!({ "Image": "i", "Mode": "MultiModel", "ModelDataUrl": "s3://b/m/" });
        let check = |definitions: &[&Value], mode: &str, expected: &str| {
            let definitions: Vec<Value> = definitions.iter().copied().cloned().collect();
            assert_eq!(hostnames(&definitions, mode), expected);
        };
        check(&[&plain], "Serial", "primary");
        check(&[&named("a")], "Serial", "primary");
        check(&[&plain, &plain], "Serial", "container-1 container-2");
        check(&[&named("a"), &named("b")], "Direct", "a b");
        check(
            &[&named("a"), &plain],
            "Serial",
            "If ContainerHostname is specified for any container of an inference pipeline, it must \
             be specified for every container.",
        );
        check(
            &[&plain, &plain],
            "Direct",
            "ContainerHostname is required for each container of a model with the \
             InferenceExecutionConfig Mode Direct.",
        );
        check(
            &[&named("a"), &named("a")],
            "Serial",
            "ContainerHostname a is not unique: the containers of a model must have hostnames of \
             their own.",
        );
        check(
            &[&multi, &multi],
            "Serial",
            "More than one container in MultiModel mode is not supported with inference pipeline.",
        );
    }
}
