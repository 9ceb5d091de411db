//! `Resource` and `Credentials` of a Task: what AWS refuses before anything runs.

use super::{Compiler, Fields};
use crate::machine::Workflow;
use crate::optimized::{self, Known};
use crate::{Pattern, Resource};

const NAME: &str = "Resource";

impl Compiler {
    /// The task's `Resource`, if it is one.
    pub(crate) fn resource(&mut self, fields: &mut Fields<'_>) -> Option<Resource> {
        fields.require(&[NAME], &mut self.diagnostics);
        let location = fields.location(NAME);
        let arn = fields.string(NAME, &mut self.diagnostics)?;
        let Some(resource) = Resource::parse(arn) else {
            let finding = if arn.starts_with("arn:") {
                self.diagnostics.error(&location, unrecognized(arn))
            } else {
                self.diagnostics
                    .error(&location, "Value is not a valid resource ARN")
            };
            finding.hint(
                "for example arn:aws:states:::lambda:invoke, or the ARN of a function or an activity",
            );
            return None;
        };
        self.check_known(&resource, &location);
        if self.workflow == Workflow::Express {
            self.check_express(&resource, &location);
        }
        Some(resource)
    }

    fn check_known(&mut self, resource: &Resource, location: &str) {
        let Resource::Service {
            arn,
            service,
            api,
            pattern,
        } = resource
        else {
            return;
        };
        match optimized::known(service, api, *pattern) {
            Known::Yes => {}
            Known::No => {
                self.diagnostics.error(location, unrecognized(arn));
            }
            Known::Unheard => {
                let message = format!("No service integration is known by the name '{service}'");
                self.diagnostics
                    .warning("UNKNOWN_RESOURCE", location, message)
                    .hint(format!(
                        "through the AWS SDK it would be aws-sdk:{service}:{api}"
                    ));
            }
        }
    }

    fn check_express(&mut self, resource: &Resource, location: &str) {
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
        self.diagnostics.error(location, message);
    }

    pub(crate) fn check_credentials(&mut self, fields: &Fields<'_>, resource: &Resource) {
        let Some(credentials) = fields.peek("Credentials") else {
            return;
        };
        let location = fields.location("Credentials");
        if matches!(resource, Resource::Activity { .. }) {
            let message = "The field 'Credentials' is not supported for activities";
            self.diagnostics.error(&location, message);
        }
        let named = |name| credentials.get(name).is_some();
        if credentials.is_object() && !named("RoleArn") && !named("RoleArn.$") {
            let message = "The field 'RoleArn' is required but was missing";
            self.diagnostics.error(&location, message);
        }
    }
}

fn unrecognized(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
    )
}
