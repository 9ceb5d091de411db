//! The fields of a Task state.

use std::sync::Arc;

use super::NumberField;
use crate::template::Template;
use crate::{Pattern, Resource, TaskKind};

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    /// The kind that history events name.
    pub(crate) kind: TaskKind,
    /// The function's or activity's ARN, or the service's name: what messages call the task.
    pub(crate) name: Arc<str>,
    pub(crate) timeout: Option<NumberField>,
    pub(crate) heartbeat: Option<NumberField>,
    pub(crate) credentials: Option<Template>,
}

impl Task {
    pub(crate) fn new(
        resource: Resource,
        timeout: Option<NumberField>,
        heartbeat: Option<NumberField>,
        credentials: Option<Template>,
    ) -> Task {
        let (kind, name) = kind_and_name(&resource);
        Task {
            resource,
            kind,
            name,
            timeout,
            heartbeat,
            credentials,
        }
    }

    /// Returns true if the task ends by a token.
    pub(crate) fn waits_for_token(&self) -> bool {
        match &self.resource {
            Resource::Function { .. } => false,
            Resource::Activity { .. } => true,
            Resource::Service { pattern, .. } => *pattern == Pattern::WaitForTaskToken,
        }
    }
}

fn kind_and_name(resource: &Resource) -> (TaskKind, Arc<str>) {
    match resource {
        Resource::Function { arn } => (TaskKind::Lambda, arn.as_str().into()),
        Resource::Activity { arn } => (TaskKind::Activity, arn.as_str().into()),
        Resource::Service {
            service,
            api,
            pattern,
            ..
        } => {
            let resource = format!("{api}{}", pattern.suffix()).into();
            let resource_type: Arc<str> = service.as_str().into();
            let kind = TaskKind::Service {
                resource,
                resource_type: resource_type.clone(),
            };
            (kind, resource_type)
        }
    }
}
