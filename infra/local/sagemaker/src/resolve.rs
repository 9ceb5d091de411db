//! Looks up the models of an endpoint configuration.

use crate::capture::Settings;
use crate::container::ModelContainers;
use crate::context::Inner;
use crate::deployment::{Deployment, Variant};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Resource;

/// Looks up the models of a configuration.
pub(super) async fn resolve(inner: &Inner, config: &Resource) -> Result<Deployment, ApiError> {
    let mut variants = vec![];
    let listed = config.request["ProductionVariants"].as_array();
    for variant in listed.into_iter().flatten() {
        let model = variant["ModelName"].as_str().unwrap_or_default();
        let model = inner.resource(Kind::Model, model).await?;
        let model = ModelContainers::of_resource(&model).map_err(ApiError::Validation)?;
        variants.push(Variant {
            name: variant["VariantName"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            weight: variant["InitialVariantWeight"].as_f64().unwrap_or(1.0),
            instances: variant["InitialInstanceCount"].as_i64().unwrap_or(1),
            containers: model.containers,
            direct: model.direct,
        });
    }
    Ok(Deployment {
        config: config.name.clone(),
        variants,
        capture: Settings::of_config(&config.request).map_err(ApiError::Validation)?,
    })
}

impl Inner {
    /// Looks up a configuration and its models by name.
    pub(super) async fn deployment(&self, config: &str) -> Result<Deployment, ApiError> {
        let config = self.resource(Kind::EndpointConfig, config).await?;
        resolve(self, &config).await
    }
}
