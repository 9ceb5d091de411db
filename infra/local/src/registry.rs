//! The services of a stack.

use std::sync::Arc;

use service::Service;
use service::sdk::SdkService;

use crate::stack::StartError;
use sam_template::Application;

/// The services of a stack, in the order in which they were registered: each after those that it
/// needs.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    services: Vec<Arc<dyn Service>>,
}

impl Registry {
    /// Adds a service.
    pub(crate) fn register(&mut self, service: Arc<dyn Service>) {
        self.services.push(service);
    }

    /// Returns the services in their order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<dyn Service>> {
        self.services.iter()
    }

    /// Returns the first service that `is_meant`.
    pub(crate) fn find(&self, is_meant: impl Fn(&dyn Service) -> bool) -> Option<&dyn Service> {
        let mut services = self.services.iter().map(AsRef::as_ref);
        services.find(|service| is_meant(*service))
    }

    /// Returns the API that the AWS SDKs call `name`, without HTTP between.
    pub(crate) fn api(&self, name: &str) -> Option<Arc<dyn SdkService>> {
        let mut apis = self.iter().flat_map(|service| service.apis());
        apis.find_map(|(api, service)| (api == name).then_some(service))
    }

    /// Returns the resource types of templates that services declare themselves.
    pub(crate) fn resource_types(&self) -> Vec<&'static str> {
        let types = self.iter().flat_map(|service| service.resource_types());
        types.copied().collect()
    }

    /// Gives each service its resources of the template.
    pub(crate) async fn declare(&self, application: &Application) -> Result<(), StartError> {
        for resource in &application.resources {
            let is_its = |service: &dyn Service| {
                service.resource_types().contains(&&*resource.resource_type)
            };
            if let Some(service) = self.find(is_its) {
                let declared = service
                    .declare(
                        &resource.resource_type,
                        &resource.logical_id,
                        &resource.properties,
                    )
                    .await;
                declared.map_err(|source| StartError::of(service, source))?;
            }
        }
        Ok(())
    }
}
