//! The resource that a Task state names.

use serde::{Deserialize, Serialize};

/// The work that a Task state asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    /// A Lambda function by its own ARN: the task's input is the payload, its result the output.
    Function {
        /// `arn:aws:lambda:us-east-1:123456789012:function:NAME`, with a version or alias perhaps.
        arn: String,
    },
    /// An activity: a worker polls for the task.
    Activity {
        /// `arn:aws:states:us-east-1:123456789012:activity:NAME`
        arn: String,
    },
    /// A service integration: `arn:aws:states:::lambda:invoke.waitForTaskToken`,
    /// `arn:aws:states:::aws-sdk:s3:getObject`.
    Service {
        /// The whole ARN.
        arn: String,
        /// `lambda`, `states`, `aws-sdk:s3`: what histories call the resource type.
        service: String,
        /// `invoke`, `startExecution`, `getObject`: without the pattern.
        api: String,
        /// The pattern: what the state waits for.
        pattern: Pattern,
    },
}

/// The pattern of a service integration: what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// The API's response.
    RequestResponse,
    /// The job's end (`.sync`).
    Sync,
    /// The job's end, with its output as JSON instead of text (`.sync:2`).
    Sync2,
    /// `SendTaskSuccess` or `SendTaskFailure` with the task's token (`.waitForTaskToken`).
    WaitForTaskToken,
}

impl Pattern {
    const ALL: [Pattern; 4] = [
        Pattern::Sync2,
        Pattern::Sync,
        Pattern::WaitForTaskToken,
        Pattern::RequestResponse,
    ];

    /// Returns the suffix of an API's name in an ARN.
    pub fn suffix(self) -> &'static str {
        match self {
            Pattern::RequestResponse => "",
            Pattern::Sync => ".sync",
            Pattern::Sync2 => ".sync:2",
            Pattern::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

impl Resource {
    /// Reads the ARN of a `Resource` field.
    pub fn parse(arn: &str) -> Option<Resource> {
        let mut parts = arn.splitn(6, ':');
        let (scheme, _partition) = (parts.next()?, parts.next()?);
        let (service, region, account, rest) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let arn = arn.to_owned();
        match (scheme, service) {
            ("arn", "lambda") if rest.starts_with("function:") => Some(Resource::Function { arn }),
            ("arn", "states") if rest.starts_with("activity:") => Some(Resource::Activity { arn }),
            ("arn", "states") if region.is_empty() && account.is_empty() => integration(arn, rest),
            _ => None,
        }
    }

    /// The ARN it was read from.
    pub fn arn(&self) -> &str {
        match self {
            Resource::Function { arn }
            | Resource::Activity { arn }
            | Resource::Service { arn, .. } => arn,
        }
    }
}

/// `lambda:invoke.waitForTaskToken`, `aws-sdk:s3:getObject`
fn integration(arn: String, rest: &str) -> Option<Resource> {
    let service_parts = if rest.starts_with("aws-sdk:") { 2 } else { 1 };
    let split = rest.match_indices(':').nth(service_parts - 1)?.0;
    let (service, call) = (&rest[..split], &rest[split + 1..]);
    let pattern = Pattern::ALL
        .into_iter()
        .find(|pattern| call.ends_with(pattern.suffix()))?;
    let api = call.strip_suffix(pattern.suffix())?;
    let named = !service.is_empty() && !api.is_empty() && !api.contains([':', '.']);
    named.then(|| Resource::Service {
        arn,
        service: service.to_owned(),
        api: api.to_owned(),
        pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Resource};

    fn check(arn: &str, expect: Option<(&str, &str, Pattern)>) {
        let found = match Resource::parse(arn) {
            Some(Resource::Service {
                service,
                api,
                pattern,
                ..
            }) => Some((service, api, pattern)),
            _ => None,
        };
        let found = found
            .as_ref()
            .map(|(service, api, pattern)| (&**service, &**api, *pattern));
        assert_eq!(found, expect, "{arn}");
    }

    #[test]
    fn service_integrations_have_service_api_and_pattern() {
        use Pattern::*;
        check(
            "arn:aws:states:::lambda:invoke",
            Some(("lambda", "invoke", RequestResponse)),
        );
        check(
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            Some(("sqs", "sendMessage", WaitForTaskToken)),
        );
        check(
            "arn:aws:states:::sagemaker:createTrainingJob.sync",
            Some(("sagemaker", "createTrainingJob", Sync)),
        );
        check(
            "arn:aws:states:::states:startExecution.sync:2",
            Some(("states", "startExecution", Sync2)),
        );
        check(
            "arn:aws:states:::aws-sdk:s3:getObject",
            Some(("aws-sdk:s3", "getObject", RequestResponse)),
        );
        check(
            "arn:aws-cn:states:::lambda:invoke",
            Some(("lambda", "invoke", RequestResponse)),
        );
    }

    #[test]
    fn what_is_no_integration_is_none() {
        check("arn:aws:states:::lambda", None);
        check("arn:aws:states:::aws-sdk:s3", None);
        check("arn:aws:states:::lambda:", None);
        check("arn:aws:states:::lambda:invoke.sink", None);
        check("arn:aws:s3:::bucket", None);
        check("invoke", None);
        check("", None);
    }

    #[test]
    fn functions_and_activities_keep_their_arn() {
        let function = "arn:aws:lambda:us-east-1:123456789012:function:f:PROD";
        assert_eq!(
            Resource::parse(function),
            Some(Resource::Function {
                arn: function.into()
            })
        );
        let activity = "arn:aws:states:us-east-1:123456789012:activity:a";
        assert_eq!(
            Resource::parse(activity),
            Some(Resource::Activity {
                arn: activity.into()
            })
        );
        assert_eq!(Resource::parse(activity).unwrap().arn(), activity);
    }
}
