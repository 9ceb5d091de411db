//! The services beside this one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::lambda::Invoke;
use crate::sdk::SdkService;

/// What state machines of this service can reach. Step Functions itself is always among it.
pub struct Neighbours {
    invoke: Arc<dyn Invoke>,
    services: HashMap<&'static str, Arc<dyn SdkService>>,
}

impl Neighbours {
    /// Lambda alone.
    pub fn new(invoke: Arc<dyn Invoke>) -> Self {
        Self {
            invoke,
            services: HashMap::new(),
        }
    }

    /// Adds a service by the name that it has in `arn:aws:states:::aws-sdk:NAME:…`.
    #[must_use]
    pub fn with_service(mut self, name: &'static str, service: Arc<dyn SdkService>) -> Self {
        self.services.insert(name, service);
        self
    }

    pub(super) fn invoke(&self) -> Arc<dyn Invoke> {
        Arc::clone(&self.invoke)
    }

    pub(super) fn into_services(self) -> HashMap<&'static str, Arc<dyn SdkService>> {
        self.services
    }
}
