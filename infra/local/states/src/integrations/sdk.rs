//! Services as the AWS SDKs call them: `arn:aws:states:::aws-sdk:s3:getObject`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

use std::collections::HashMap;
use std::sync::Arc;

use asl::Payload;

use super::states_sdk::{StatesSdk, WeakStates};
use super::{Failure, ReachableServices, TaskResult};
use service::sdk::{SdkError, SdkService};

/// The services by name.
pub(super) struct Services(HashMap<&'static str, Arc<dyn SdkService>>);

impl Services {
    pub(super) fn new(reachable: ReachableServices, states: WeakStates) -> Self {
        let mut services = reachable.into_services();
        services.insert("sfn", Arc::new(StatesSdk::new(states)));
        Services(services)
    }

    /// Calls `operation` of the service `name`; `arn` is the resource of the task.
    pub(super) async fn call(
        &self,
        name: &str,
        operation: &str,
        arn: &str,
        parameters: &Payload,
    ) -> TaskResult {
        let service = format!("aws-sdk:{name}");
        let Some(there) = self.0.get(name) else {
            return Err(Failure::unreachable(&service, arn));
        };
        let response = there.call(operation, parameters.value()).await;
        response.map_err(|error| match error {
            SdkError::NoOperation => Failure::unreachable(&service, arn),
            SdkError::Parameters(fault) => Failure::parameters(parameters.text(), &fault),
            SdkError::Exception(refusal) => Failure::from_exception(&service, &refusal),
        })
    }
}
