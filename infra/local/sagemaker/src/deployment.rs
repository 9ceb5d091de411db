//! Deployments: an endpoint's configuration, with the models that it names looked up.
//!
//! An endpoint keeps this by itself: configuration and models may be deleted under it, as on AWS.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::capture::Settings;
use crate::container::{Container, unsupported};
use crate::error::ApiError;

/// A configuration with its models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Deployment {
    /// `EndpointConfigName`.
    pub(super) config: String,
    /// At least one.
    pub(super) variants: Vec<Variant>,
    pub(super) capture: Option<Settings>,
}

/// A production variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) weight: f64,
    /// As the configuration says; one server does their work.
    pub(super) instances: i64,
    /// At least one.
    #[serde(alias = "container", deserialize_with = "one_or_several")]
    pub(super) containers: Vec<Container>,
    /// A request goes to the container that it names.
    #[serde(default)]
    pub(super) direct: bool,
}

impl Deployment {
    /// Iterates over the containers of all variants, in their order.
    pub(super) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.variants.iter().flat_map(|variant| &variant.containers)
    }

    /// Returns the URLs of its models.
    pub(super) fn model_urls(&self) -> String {
        let urls = self.containers();
        let urls: Vec<&str> = urls.filter_map(Container::archive_url).collect();
        urls.join(", ")
    }
}

/// Reads containers; databases from before inference pipelines have one.
fn one_or_several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Container>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        One(Container),
        Several(Vec<Container>),
    }
    Ok(match Stored::deserialize(from)? {
        Stored::One(container) => vec![container],
        Stored::Several(containers) => containers,
    })
}

/// Refuses what a CreateEndpointConfig request asks for and this does not have.
pub(super) fn check_config(request: &Value) -> Result<(), ApiError> {
    for (member, what) in [
        ("AsyncInferenceConfig", "asynchronous inference"),
        ("ExplainerConfig", "explainers"),
        ("ShadowProductionVariants", "shadow variants"),
    ] {
        if !request[member].is_null() {
            return Err(ApiError::Validation(unsupported(what)));
        }
    }
    let mut names = BTreeSet::new();
    for variant in request["ProductionVariants"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = variant["VariantName"].as_str().unwrap_or_default();
        if variant["ModelName"].is_null() {
            let what = "variants without a ModelName (inference components)";
            return Err(ApiError::Validation(unsupported(what)));
        }
        if !names.insert(name) {
            let text = format!(
                "Duplicate variant name {name}: the names of production variants must be unique."
            );
            return Err(ApiError::Validation(text));
        }
    }
    Settings::of_config(request)
        .map(drop)
        .map_err(ApiError::Validation)
}
