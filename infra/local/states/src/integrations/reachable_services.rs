//! The services that state machines can reach.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Evaluate;

use crate::RETENTION;
use service::Invoke;
use service::Objects;
use service::sdk::{Jobs, SdkService};

/// The services that state machines can reach. Step Functions itself is always among them.
pub struct ReachableServices {
    invoke: Arc<dyn Invoke>,
    objects: Option<Arc<dyn Objects>>,
    services: HashMap<&'static str, Arc<dyn SdkService>>,
    jobs: HashMap<&'static str, Arc<dyn Jobs>>,
    evaluator: Option<Arc<dyn Evaluate>>,
    retention: Duration,
}

impl ReachableServices {
    /// Lambda alone.
    pub fn new(invoke: Arc<dyn Invoke>) -> Self {
        Self {
            invoke,
            objects: None,
            services: HashMap::new(),
            jobs: HashMap::new(),
            evaluator: None,
            retention: RETENTION,
        }
    }

    /// Adds where Distributed Maps read items and write results.
    #[must_use]
    pub fn with_objects(mut self, objects: Arc<dyn Objects>) -> Self {
        self.objects = Some(objects);
        self
    }

    /// Adds a service by the name that it has in `arn:aws:states:::aws-sdk:NAME:…`.
    #[must_use]
    pub fn with_service(mut self, name: &'static str, service: Arc<dyn SdkService>) -> Self {
        self.services.insert(name, service);
        self
    }

    /// Adds a service with an optimized integration whose jobs states wait for, by its name in
    /// `arn:aws:states:::NAME:…`.
    #[must_use]
    pub fn with_jobs(mut self, name: &'static str, service: Arc<dyn Jobs>) -> Self {
        self.jobs.insert(name, service);
        self
    }

    /// Sets the evaluator of expressions that may take long, instead of evaluating them in the
    /// steps.
    #[must_use]
    pub fn with_evaluator(mut self, evaluator: Arc<dyn Evaluate>) -> Self {
        self.evaluator = Some(evaluator);
        self
    }

    /// Keeps executions for so long after their end, rather than for [`RETENTION`].
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    pub(crate) fn retention(&self) -> Duration {
        self.retention
    }

    pub(crate) fn evaluator(&self) -> Option<Arc<dyn Evaluate>> {
        self.evaluator.clone()
    }

    pub(super) fn jobs(&self) -> HashMap<&'static str, Arc<dyn Jobs>> {
        self.jobs.clone()
    }

    pub(super) fn invoke(&self) -> Arc<dyn Invoke> {
        Arc::clone(&self.invoke)
    }

    pub(crate) fn objects(&self) -> Option<Arc<dyn Objects>> {
        self.objects.clone()
    }

    pub(crate) fn service(&self, name: &str) -> Option<Arc<dyn SdkService>> {
        self.services.get(name).cloned()
    }

    pub(super) fn into_services(self) -> HashMap<&'static str, Arc<dyn SdkService>> {
        self.services
    }
}
