//! Checks `Resource` and `Credentials` of a Task, as AWS does before anything runs.

use super::Compiler;
use super::fields::Fields;
use crate::machine::WorkflowType;
use crate::optimized::{self, Support};
use crate::{Pattern, Resource};

const NAME: &str = "Resource";

impl Compiler<'_> {
    /// Reads a task's `Resource`, if it is valid.
    pub(super) fn resource(&self, fields: &mut Fields<'_>) -> Option<Resource> {
        fields.require(&[NAME]);
        let arn = fields.string(NAME)?;
        let Some(resource) = Resource::parse(arn) else {
            let message = if arn.starts_with("arn:") {
                unrecognized(arn)
            } else {
                "Value is not a valid resource ARN".to_owned()
            };
            fields.error_in(NAME, message).hint(
                "for example arn:aws:states:::lambda:invoke, or the ARN of a function or an \
                 activity",
            );
            return None;
        };
        check_integration(&resource, fields);
        if self.workflow == WorkflowType::Express {
            check_express(&resource, fields);
        }
        Some(resource)
    }
}

fn check_integration(resource: &Resource, fields: &Fields<'_>) {
    let Resource::Service {
        arn,
        service,
        api,
        pattern,
    } = resource
    else {
        return;
    };
    match optimized::support(service, api, *pattern) {
        Support::Supported => {}
        Support::Unsupported => {
            fields.error_in(NAME, unrecognized(arn));
        }
        Support::UnknownService => {
            let message = format!("No service integration is known by the name '{service}'");
            let hint = format!("through the AWS SDK it would be aws-sdk:{service}:{api}");
            fields
                .cursor()
                .warning_in(NAME, "UNKNOWN_RESOURCE", message)
                .hint(hint);
        }
    }
}

fn check_express(resource: &Resource, fields: &Fields<'_>) {
    let unsupported = match resource {
        Resource::Function { .. } => return,
        Resource::Activity { .. } => "Activity ARN",
        Resource::Service { pattern, .. } => match pattern {
            Pattern::RequestResponse => return,
            Pattern::Sync | Pattern::Sync2 => "'.sync' service integration",
            // The space at the end is AWS's.
            Pattern::WaitForTaskToken => "'.waitForTaskToken' service integration ",
        },
    };
    let message = format!("Express state machine does not support {unsupported}");
    fields.error_in(NAME, message);
}

pub(super) fn check_credentials(fields: &Fields<'_>, resource: &Resource) {
    let Some(credentials) = fields.peek("Credentials") else {
        return;
    };
    if matches!(resource, Resource::Activity { .. }) {
        let message = "The field 'Credentials' is not supported for activities";
        fields.error_in("Credentials", message);
    }
    let named = |name| credentials.get(name).is_some();
    if credentials.is_object() && !named("RoleArn") && !named("RoleArn.$") {
        let message = "The field 'RoleArn' is required but was missing";
        fields.error_in("Credentials", message);
    }
}

fn unrecognized(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or \
         the resource is not available in this region."
    )
}
