//! Services with optimized integrations whose jobs a state can wait for:
//! `arn:aws:states:::sagemaker:createTrainingJob.sync`.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html>
//!
//! The service receives the task's identity, so a task that a crash interrupted finds the job it
//! created. If a state is given up, by StopExecution or a timeout, its job is stopped.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::failure::{Failure, error_prefix};
use super::{ReachableServices, TaskResult, Work, metadata};
use service::sdk::{Jobs, SdkError};

/// The services by name.
pub(super) struct Services(HashMap<&'static str, Arc<dyn Jobs>>);

impl Services {
    pub(super) fn new(reachable: &ReachableServices) -> Self {
        Services(reachable.jobs())
    }

    pub(super) fn find(&self, service: &str) -> Option<&Arc<dyn Jobs>> {
        self.0.get(service)
    }
}

/// Creates the job of a task.
pub(super) async fn create(service: &dyn Jobs, name: &str, api: &str, work: &Work) -> TaskResult {
    let parameters = work.request.arguments.value();
    let created = service.create(api, parameters, &task(work)).await;
    let created = created.map_err(|error| to_failure(name, work, error))?;
    Ok(format_response(created))
}

/// Returns a response as Step Functions shows it: with its metadata, in alphabetical order.
fn format_response(mut response: Value) -> Value {
    let (request, date) = (uuid::Uuid::new_v4().to_string(), metadata::date());
    let length = response.to_string().len().to_string();
    let headers = [
        ("x-amzn-RequestId", &*request),
        ("connection", "keep-alive"),
        ("Content-Length", &*length),
        ("Date", &*date),
        ("Content-Type", "application/x-amz-json-1.1"),
    ];
    metadata::add(&mut response, 200, &request, &headers);
    if let Value::Object(members) = &mut response {
        members.sort_keys();
    }
    response
}

/// Waits for the job that the task has created. Its description is the result, or the cause of the
/// failure.
pub(super) async fn wait(service: &dyn Jobs, name: &str, api: &str, work: &Work) -> TaskResult {
    let ended = service.wait(api, work.request.arguments.value()).await;
    let ended = ended.map_err(|error| to_failure(name, work, error))?;
    if ended.succeeded {
        Ok(ended.description)
    } else {
        Err(Failure {
            error: "States.TaskFailed".into(),
            cause: ended.description.to_string(),
        })
    }
}

/// A name of the task that no other one has, and that it has again after a restart.
fn task(work: &Work) -> String {
    match work.execution {
        // A state that is tested is of no execution, and its task is never taken up again.
        0 => uuid::Uuid::new_v4().to_string(),
        _ => format!("{} {}", work.execution_arn, work.task.0),
    }
}

fn to_failure(name: &str, work: &Work, error: SdkError) -> Failure {
    match error {
        SdkError::NoOperation => Failure::unreachable(name, work.request.resource.arn()),
        SdkError::Parameters(fault) => Failure::parameters(work.request.arguments.text(), &fault),
        SdkError::Exception(refusal) => {
            let prefix = error_prefix(name);
            // The first SDK for Java calls it so.
            let service = format!("Amazon{prefix}");
            let message = refusal.message.as_deref().unwrap_or("null");
            if refusal.modeled {
                Failure::optimized(&prefix, &service, &refusal.code, refusal.status, message)
            } else {
                Failure::unmodeled(&prefix, &service, &refusal.code, refusal.status, message)
            }
        }
    }
}
