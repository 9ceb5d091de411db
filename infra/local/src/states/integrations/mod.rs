//! What Task states call.
//!
//! One file a service. A service that is not here fails the task as AWS reports one that its SDK can't reach, and the
//! cause names it.

mod lambda;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use asl::{EventKind, FailureStage, Pattern, Resource, TaskId, TaskRequest};
use futures::FutureExt;
use serde_json::Value;

use crate::lambda::Invoke;

/// Everything that tasks can reach.
pub(super) struct Integrations {
    lambda: lambda::Lambda,
}

/// A task's response, or what went wrong.
type Answer = Result<Value, Failure>;

/// Why a task failed.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    /// What `Retry` and `Catch` match.
    error: String,
    cause: String,
}

impl Integrations {
    pub(super) fn new(invoke: Arc<dyn Invoke>) -> Self {
        Integrations {
            lambda: lambda::Lambda::new(invoke),
        }
    }

    /// Does the work of a task, and says what came of it.
    pub(super) async fn perform(&self, task: TaskId, request: TaskRequest) -> EventKind {
        let waits = waits(&request.resource);
        let answer = AssertUnwindSafe(self.call(request)).catch_unwind().await;
        match answer.unwrap_or_else(|_| Err(Failure::panicked())) {
            Ok(output) if waits => EventKind::TaskSubmitted { task, output },
            Ok(output) => EventKind::TaskSucceeded { task, output },
            Err(failure) => EventKind::TaskFailed {
                task,
                stage: if waits {
                    FailureStage::Submit
                } else {
                    FailureStage::Run
                },
                error: Some(failure.error),
                cause: Some(failure.cause),
            },
        }
    }

    async fn call(&self, request: TaskRequest) -> Answer {
        let arguments = request.arguments;
        match &request.resource {
            Resource::Function { arn } => self.lambda.function(arn, arguments.text()).await,
            Resource::Activity { arn } => Err(Failure::no_activity(arn)),
            Resource::Service {
                arn,
                service,
                api,
                pattern,
            } => match (&**service, &**api, pattern) {
                ("lambda", "invoke", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
                    self.lambda.invoke(arguments.value()).await
                }
                _ => Err(Failure::unreachable(service, arn)),
            },
        }
    }
}

/// Whether the response is not yet the task's result.
fn waits(resource: &Resource) -> bool {
    matches!(
        resource,
        Resource::Service {
            pattern: Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken,
            ..
        }
    )
}

impl Failure {
    fn unreachable(service: &str, arn: &str) -> Self {
        Failure {
            error: format!("{}.SdkClientException", error_prefix(service)),
            cause: format!("Unable to execute HTTP request: the local stack can't do {arn}"),
        }
    }

    fn no_activity(arn: &str) -> Self {
        Failure {
            error: "ActivityDoesNotExist".into(),
            cause: format!("Activity Does Not Exist: '{arn}'"),
        }
    }

    fn panicked() -> Self {
        Failure {
            error: "States.Runtime".into(),
            cause: "The local stack failed while it ran this task; its log says more".into(),
        }
    }
}

/// How errors of a service begin, as Step Functions spells it.
fn error_prefix(service: &str) -> String {
    let name = service.strip_prefix("aws-sdk:").unwrap_or(service);
    match name {
        "apigateway" => "ApiGateway".into(),
        "dynamodb" => "DynamoDB".into(),
        "emr-serverless" => "EMRServerless".into(),
        "events" => "EventBridge".into(),
        "sagemaker" => "SageMaker".into(),
        "sfn" => "Sfn".into(),
        "sns" => "SNS".into(),
        "sqs" => "SQS".into(),
        "states" => "StepFunctions".into(),
        other => other
            .chars()
            .enumerate()
            .map(|(at, letter)| {
                if at == 0 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let failure = Failure::unreachable("sqs", "arn:aws:states:::sqs:sendMessage");
        assert_eq!(failure.error, "SQS.SdkClientException");
        assert_eq!(
            failure.cause,
            "Unable to execute HTTP request: the local stack can't do arn:aws:states:::sqs:sendMessage"
        );
    }

    #[test]
    fn errors_begin_with_the_service() {
        for (service, prefix) in [
            ("glue", "Glue"),
            ("aws-sdk:s3", "S3"),
            ("aws-sdk:sfn", "Sfn"),
            ("aws-sdk:dynamodb", "DynamoDB"),
            ("states", "StepFunctions"),
            ("", ""),
        ] {
            assert_eq!(error_prefix(service), prefix);
        }
    }
}
