//! A model's container: the image that serves, the data that it serves, and its environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Image, model data and environment of a model server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Container {
    /// As the model names it. Which command stands in for it is the caller's to say.
    pub(super) image: String,
    /// An S3 URI of a `model.tar.gz`; an image may hold its model itself.
    pub(super) model_data_url: Option<String>,
    pub(super) environment: BTreeMap<String, String>,
}

impl Container {
    /// The container of a CreateModel request. The error says what of it can't be served here.
    pub(super) fn of_model(request: &Value) -> Result<Self, String> {
        let containers = request["Containers"].as_array().map(Vec::as_slice);
        let primary = &request["PrimaryContainer"];
        let container = match (primary, containers.unwrap_or_default()) {
            (Value::Null, [only]) => only,
            (Value::Null, []) => {
                return Err("Either PrimaryContainer or Containers must be specified.".to_owned());
            }
            (primary, []) => primary,
            _ => return Err(unsupported("models of several containers")),
        };
        if container["Mode"] == "MultiModel" {
            return Err(unsupported("multi-model containers (Mode MultiModel)"));
        }
        let Some(image) = container["Image"].as_str() else {
            return Err(unsupported("models without an Image (ModelPackageName)"));
        };
        let environment = container["Environment"].as_object().into_iter().flatten();
        let environment = environment
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Ok(Self {
            image: image.to_owned(),
            model_data_url: model_data_url(container)?,
            environment: environment.collect(),
        })
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
        let found = Container::of_model(request);
        let found = found
            .as_ref()
            .map(|container| container.model_data_url.as_deref());
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
            &json!({ "Containers": [one, one] }),
            Err("The local stack does not have models of several containers"),
        );
        check(
            &json!({}),
            Err("Either PrimaryContainer or Containers must be specified."),
        );
    }
}
